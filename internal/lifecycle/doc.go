// Package lifecycle carries the rules of package akucore out, over the life of a pod: it
// brings the pod into service (Starter), keeps watch (Watcher) and takes it out (Ender).
//
// Each of them observes, plans and runs. Observe reads the servers into a View, package
// akucore makes a Plan of it, and a Runner runs the steps, each behind its guard. Any failure
// leads back to observing.
//
// The package sees servers through the Server interface. It knows no SQL text, no ODBC and
// no Kubernetes.
package lifecycle
