// Package integration runs the sidecar and the hook in this process, over ODBC against altisim servers on
// loopback, while users write.
package integration
