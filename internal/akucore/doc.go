// Package akucore holds the rules by which Altibase servers in the pods of one
// StatefulSet join, leave and watch each other's replication.
//
// A View is the observed state of the pod's own server and every reachable peer. PlanStart,
// PlanEnd and the others are pure functions from a View to a Plan. A plan is a list of stages;
// the steps of one stage run at the same time. Package lifecycle observes, runs the plans, and
// observes again after any failure. All state is on the servers, so starting over repairs a
// crash between any two statements.
//
// A step that destroys something (TRUNCATE, RESET, DROP) names the Guard that must hold. The
// runner checks the guard on the server right before the statement.
//
// The package has no SQL text, no ODBC, no Kubernetes, no clock and no side effects.
//
// Read testdata first: each file is one situation, with the View, the plan and the reason.
// Each question has one file:
//
//	plan_start.go      a pod starts: which of the plans below
//	plan_join.go       a slave joins: the full join
//	plan_restart.go    a pod with a complete copy starts again
//	plan_change.go     the list of tables changed
//	plan_hand_over.go  a copy is no longer valid
//	plan_recover.go    the master lost its rows
//	plan_end.go        a pod ends
//	plan_sweep.go      a pod was removed without leaving in order
//	plan_clean.go      a person wants to remove all replication
//
// Words: pod number is the StatefulSet ordinal; the master pod is pod 0, any
// other is a slave pod; pair (i,j) is the replication object between pods i < j,
// present on both under one name; XSN is the restart log sequence number of a
// sender, Unset when it was never started or was reset; a pod is in service when
// it is joined and ADMIN_MODE is 0, so that users are let in.
package akucore
