// Package conformance states, case by case, how a server behaves, and runs
// those cases over ODBC against any three servers: against altisim in the tests
// of this repository, against a vendor's servers when it is told where they are.
// The cases are text files in the folder cases; the README describes their form.
package conformance
