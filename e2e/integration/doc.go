// Package integration runs the sidecar and the hook, in this process and over
// ODBC, against altisim servers on loopback, with users that write meanwhile.
package integration
