// Package engine holds the rules of a replicating server, without sockets and SQL text: the life of
// replication objects, what each statement does in each state, SN arithmetic, acknowledgements, conflict
// rules, and who may log in.
//
// It accesses rows and log through [Store] and other servers through [Network], and waits only through
// [Clock] and timers of package time. So the same rules run behind real sockets in altisim, and in one
// process under virtual time.
package engine
