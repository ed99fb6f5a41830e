package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	_ "github.com/alexbrainman/odbc" // the driver "odbc"
	"github.com/caarlos0/env/v11"

	"aku/internal/altibase"
)

const (
	reachTimeout = 2 * time.Second // look-up of the name and TCP connect
	// answerTimeout bounds a call into the driver. One that does not come back by then is left behind with its session.
	answerTimeout = 30 * time.Second
)

// configuration says how to reach a server; the defaults are those of the stand-in server.
type configuration struct {
	Password string `env:"AKU_SYS_PASSWORD,required"`
	Port     string `env:"AKU_PORT_NO" envDefault:"20300"`
	Driver   string `env:"AKU_ODBC_DRIVER" envDefault:"/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so"`
	Extra    string `env:"AKU_ODBC_EXTRA" envDefault:"Database=mydb;SSLmode=disable;UseServerSidePrepare=0"`
	SYSDBA   string `env:"AKU_ODBC_SYSDBA" envDefault:"pqopt={options=-cprivilege=sysdba}"`
}

// configure reads the environment and prepares unixODBC, once in the life of the process.
var configure = sync.OnceValues(func() (configuration, error) {
	c, err := env.ParseAs[configuration]()
	if err != nil {
		return c, err
	}
	folder, err := os.MkdirTemp("", "client")
	if err != nil {
		return c, err
	}
	return c, altibase.WriteODBCIni(folder, altibase.Driver{File: c.Driver})
})

// session is one connection.
type session struct {
	db   *sql.DB
	conn *sql.Conn
}

// connect opens a session. The driver takes neither a context nor a time limit, so it is only asked where somebody answers.
func connect(ctx context.Context, host string, sysdba bool) (*session, error) {
	config, err := configure()
	if err != nil {
		return nil, err
	}
	address, err := reach(ctx, host, config.Port)
	if err != nil {
		return nil, err
	}
	attributes := []string{"DSN=AKU", "Server=" + address, "PORT=" + config.Port, "UID=SYS",
		"PWD={" + strings.ReplaceAll(config.Password, "}", "}}") + "}", config.Extra}
	if sysdba {
		attributes = append(attributes, config.SYSDBA)
	}
	db, err := sql.Open("odbc", strings.Join(attributes, ";"))
	if err != nil {
		return nil, err
	}
	opened := &session{db: db}
	err = within(answerTimeout, func() (err error) {
		opened.conn, err = db.Conn(context.WithoutCancel(ctx))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	return opened, nil
}

// reach looks the name up anew each time, because a pod that comes back has another address.
func reach(ctx context.Context, host, port string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	address, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	return address, err
}

// exec runs a statement that returns no rows and tells how many it changed.
func (s *session) exec(statement string) (int64, error) {
	var changed int64
	err := within(answerTimeout, func() error {
		result, err := s.conn.ExecContext(context.Background(), statement)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// close ends the session without waiting for a server that hangs.
func (s *session) close() {
	_ = within(answerTimeout, func() error {
		_ = s.conn.Close()
		return s.db.Close()
	})
}

// within waits for a call, and no longer than the limit.
func within(limit time.Duration, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("no answer for %s", limit)
	}
}
