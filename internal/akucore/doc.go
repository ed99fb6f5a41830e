// Package akucore holds the rules by which Altibase servers in the pods of one
// StatefulSet join, leave and watch each other's replication.
//
// A View is what is true now on the own server and every reachable peer. PlanStart, PlanEnd
// and the others are pure functions from a View to a Plan: stages of steps, where the steps
// of one stage run at the same time. Package lifecycle observes, runs the plans, and
// observes again after any failure, so a crash between any two statements is healed by
// starting over; nothing is remembered but what the servers hold.
//
// A step that destroys something (TRUNCATE, RESET, DROP) names the Guard that must hold. It
// is checked on the server right before the statement.
//
// The package knows no SQL text, no ODBC, no Kubernetes and no clock, and does nothing.
//
// Read testdata first: each file is one situation, with the View, the plan and the reason.
// Then each question has one file:
//
//	plan_start.go      a pod starts: which of the plans below
//	plan_join.go       a slave joins: the full join
//	plan_restart.go    a pod with a complete copy starts again
//	plan_change.go     the list of tables changed
//	plan_hand_over.go  a copy does not count any more
//	plan_recover.go    the master lost its rows
//	plan_end.go        a pod ends
//	plan_sweep.go      a pod was removed without leaving in order
//	plan_clean.go      somebody wants all replication gone
//
// Words: pod number is the StatefulSet ordinal; the master pod is pod 0, any
// other is a slave pod; pair (i,j) is the replication object between pods i < j,
// present on both under one name; XSN is the restart log sequence number of a
// sender, Unset when it was never started or was reset; a pod is in service when
// it is joined and ADMIN_MODE is 0, so that users are let in.
package akucore
