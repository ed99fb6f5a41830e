package altibase

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// fake is a server and the driver that leads to it, as far as sessions go. Each test says
// what takes time and what is answered.
type fake struct {
	// login is called before a session is there, with its connection string.
	login func(dsn string) error
	// answer is called for each statement; rows without columns are a statement that is no query.
	answer func(statement string) ([][]driver.Value, error)
	// hangup is called before a session ends; nil for nobody.
	hangup func()

	mu     sync.Mutex
	open   int
	logins int64
	sysdba bool // the one SYSDBA session is taken
	said   []string
}

// servers are those of pod 0, with the fake behind each of them.
func (f *fake) servers(t *testing.T) *Cluster {
	t.Helper()
	// Nobody accepts: the kernel does, and that the port answers is all that is wanted.
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	return NewCluster(Config{
		Self: 0, Pods: 2, Port: port.Addr().(*net.TCPAddr).Port,
		Address:  func(int) string { return "127.0.0.1" },
		Password: func() (string, error) { return "manager", nil },
		Driver:   Driver{SYSDBA: "PRIVILEGE=SYSDBA", Quote: QuoteDouble},
		database: func(dsn string) (*sql.DB, error) { return sql.OpenDB(connector{f, dsn}), nil },
	})
}

// sessions are how many are open.
func (f *fake) sessions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// statements are those that were run and have these words.
func (f *fake) statements(words string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []string
	for _, s := range f.said {
		if strings.Contains(s, words) {
			found = append(found, s)
		}
	}
	return found
}

type connector struct {
	to  *fake
	dsn string
}

func (c connector) Driver() driver.Driver { return nil }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	if c.to.login != nil {
		if err := c.to.login(c.dsn); err != nil {
			return nil, err
		}
	}
	sysdba := strings.Contains(c.dsn, "SYSDBA")
	c.to.mu.Lock()
	defer c.to.mu.Unlock()
	if sysdba && c.to.sysdba {
		return nil, said("HY000", 266305, "Another SYSDBA session is already running.")
	}
	c.to.sysdba = c.to.sysdba || sysdba
	c.to.open++
	c.to.logins++
	return &fakeConn{to: c.to, id: c.to.logins, sysdba: sysdba}, nil
}

type fakeConn struct {
	to     *fake
	id     int64
	sysdba bool
}

var _ driver.QueryerContext = (*fakeConn)(nil)

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (c *fakeConn) Begin() (driver.Tx, error)           { return fakeTx{c}, c.do("BEGIN") }

// do is a call of the driver that answers like a statement.
func (c *fakeConn) do(what string) error {
	if _, err := c.QueryContext(context.Background(), what, nil); err.Error() != noResultSet {
		return err
	}
	return nil
}

type fakeTx struct{ conn *fakeConn }

func (t fakeTx) Commit() error   { return t.conn.do("COMMIT") }
func (t fakeTx) Rollback() error { return t.conn.do("ROLLBACK") }

func (c *fakeConn) Close() error {
	if c.to.hangup != nil {
		c.to.hangup()
	}
	c.to.mu.Lock()
	defer c.to.mu.Unlock()
	c.to.open--
	if c.sysdba {
		c.to.sysdba = false
	}
	return nil
}

func (c *fakeConn) QueryContext(_ context.Context, statement string, _ []driver.NamedValue) (driver.Rows, error) {
	c.to.mu.Lock()
	c.to.said = append(c.to.said, statement)
	c.to.mu.Unlock()
	if strings.HasSuffix(statement, "ID = SESSION_ID()") {
		return &fakeRows{rows: [][]driver.Value{{c.id}}}, nil
	}
	var rows [][]driver.Value
	var err error
	if c.to.answer != nil {
		rows, err = c.to.answer(statement)
	}
	switch {
	case err != nil:
		return nil, err
	case !strings.HasPrefix(statement, "SELECT"):
		return nil, errors.New(noResultSet)
	}
	return &fakeRows{rows: rows}, nil
}

type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.rows) == 0 {
		return []string{"C"}
	}
	return slices.Repeat([]string{"C"}, len(r.rows[0]))
}

func (r *fakeRows) Close() error { return nil }

func (r *fakeRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(into, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

// closedToUsers refuses plain sessions as ADMIN_MODE 1 does.
func closedToUsers(dsn string) error {
	if strings.Contains(dsn, "SYSDBA") {
		return nil
	}
	return said("HY000", 266350, "If ADMIN_MODE is activated, only …")
}

// own is the server of the pod.
func own(c *Cluster) *Server { return c.Server(0).(*Server) }

// inBubble runs a case under virtual time: no limit is reached while anything works.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}
