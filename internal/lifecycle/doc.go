// Package lifecycle carries out the rules of package akucore over the life of a pod. It
// brings the pod into service (Starter), keeps watch (Watcher) and takes it out (Ender).
//
// Each of them observes, plans and runs: Observe reads the servers into a View, package
// akucore makes a Plan from it, and a Runner runs the steps, each after a check of its guard.
// Any failure leads back to observing.
//
// The package uses servers through the Server interface. It has no SQL text, no ODBC and
// no Kubernetes.
package lifecycle
