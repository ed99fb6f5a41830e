// Package simulation runs the real rules of akucore against a model of servers, pods and a StatefulSet, under
// virtual time, and finds lost rows.
//
// A schedule is made from a seed. Pods are scaled, killed, cut off and restarted, and lose their volumes or
// get earlier copies of them. This happens at any moment, also between any two statements, while users write
// on every open pod. Then everything heals, and the invariants are checked: every acknowledged row is on
// every open pod, nobody was let in before its copy was complete, nothing was destroyed while its
// precondition was false, and nobody waits for ever.
//
// The model keeps the real server's rules as far as akucore can meet them, and is no kinder than the server.
// server.go has the life of a server, replicate.go what is sent and what is skipped, receiver.go what is
// applied and what is given up, locks.go who waits for a table, transactions.go those that stay open,
// statements.go, sync.go, stop.go and flush.go what each statement does in each state, send.go the way of a
// statement from its program to the server. oracle.go and may_reset.go have what must never happen. The cases
// of e2e/conformance compare the model with real servers, as they do for altisim (conformance_test.go).
//
// The model is deterministic: waits of a few nanoseconds that depend only on the seed put simultaneous events
// in order. So a seed reproduces its run.
package simulation
