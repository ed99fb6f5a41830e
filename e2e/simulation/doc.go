// Package simulation runs the real rules of akucore against a model of servers,
// pods and a StatefulSet, under virtual time, and looks for lost rows.
//
// A schedule is made from a seed: pods are scaled, killed, cut off, restarted and
// robbed of their volumes, or get them back as they were earlier, at any moment, also between any two statements, while
// users write on every open pod. Then everything heals, and the invariants are
// checked: every acknowledged row is on every open pod, nobody was let in before
// its copy was complete, nothing was destroyed while its precondition was false,
// nobody waits for ever.
//
// The model keeps the real server's rules, as far as the rules of akucore can
// meet them, and is no kinder: see server.go for the life of a server, replicate.go for
// what is sent and what is skipped, receiver.go for what is applied and what is given up,
// locks.go for who waits for a table, transactions.go for those that stay open,
// statements.go for what each statement does in which state. That they are the real server's
// is held by the cases of e2e/conformance, which altisim and real servers are held to
// as well (conformance_test.go). The model is deterministic: all
// that happens at the same time is put in order by waits of a few nanoseconds that depend
// on the seed alone, so a seed is its own record.
package simulation
