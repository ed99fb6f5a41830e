// Package conformance states, case by case, how a server behaves, and runs the cases over ODBC against any
// three servers: altisim in the tests of this repository, or a vendor's servers. The cases are text files in
// the folder cases; the README describes their form.
package conformance
