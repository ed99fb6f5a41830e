package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/alexbrainman/odbc" // registers the driver "odbc"
	"github.com/caarlos0/env/v11"

	"aku/internal/altibase"
)

const (
	reachTimeout = 30 * time.Second // resolve the name and connect over TCP
	knockTimeout = 2 * time.Second  // the same for repeated tries
	// answerTimeout bounds a call into the driver. It is longer than a user waits for a table lock behind a
	// SYNC (30 s). A call that takes longer is abandoned with its session.
	answerTimeout = time.Minute
)

// configuration says how to reach a server, with the variables and defaults of aku-init.
type configuration struct {
	Password     string `env:"AKU_SYS_PASSWORD"`
	PasswordFile string `env:"AKU_SYS_PASSWORD_FILE"`
	Port         int    `env:"AKU_PORT_NO" envDefault:"20300"`
	Driver       string `env:"AKU_ODBC_DRIVER,expand" envDefault:"${ALTIBASE_HOME}/lib/libaltibase_odbc-64bit-ul64.so"`
	Extra        string `env:"AKU_ODBC_EXTRA" envDefault:"NLS_USE=UTF8"`
	SYSDBA       string `env:"AKU_ODBC_SYSDBA" envDefault:"PRIVILEGE=SYSDBA"`
	Quote        string `env:"AKU_ODBC_QUOTE" envDefault:"double"`
}

func (c configuration) driver() altibase.Driver {
	return altibase.Driver{File: c.Driver, SYSDBA: c.SYSDBA, Extra: c.Extra, Quote: altibase.Quote(c.Quote)}
}

// password is read at every connect, because the Secret can change.
func (c configuration) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	return strings.TrimRight(string(text), "\r\n"), err
}

// configure reads the environment and prepares unixODBC, once in a process.
var configure = sync.OnceValues(func() (configuration, error) {
	c, err := env.ParseAs[configuration]()
	if err != nil {
		return c, err
	}
	folder, err := os.MkdirTemp("", "client")
	if err != nil {
		return c, err
	}
	return c, altibase.WriteODBCIni(folder, c.driver())
})

// session is one connection.
type session struct {
	db   *sql.DB
	conn *sql.Conn
}

// connect opens a session. The driver takes no context and no time limit, so connect first checks that the
// port answers.
func connect(ctx context.Context, host string, sysdba bool) (*session, error) {
	config, err := configure()
	if err != nil {
		return nil, err
	}
	password, err := config.password()
	if err != nil {
		return nil, err
	}
	address, err := reach(ctx, host, config.Port)
	if err != nil {
		return nil, err
	}
	dsn, err := config.driver().ConnectionString(address, config.Port, password, sysdba)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("odbc", dsn)
	if err != nil {
		return nil, err
	}
	opened := &session{db: db}
	err = within(answerTimeout, func() (err error) {
		if opened.conn, err = db.Conn(context.WithoutCancel(ctx)); err != nil {
			return errors.Join(err, db.Close())
		}
		// Some versions of the driver report a failed login as a success.
		if _, err = opened.query(context.WithoutCancel(ctx), "SELECT 1 FROM DUAL"); err != nil {
			return errors.Join(err, opened.conn.Close(), db.Close())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, altibase.Classify(err))
	}
	return opened, nil
}

// reach resolves the name each time, because a pod that comes back has another address.
func reach(ctx context.Context, host string, port int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	address, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	return address, err
}

// exec runs a statement without rows, and returns the number of changed rows.
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
	return changed, altibase.Classify(err)
}

// execHeld is exec in a transaction that stays open for the time of hold, or until the context ends.
func (s *session) execHeld(ctx context.Context, statement string, hold time.Duration) (int64, error) {
	if hold == 0 {
		return s.exec(statement)
	}
	var changed int64
	err := within(hold+answerTimeout, func() error {
		tx, err := s.conn.BeginTx(context.Background(), nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // no effect after the commit
		result, err := tx.ExecContext(context.Background(), statement)
		if err != nil {
			return err
		}
		if changed, err = result.RowsAffected(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(hold):
		}
		return tx.Commit()
	})
	return changed, altibase.Classify(err)
}

// close ends the session, but does not wait for a server that hangs.
func (s *session) close() {
	_ = within(answerTimeout, func() error {
		_ = s.conn.Close()
		return s.db.Close()
	})
}

// within runs a call, and waits no longer than the limit.
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
