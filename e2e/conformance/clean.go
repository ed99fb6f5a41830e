package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Cleaner removes what the cases create.
type Cleaner struct {
	Objects
	values   [3]map[string]string // of the properties that cases change
	sessions [3]int               // how many are open while no case runs
}

// NewCleaner checks that the servers are empty, and stores their properties.
func NewCleaner(t Target, o Objects) (Cleaner, error) {
	c := Cleaner{Objects: o}
	var faults []error
	for i := range t.Servers {
		s, err := c.login(t, i)
		if err != nil {
			return c, fmt.Errorf("server N%d: %w", i+1, err)
		}
		for _, found := range []struct{ what, query string }{
			{"replication objects", "SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_"},
			{"tables", "SELECT TABLE_NAME FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME IN (" + quoted(slices.Concat(o.Tables, o.Sequences)) + ")"},
			{"users", "SELECT USER_NAME FROM SYSTEM_.SYS_USERS_ WHERE USER_NAME IN (" + quoted(o.Users) + ")"},
		} {
			switch out := s.Run(context.Background(), found.query); {
			case out.Err != nil:
				faults = append(faults, fmt.Errorf("server N%d: %s: %w", i+1, found.query, out.Err))
			case len(out.Rows) > 0:
				faults = append(faults, fmt.Errorf("server N%d is not empty: it has %s that the cases use: %s; drop them, or give another server",
					i+1, found.what, strings.Join(out.Rows, ", ")))
			}
		}
		c.values[i] = map[string]string{}
		out := s.Run(context.Background(), "SELECT NAME, VALUE1 FROM V$PROPERTY WHERE NAME IN ("+quoted(o.Properties)+")")
		for _, row := range out.Rows {
			name, value, _ := strings.Cut(row, "|")
			c.values[i][name] = value
		}
		faults = append(faults, out.Err)
		c.sessions[i], err = count(s, countSessions)
		faults = append(faults, err)
		s.close()
	}
	return c, errors.Join(faults...)
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "''"
	}
	return "'" + strings.Join(names, "','") + "'"
}

// The sessions of a server, and those of them that only one can have.
const (
	countSessions = "SELECT COUNT(*) FROM V$SESSION"
	countSysdba   = "SELECT COUNT(*) FROM V$SESSION WHERE SYSDBA_FLAG = 1"
)

// login opens a plain session on a server in any ADMIN_MODE, and sets ADMIN_MODE 0.
func (c Cleaner) login(t Target, server int) (*session, error) {
	host := t.Servers[server].Host
	sys, sysdba := Login{User: "SYS", Password: t.Odbc.Password}, Login{User: "SYS", Password: t.Odbc.Password, Sysdba: true}
	s, err := t.open(server, host, sys)
	if err == nil || Failure(err).Code != 0x4106E {
		return s, err
	}
	// The server may not have noticed yet that the SYSDBA session of the case has been closed.
	err = t.eventually(func() error {
		s, err = t.open(server, host, sysdba)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer s.close()
	if out := s.Run(context.Background(), "ALTER SYSTEM SET ADMIN_MODE = 0"); out.Err != nil {
		return nil, out.Err
	}
	return t.open(server, host, sys)
}

// alone waits until the server has noticed that the sessions of a case are closed.
func (c Cleaner) alone(t Target, s *session, server int) error {
	return t.eventually(func() error {
		all, err1 := count(s, countSessions)
		sysdba, err2 := count(s, countSysdba)
		err := errors.Join(err1, err2)
		if err == nil && (all > c.sessions[server] || sysdba > 0) {
			err = fmt.Errorf("%d sessions are still open, %d of them SYSDBA's", all, sysdba)
		}
		return err
	})
}

// count gives the one number that a query results in.
func count(s *session, query string) (int, error) {
	out := s.Run(context.Background(), query)
	if out.Err != nil {
		return 0, out.Err
	}
	return strconv.Atoi(strings.Join(out.Rows, " "))
}

// Clean removes everything, on all servers at once, because a STOP takes its time.
func (c Cleaner) Clean(t Target) error {
	var wg sync.WaitGroup
	var faults [3]error
	for i := range t.Servers {
		wg.Go(func() {
			if err := c.clean(t, i); err != nil {
				faults[i] = fmt.Errorf("server N%d: %w", i+1, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(faults[:]...)
}

func (c Cleaner) clean(t Target, server int) error {
	s, err := c.login(t, server)
	if err != nil {
		return err
	}
	defer s.close()
	var faults []error
	do := func(statement string, mayFail ...int) {
		out := s.Run(context.Background(), statement)
		if out.Err != nil && !slices.Contains(mayFail, out.Code) {
			faults = append(faults, fmt.Errorf("%s: %w", statement, out.Err))
		}
	}
	found := func(query string) []string {
		out := s.Run(context.Background(), query)
		faults = append(faults, out.Err)
		return out.Rows
	}
	// A receiver may still hold a table after its peer's session was closed.
	do("ALTER SESSION SET DDL_LOCK_TIMEOUT = 60")
	for _, name := range found("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_") {
		do(fmt.Sprintf(`ALTER REPLICATION "%s" STOP`, name), 0x61027)
		do(fmt.Sprintf(`DROP REPLICATION "%s"`, name))
	}
	for _, table := range found("SELECT TABLE_NAME FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME IN (" + quoted(c.Tables) + ")") {
		do(`DROP TABLE "` + table + `"`)
	}
	for _, sequence := range found("SELECT TABLE_NAME FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME IN (" + quoted(c.Sequences) + ")") {
		do("DROP SEQUENCE " + sequence)
	}
	for _, user := range found("SELECT USER_NAME FROM SYSTEM_.SYS_USERS_ WHERE USER_NAME IN (" + quoted(c.Users) + ")") {
		do("DROP USER " + user + " CASCADE")
	}
	for name, value := range c.values[server] {
		do(fmt.Sprintf("ALTER SYSTEM SET %s = %s", name, value))
	}
	faults = append(faults, c.alone(t, s, server))
	return errors.Join(faults...)
}
