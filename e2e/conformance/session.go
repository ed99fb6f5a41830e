package conformance

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/alexbrainman/odbc" // also registers the driver

	"aku/internal/unicode"
)

// Odbc says how to reach servers through one ODBC driver.
type Odbc struct {
	Driver   string
	Quote    string // quotes around a password: double or braces
	Sysdba   string // makes a login a SYSDBA one
	Extra    string // further settings
	Password string // of SYS
}

const section = "CONFORMANCE"

// WriteIni writes an odbc.ini with one section that names the driver, and makes this process use it.
func (o Odbc) WriteIni(dir string) error {
	file := filepath.Join(dir, "odbc.ini")
	return errors.Join(
		os.WriteFile(file, []byte("["+section+"]\nDriver="+o.Driver+"\n"), 0o640),
		os.Setenv("ODBCINI", file), os.Setenv("ODBCSYSINI", dir), unicode.Use(dir),
	)
}

// A Login says who logs in.
type Login struct {
	User, Password string
	Sysdba         bool
}

func (o Odbc) dsn(host string, port int, l Login) string {
	password := "{" + strings.ReplaceAll(l.Password, "}", "}}") + "}"
	if o.Quote == "double" {
		password = `"` + l.Password + `"`
	}
	dsn := fmt.Sprintf("DSN=%s;Server=%s;PORT=%d;UID=%s;PWD=%s", section, host, port, l.User, password)
	if o.Extra != "" {
		dsn += ";" + o.Extra
	}
	if l.Sysdba {
		dsn += ";" + o.Sysdba
	}
	return dsn
}

// An Outcome is the outcome of a statement or a login.
type Outcome struct {
	Err     error
	Code    int    // the server's error number, 0 when there is none
	Word    string // Cut, Refused, Cancelled
	Columns []string
	Types   []string // of the first row's values
	Rows    []string // values joined by |
	Took    time.Duration
}

// ErrRefused means that nobody listens, for a Conn of a target's own.
var ErrRefused = errors.New("connection refused")

// Failure is the outcome of an error.
func Failure(err error) Outcome {
	o := Outcome{Err: err}
	var diag *odbc.Error
	switch {
	case errors.Is(err, ErrRefused):
		o.Word = Refused
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		o.Word = Cancelled
	case errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone):
		o.Word = Cut
	case numberInText.MatchString(err.Error()):
		n, _ := strconv.ParseInt(numberInText.FindStringSubmatch(err.Error())[1], 16, 32)
		o.Code = int(n)
	case errors.As(err, &diag) && len(diag.Diag) > 0:
		if o.Code = diag.Diag[0].NativeError; o.Code < 0x1000 {
			o.Code = 0 // not a number of the server
		}
		if diag.Diag[0].State == "08001" {
			o.Word = Refused
		}
		if diag.Diag[0].State == "08S01" {
			o.Word = Cut
		}
	}
	if o.Code == 0x91015 {
		o.Word = Cut
	}
	return o
}

// numberInText finds the server's error number in the text, where the driver cannot carry it.
var numberInText = regexp.MustCompile(`\[ERR-([0-9A-F]{5}) : `)

func (o Outcome) kind() string {
	switch {
	case o.Word != "":
		return o.Word
	case o.Code != 0:
		return fmt.Sprintf("ERR-%05X", o.Code)
	}
	return "an error without a number"
}

// A Conn is a connection to a server. It runs one statement at a time.
type Conn interface {
	Run(ctx context.Context, statement string) Outcome
	// Transaction runs the verb begin, commit or rollback.
	Transaction(verb string) error
	Close()
}

// A session is a connection and its statement in the background.
type session struct {
	Conn

	cancel  context.CancelFunc
	running chan Outcome  // of a statement in the background that nobody has awaited yet
	enough  chan struct{} // when closed, the repeated statement does not run again
	took    time.Duration // the last statement that was awaited
}

// odbcConn is a connection through an ODBC driver.
type odbcConn struct {
	db   *sql.DB
	conn *sql.Conn
	tx   *sql.Tx // open, or nil
}

func open(dsn string) (*odbcConn, error) {
	db, err := sql.Open("odbc", dsn)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &odbcConn{db: db, conn: conn}, nil
}

// close ends the statement in the background, and then the session.
func (s *session) close() {
	if s.running != nil {
		s.cancel()
		<-s.running
	}
	s.Close()
}

// Close implements Conn.
func (c *odbcConn) Close() {
	if c.tx != nil {
		_ = c.tx.Rollback()
	}
	_ = c.conn.Close()
	_ = c.db.Close()
}

// Transaction implements Conn. Statements belong to the open transaction.
func (c *odbcConn) Transaction(verb string) (err error) {
	switch {
	case verb == "begin" && c.tx == nil:
		c.tx, err = c.conn.BeginTx(context.Background(), nil)
		return err
	case verb == "begin":
		return errors.New("a transaction is open in this session")
	case c.tx == nil:
		return errors.New("no transaction is open in this session")
	}
	tx := c.tx
	c.tx = nil
	if verb == "commit" {
		return tx.Commit()
	}
	return tx.Rollback()
}

// noResult is the Go driver's error for a statement that succeeded without a result. Only a query can be
// cancelled, so every statement runs as one.
const noResult = "Stmt did not create a result set"

// Run implements Conn.
func (c *odbcConn) Run(ctx context.Context, statement string) Outcome {
	query := c.conn.QueryContext
	if c.tx != nil {
		query = c.tx.QueryContext // database/sql would never discard a broken connection under an open transaction
	}
	rows, err := query(ctx, statement)
	if err != nil {
		if err.Error() == noResult {
			return Outcome{}
		}
		return Failure(err)
	}
	defer rows.Close()
	o := Outcome{}
	if o.Columns, err = rows.Columns(); err != nil {
		return Failure(err)
	}
	for rows.Next() {
		values, into := make([]any, len(o.Columns)), make([]any, len(o.Columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return Failure(err)
		}
		var cells []string
		for _, v := range values {
			if len(o.Rows) == 0 {
				o.Types = append(o.Types, fmt.Sprintf("%T", v))
			}
			cells = append(cells, text(v))
		}
		o.Rows = append(o.Rows, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		return Failure(err)
	}
	return o
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// start runs a statement in the background.
func (s *session) start(statement string) {
	s.behind(func(ctx context.Context) Outcome { return s.Run(ctx, statement) })
}

// repeat runs a statement in the background until it fails or enough is closed.
func (s *session) repeat(statement string) {
	enough := make(chan struct{})
	s.enough = enough
	s.behind(func(ctx context.Context) Outcome {
		for {
			if o := s.Run(ctx, statement); o.Err != nil || ctx.Err() != nil {
				return o
			}
			select {
			case <-enough:
				return Outcome{}
			default:
			}
		}
	})
}

// behind runs do on the session in the background.
func (s *session) behind(do func(context.Context) Outcome) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan Outcome, 1)
	s.cancel, s.running = cancel, done
	begin := time.Now()
	go func() {
		o := do(ctx)
		o.Took = time.Since(begin)
		done <- o
	}()
}
