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
// A changed list of tables takes effect when a slave starts: it copies what is new and
// takes out what is gone, the highest slave first, as soon as all joined slaves are in
// service; until then it goes on with the list that it has (planChange). Two slaves
// share what both share with the master, so a mesh with two lists loses nothing; the
// master changes nothing by itself. Objects that are reset and differ are dropped and
// made anew by the join. A side that leads to another host than the pod has is corrected
// by that pod when it starts. Objects that the configuration does not know are named at
// every start.
//
// Words: pod number is the StatefulSet ordinal; the master pod is pod 0, any
// other is a slave pod; pair (i,j) is the replication object between pods i < j,
// present on both under one name; XSN is the restart log sequence number of a
// sender, Unset when it was never started or was reset; a pod is in service when
// it is joined and ADMIN_MODE is 0, so that users are let in.
package akucore
