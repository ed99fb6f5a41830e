// Package altibase is one Altibase server as the rules of akucore see it, over
// database/sql, unixODBC and whatever ODBC driver the configuration names.
//
// What the driver and the server make necessary:
//
//   - Opening a connection takes no context and can hang, so the name is looked
//     up and the port dialled first, both bounded, and the driver gets an address.
//   - A failed connect can be reported as success, so each session begins with a
//     query: whose database it is.
//   - ExecContext ignores its context; QueryContext cancels, for ALTER too. So
//     every statement goes through QueryContext. Its complaint that a statement
//     made no result set means that the statement was done.
//   - A broken connection makes database/sql repeat a statement elsewhere, so each
//     task holds one *sql.Conn.
//   - A call into the driver that does not come back even after a cancel is left
//     behind together with its session; a server on which several hang is not
//     asked again before one of them returns.
package altibase
