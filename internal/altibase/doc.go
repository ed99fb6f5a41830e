// Package altibase implements the servers of package lifecycle for Altibase, over
// database/sql, unixODBC and the ODBC driver of the configuration.
//
// The driver and the server need these precautions:
//
//   - Opening a connection takes no context and can hang. So the package first looks up
//     the name and dials the port, both with a limit, and gives the driver an address.
//   - The driver can report a failed connect as success. So each session begins with a
//     query: whose database it is.
//   - ExecContext ignores its context; QueryContext cancels, also an ALTER. So every
//     statement goes through QueryContext. Its error that a statement returned no result
//     set means that the statement succeeded.
//   - After a broken connection, database/sql repeats a statement on another one. So each
//     task holds one *sql.Conn.
//   - A call into the driver can hang even after a cancel. The package abandons it with its
//     session. When several calls hang on one server, it does not ask that server again
//     before one of them returns.
package altibase
