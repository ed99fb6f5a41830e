package altibase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"aku/internal/akucore"
	"aku/internal/unicode"
)

// The limits of a connection:
const (
	// lookupTimeout bounds the look-up of a name, dialTimeout the TCP connect, and
	// LoginTimeout the login after it. The vendor's driver gets it, too, and gives up by
	// itself (LOGIN_TIMEOUT in AKU_ODBC_EXTRA). Together they stay below the time that a
	// peer has to answer when it is observed.
	lookupTimeout = 3 * time.Second
	dialTimeout   = 2 * time.Second
	LoginTimeout  = 4 * time.Second

	user    = "SYS"
	section = "AKU" // of the generated odbc.ini
)

// Loopback is the address of the pod's own server. The server listens there on IPv4, IPv6 or
// both, as its NET_CONN_IP_STACK says.
const Loopback = "localhost"

// loopbacks are the addresses of Loopback, whatever a file or a name service says.
var loopbacks = []string{"127.0.0.1", "::1"}

// Config says how to reach the servers.
type Config struct {
	Self    int
	Pods    int                  // largest number of pods
	Address func(pod int) string // host name or address of a pod, or Loopback
	Port    int
	// Password is called at every connection, so a changed Secret takes effect.
	Password func() (string, error)
	// QueryTimeout is the QUERY_TIMEOUT of each session, 0 for none.
	QueryTimeout time.Duration
	// CopyTimeout is the limit of a SYNC; 0: it may take as long as it moves.
	CopyTimeout time.Duration
	Driver      Driver

	database func(dsn string) (*sql.DB, error) // nil for unixODBC; tests have their own
}

// Driver says how to use the ODBC driver.
type Driver struct {
	File   string // shared library
	SYSDBA string // attribute that asks for a SYSDBA session
	Extra  string // more attributes
	Quote  Quote
}

// Quote is how a driver takes a value with special characters.
type Quote string

// The quotings: Altibase's driver takes PWD="a;b", the ODBC standard PWD={a;b}.
const (
	QuoteDouble Quote = "double"
	QuoteBraces Quote = "braces"
)

// WriteODBCIni writes the odbc.ini with the one section that every connection
// uses, and points unixODBC at it. The section names only the driver: Altibase's
// driver answers a key that it does not know with a warning that hides the real cause.
// dir is an absolute path, and stays in use.
func WriteODBCIni(dir string, d Driver) error {
	if _, err := os.Stat(d.File); err != nil {
		return fmt.Errorf("ODBC driver (AKU_ODBC_DRIVER): %w", err)
	}
	ini := filepath.Join(dir, "odbc.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, "[%s]\nDriver=%s\n", section, d.File), 0o600); err != nil {
		return err
	}
	return errors.Join(os.Setenv("ODBCINI", ini), os.Setenv("ODBCSYSINI", dir), unicode.Use(dir))
}

// ConnectionString is the string for SQLDriverConnect. It fails on a password that the driver
// cannot take.
func (d Driver) ConnectionString(address string, port int, password string, sysdba bool) (string, error) {
	quoted, err := d.Quote.quote(password)
	if err != nil {
		return "", err
	}
	if d.Quote == QuoteDouble && strings.Contains(address, ":") {
		address = "[" + address + "]" // Altibase's driver wants IPv6 so
	}
	parts := []string{"DSN=" + section, "Server=" + address, "PORT=" + strconv.Itoa(port), "UID=" + user, "PWD=" + quoted}
	if d.Extra != "" {
		parts = append(parts, d.Extra)
	}
	if sysdba && d.SYSDBA != "" {
		parts = append(parts, d.SYSDBA)
	}
	return strings.Join(parts, ";"), nil
}

// quote leaves plain values alone, because not every driver version takes quotes.
func (q Quote) quote(value string) (string, error) {
	if !strings.ContainsAny(value, `;{}=[]()?*!@,"' `) {
		return value, nil
	}
	if q == QuoteBraces {
		return "{" + strings.ReplaceAll(value, "}", "}}") + "}", nil
	}
	if strings.Contains(value, `"`) {
		return "", fmt.Errorf("%w: the ODBC driver takes no password with a double quote in it", akucore.ErrFatal)
	}
	return `"` + value + `"`, nil
}

// dial opens a session to the server of the pod, and refuses any other server.
func (s *Server) dial(ctx context.Context, password string, sysdba bool) (*session, error) {
	opened, err := s.open(ctx, password, sysdba)
	if err != nil {
		return nil, err
	}
	err = s.quickly(ctx, func(ctx context.Context) error {
		if err := opened.recognize(ctx); err != nil {
			return err
		}
		return opened.begin(ctx)
	})
	if err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

// open opens a session to whatever is there: it looks the name up, connects, logs in and reads
// the server's identity.
func (s *Server) open(ctx context.Context, password string, sysdba bool) (*session, error) {
	address, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	dsn, err := s.config.Driver.ConnectionString(address, s.config.Port, password, sysdba)
	if err != nil {
		return nil, err
	}
	database := s.config.database
	if database == nil {
		database = func(dsn string) (*sql.DB, error) { return sql.Open("odbc", dsn) }
	}
	db, err := database(dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(ctx, LoginTimeout)
	defer cancel()
	opened := &session{server: s, db: db, sysdba: sysdba}
	err = s.bounded(ctx, func() error {
		// The driver's open takes no context.
		var err error
		opened.conn, err = db.Conn(context.WithoutCancel(ctx))
		return err
	}, opened.end)
	if err != nil {
		if !isAbandoned(err) {
			opened.end()
		}
		return nil, err
	}
	if err := opened.prove(ctx); err != nil {
		opened.close()
		return nil, err
	}
	return opened, nil
}

// reach looks the name up and dials the port, so that the driver logs in only where a
// server answers.
func (s *Server) reach(ctx context.Context) (string, error) {
	host := s.config.Address(s.pod)
	lookup, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses := loopbacks
	if host != Loopback {
		var err error
		if addresses, err = net.DefaultResolver.LookupHost(lookup, host); err != nil {
			return "", &Error{Text: err.Error(), kind: akucore.ErrUnreachable}
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	var last error
	for _, address := range addresses {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(s.config.Port)))
		if err == nil {
			conn.Close()
			return address, nil
		}
		last = err
	}
	return "", &Error{Text: last.Error(), kind: akucore.ErrUnreachable}
}
