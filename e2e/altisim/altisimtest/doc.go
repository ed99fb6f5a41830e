// Package altisimtest runs altisim servers for tests. It builds the binary once in a test process, starts
// servers with the same ports on addresses of their own (127.x.y.1, 127.x.y.2, …), and talks to them through
// unixODBC and the PostgreSQL driver, as aku does.
package altisimtest
