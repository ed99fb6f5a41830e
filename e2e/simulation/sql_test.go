package simulation

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"aku/e2e/conformance"
	"aku/internal/akucore"
)

// sqlConn is a session on one of the model's servers. It understands as much SQL as the model can carry out.
type sqlConn struct {
	m       *modelServers
	on      int
	session *session
	by      *client
	ddlWait time.Duration
	begun   bool    // a transaction is open, and may not have written yet
	locks   []*lock // of LOCK TABLE, and of rows beside the last one
	rows    []row   // of the open transaction, which are written with its COMMIT; the last one is the transaction's
}

func (m *modelServers) open(on int, _ string, l conformance.Login) (conformance.Conn, error) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if l.User != "SYS" {
		m.isBeyond("it has no user " + l.User)
	}
	s := m.w.running(on)
	switch {
	case s == nil:
		return nil, conformance.ErrRefused
	case l.Sysdba && s.sysdba() != nil:
		return nil, errors.New("[ERR-41041 : ]")
	case !l.Sysdba && s.adminMode:
		return nil, errors.New("[ERR-4106E : ]")
	}
	c := &sqlConn{m: m, on: on, session: s.login(nil, l.Sysdba), by: m.w.newClient(on, human)}
	m.conns[c.session.id] = c
	return c, nil
}

// Close implements conformance.Conn.
func (c *sqlConn) Close() {
	c.m.w.mu.Lock()
	defer c.m.w.mu.Unlock()
	c.leave()
}

// leave ends the session, from either side. Callers hold the lock.
func (c *sqlConn) leave() {
	c.unlock()
	c.session.logout()
	delete(c.m.conns, c.session.id)
}

func (c *sqlConn) unlock() {
	for _, l := range c.locks {
		l.leave()
	}
	c.locks, c.rows, c.begun = nil, nil, false
}

// Transaction implements conformance.Conn.
func (c *sqlConn) Transaction(verb string) error {
	c.m.w.mu.Lock()
	defer c.m.w.mu.Unlock()
	switch {
	case c.session.closed || c.session.server.ctx.Err() != nil:
		return driver.ErrBadConn
	case verb == "begin":
		c.begun = true
		return nil
	case verb == "commit" && len(c.rows) > 0:
		last := len(c.rows) - 1
		for _, r := range c.rows[:last] {
			c.session.server.write(r, nil)
		}
		c.session.server.write(c.rows[last], c.session.transaction)
		c.session.transaction = nil
	case verb == "commit" && c.session.transaction != nil:
		c.session.commit(c.session.transaction.row)
	default:
		c.session.rollback()
	}
	c.unlock()
	return nil
}

// errBeyond means that the model cannot do it.
var errBeyond = errors.New("the model cannot do that")

var number = regexp.MustCompile(`ERR-([0-9A-F]{5})`)

// answers is the time until an answer comes.
const answers = 50 * time.Millisecond

// Run implements conformance.Conn.
func (c *sqlConn) Run(ctx context.Context, statement string) (o conformance.Outcome) {
	c.m.w.mu.Lock()
	gone := c.session.closed || c.session.server.ctx.Err() != nil
	c.m.w.mu.Unlock()
	if gone {
		return conformance.Failure(driver.ErrBadConn)
	}
	err := errBeyond
	for _, known := range sqlStatements {
		if words := known.form.FindStringSubmatch(statement); words != nil {
			err = known.do(c, ctx, words[1:], &o)
			break
		}
	}
	switch {
	case errors.Is(err, errBeyond):
		c.m.isBeyond(statement)
	case errors.Is(err, akucore.ErrUnreachable):
		err = driver.ErrBadConn
	case err == nil:
		_ = pause(ctx, answers)
	case number.MatchString(err.Error()):
		err = fmt.Errorf("[ERR-%s : ]", number.FindStringSubmatch(err.Error())[1])
	}
	if err != nil {
		return conformance.Failure(err)
	}
	return o
}

type sqlStatement struct {
	form *regexp.Regexp
	do   func(c *sqlConn, ctx context.Context, words []string, o *conformance.Outcome) error
}

func form(text string, do func(*sqlConn, context.Context, []string, *conformance.Outcome) error) sqlStatement {
	return sqlStatement{regexp.MustCompile("^" + text + "$"), do}
}

// onObject is a statement on a replication object.
func onObject(text string, do func(c *sqlConn, ctx context.Context, s *server, name string) error) sqlStatement {
	return form(text, func(c *sqlConn, ctx context.Context, words []string, _ *conformance.Outcome) error {
		return do(c, ctx, c.session.server, objectName(words[0]))
	})
}

var sqlStatements = []sqlStatement{
	form(`CREATE TABLE (\w+) \((.+)\)`, (*sqlConn).createTable),
	form(`CREATE REPLICATION (\w+) WITH '([^']+)',\s*(\d+) FROM (.+)`, (*sqlConn).create),
	onObject(`DROP REPLICATION (\w+)`, func(c *sqlConn, ctx context.Context, s *server, name string) error {
		return s.drop(ctx, name, c.by, c.ddlWait)
	}),
	onObject(`ALTER REPLICATION (\w+) START`, func(_ *sqlConn, ctx context.Context, s *server, name string) error { return s.start(ctx, name) }),
	onObject(`ALTER REPLICATION (\w+) START RETRY`, func(_ *sqlConn, _ context.Context, s *server, name string) error { return s.startRetry(name) }),
	onObject(`ALTER REPLICATION (\w+) STOP`, func(_ *sqlConn, ctx context.Context, s *server, name string) error { return s.stop(ctx, name) }),
	onObject(`ALTER REPLICATION (\w+) RESET`, func(c *sqlConn, _ context.Context, s *server, name string) error { return s.reset(name, c.by) }),
	onObject(`ALTER REPLICATION (\w+) FLUSH(?: ALL)?`, func(_ *sqlConn, ctx context.Context, s *server, name string) error {
		return s.flush(ctx, name, forEver)
	}),
	onObject(`ALTER REPLICATION (\w+) SYNC(?: PARALLEL \d+)?`, func(c *sqlConn, ctx context.Context, s *server, name string) error {
		return s.sync(ctx, name, nil, c.m.syncs[c.on])
	}),
	form(`ALTER REPLICATION (\w+) FLUSH(?: ALL)? WAIT (\d+)`, func(c *sqlConn, ctx context.Context, words []string, _ *conformance.Outcome) error {
		return c.session.server.flush(ctx, objectName(words[0]), inSeconds(words[1]))
	}),
	form(`ALTER REPLICATION (\w+) SYNC TABLE SYS\.(\w+)`, func(c *sqlConn, ctx context.Context, words []string, _ *conformance.Outcome) error {
		t, err := c.table(words[1])
		if err != nil {
			return err
		}
		return c.session.server.sync(ctx, objectName(words[0]), []akucore.Table{t}, c.m.syncs[c.on])
	}),
	form(`ALTER REPLICATION (\w+) (ADD|DROP) TABLE FROM SYS\.(\w+) TO SYS\.(\w+)`, (*sqlConn).alterTables),
	form(`ALTER REPLICATION (\w+) (ADD|DROP|SET) HOST '([^']+)',\s*(\d+)`, (*sqlConn).moveHost),
	form(`ALTER SYSTEM SET (\w+) = (\d+)`, (*sqlConn).setProperty),
	form(`ALTER DATABASE \w+ SESSION CLOSE (\d+)`, (*sqlConn).closeSession),
	form(`ALTER DATABASE \w+ SHUTDOWN IMMEDIATE`, (*sqlConn).shutdown),
	form(`ALTER SESSION SET DDL_LOCK_TIMEOUT = (\d+)`, func(c *sqlConn, _ context.Context, words []string, _ *conformance.Outcome) error {
		c.ddlWait = inSeconds(words[0])
		return nil
	}),
	form(`TRUNCATE TABLE (\w+)`, (*sqlConn).truncate),
	form(`LOCK TABLE (\w+) IN EXCLUSIVE MODE`, (*sqlConn).lockTable),
	form(`INSERT INTO (\w+) VALUES \((\d+)(?:, (.+))?\)`, (*sqlConn).insert),
	form(`INSERT INTO (\w+) SELECT C1 \+ (\d+)((?:, \w+)*) FROM (\w+)(?: WHERE C1 <= (\d+))?`, (*sqlConn).multiply),
	form(`INSERT INTO (\w+) SELECT MAX\(C1\) \+ 1((?:, (?:'[^']*'|\d+))*) FROM (\w+)(?: WHERE C1 (>=|<) (\d+))?`, (*sqlConn).insertNext),
	form(`UPDATE (\w+) SET (\w+) = ('[^']*'|\w+) WHERE C1 = (\d+)`, (*sqlConn).update),
	form(`DELETE FROM (\w+)(?: WHERE C1 = (\d+))?`, (*sqlConn).remove),
	form(`SELECT (.+) FROM ((?:SYSTEM_\.)?[\w$]+)(?: WHERE (.+?))?(?: ORDER BY (\w+))?`, (*sqlConn).query),
}

func inSeconds(text string) time.Duration {
	n, _ := strconv.Atoi(text)
	return time.Duration(n) * time.Second
}

// table is the model's table of a name.
func (c *sqlConn) table(name string) (akucore.Table, error) {
	if c.m.names[c.on][name] == nil {
		return akucore.Table{}, errBeyond // its tables always exist
	}
	return akucore.Table{User: "SYS", Name: c.m.tables[name]}, nil
}

// kinds are column types that make no difference here.
var kinds = regexp.MustCompile(`PRIMARY KEY| INTEGER ?| BIGINT ?| VARCHAR\(\d+\)|, `)

func (c *sqlConn) createTable(_ context.Context, words []string, _ *conformance.Outcome) error {
	all := []string{"T0", "T1", "X0", "X1"}
	c.m.noKey[words[0]] = words[1] == "C1 INTEGER"
	known := c.m.noKey[words[0]] || strings.HasPrefix(words[1], "C1 INTEGER PRIMARY KEY") || strings.HasPrefix(words[1], "C1 BIGINT PRIMARY KEY")
	other, made := c.m.forms[words[0]]
	c.m.forms[words[0]] = words[1]
	if made && other != words[1] || !known || strings.Contains(kinds.ReplaceAllString(words[1], ""), " ") {
		return nil // the model's tables are alike on all servers, and hold numbers and texts; other tables are beyond it
	}
	if c.m.tables[words[0]] == "" {
		if len(c.m.tables) == len(all) {
			return errBeyond
		}
		c.m.tables[words[0]] = all[len(c.m.tables)]
	}
	var columns []string
	for column := range strings.SplitSeq(words[1], ", ") {
		columns = append(columns, strings.Fields(column)[0])
	}
	c.m.names[c.on][words[0]] = columns
	return nil
}

// objectName is the model's name of an object, which contains the block.
func objectName(name string) string {
	if strings.HasPrefix(name, "AKU_") {
		return name
	}
	return "AKU_" + name
}

// hostName is the model's name of a host. An unknown host has no server.
func hostName(name string) string {
	if strings.HasPrefix(name, "altibase-") {
		return name
	}
	return fmt.Sprintf("altibase-%d.svc", maxPods-1)
}

// moveHost is ADD HOST, SET HOST and DROP HOST: of two hosts the remaining one counts.
func (c *sqlConn) moveHost(_ context.Context, words []string, _ *conformance.Outcome) error {
	host := words[2] + "," + words[3]
	switch {
	case words[1] == "ADD" && !strings.HasPrefix(words[2], "altibase-"):
		c.m.added = host
		return nil
	case words[1] == "SET" && c.m.added == host:
		return nil
	case words[1] == "SET" || c.m.added == "" || c.m.added == host:
		return errBeyond // the model's objects have one host
	}
	left, _, _ := strings.Cut(c.m.added, ",")
	c.m.added = ""
	return c.session.server.setHost(objectName(words[0]), hostName(left))
}

var item = regexp.MustCompile(`^SYS\.(\w+) TO SYS\.(\w+)$`)

func (c *sqlConn) create(ctx context.Context, words []string, _ *conformance.Outcome) error {
	if len(words[0]) > 40 || len(words[1]) > 62 {
		return errBeyond // it accepts any
	}
	spec := akucore.ObjectSpec{Name: objectName(words[0]), Host: hostName(words[1])}
	c.m.called[spec.Name] = words[0]
	spec.Port, _ = strconv.Atoi(words[2])
	for text := range strings.SplitSeq(words[3], ", FROM ") {
		m := item.FindStringSubmatch(text)
		if m == nil || m[1] != m[2] || c.m.noKey[m[1]] {
			return errBeyond
		}
		t, err := c.table(m[1])
		if err != nil {
			return err
		}
		spec.Tables = append(spec.Tables, t)
	}
	return c.session.server.create(ctx, spec, c.ddlWait)
}

func (c *sqlConn) alterTables(ctx context.Context, words []string, _ *conformance.Outcome) error {
	t, err := c.table(words[2])
	switch {
	case err != nil || words[2] != words[3] || c.m.noKey[words[2]]:
		return errBeyond
	case words[1] == "ADD":
		return c.session.server.addTable(ctx, objectName(words[0]), t, c.ddlWait)
	}
	return c.session.server.dropTable(ctx, objectName(words[0]), t, c.ddlWait)
}

func (c *sqlConn) setProperty(_ context.Context, words []string, _ *conformance.Outcome) error {
	switch words[0] {
	case "REPLICATION_DDL_ENABLE":
		c.m.ddl[c.on] = words[1] == "1"
	case "REPLICATION_SYNC_LOCK_TIMEOUT":
		c.m.syncs[c.on] = inSeconds(words[1])
	case "REPLICATION_LOCK_TIMEOUT":
		if inSeconds(words[1]) > time.Hour {
			return errBeyond // it accepts any
		}
		return c.session.server.change(func() error { c.session.server.lockTimeout = inSeconds(words[1]); return nil })
	case "REPLICATION_SENDER_SLEEP_TIMEOUT":
		return c.session.server.change(func() error { c.session.server.retryWait = inSeconds(words[1]); return nil })
	case "REPLICATION_ALLOW_DUPLICATE_HOSTS":
		return c.session.server.change(func() error { c.session.server.sharing = words[1] == "1"; return nil })
	case "ADMIN_MODE":
		return c.session.server.change(func() error { c.session.server.adminMode = words[1] == "1"; return nil })
	default:
		return errBeyond
	}
	return nil
}

// closeSession ends a session of this server, whatever it holds.
func (c *sqlConn) closeSession(_ context.Context, words []string, _ *conformance.Outcome) error {
	id, _ := strconv.ParseInt(words[0], 10, 64)
	return c.session.server.change(func() error {
		other := c.m.conns[id]
		if other == nil || other.session.server != c.session.server || other.session.closed {
			return errors.New("ERR-410EB")
		}
		other.leave()
		return nil
	})
}

func (c *sqlConn) shutdown(ctx context.Context, _ []string, _ *conformance.Outcome) error {
	if !c.session.sysdba {
		return errors.New("ERR-311B1")
	}
	return c.session.server.shutdown(ctx)
}

func (c *sqlConn) truncate(ctx context.Context, words []string, _ *conformance.Outcome) error {
	t, err := c.table(words[0])
	c.m.w.mu.Lock()
	shared := err == nil && c.session.server.volume.shares(table(t))
	c.m.w.mu.Unlock()
	if err != nil || shared && !c.m.ddl[c.on] {
		return errBeyond // it always may
	}
	return c.session.server.truncate(ctx, []akucore.Table{t}, c.by, c.ddlWait)
}

func (c *sqlConn) lockTable(ctx context.Context, words []string, _ *conformance.Outcome) error {
	t, err := c.table(words[0])
	if err != nil || !c.begun {
		return errBeyond
	}
	c.m.w.mu.Lock()
	l := c.session.server.lock(table(t), alone)
	c.m.w.mu.Unlock()
	err = l.await(ctx, forEver, int(c.session.id))
	if err == nil {
		c.locks = append(c.locks, l)
	}
	return err
}

func (c *sqlConn) insert(ctx context.Context, words []string, _ *conformance.Outcome) error {
	cells := cell.FindAllString(words[2], -1)
	if len(cells) != len(c.m.names[c.on][words[0]])-1 {
		return errBeyond
	}
	return c.write(ctx, words[0], atKey(words[1]), func(now int64) (int64, error) {
		switch {
		case now != 0 && c.m.noKey[words[0]]:
			return 0, errBeyond
		case now != 0:
			return 0, errors.New("ERR-11058")
		}
		return c.m.value(cells), nil
	})
}

// insertNext inserts a row behind the last one, or behind the last one of a range.
func (c *sqlConn) insertNext(ctx context.Context, words []string, _ *conformance.Outcome) error {
	cells := cell.FindAllString(words[1], -1)
	if len(cells) != len(c.m.names[c.on][words[0]])-1 || words[0] != words[2] {
		return errBeyond
	}
	next := func(rows map[int]int64) (int, error) {
		last := -1
		for key := range rows {
			if words[3] == "" || holds(strconv.Itoa(key), words[3], words[4]) {
				last = max(last, key)
			}
		}
		if last < 0 {
			return 0, errBeyond // without a row there is no next one
		}
		return last + 1, nil
	}
	return c.write(ctx, words[0], next, func(int64) (int64, error) { return c.m.value(cells), nil })
}

// multiply inserts each row of a table again, under another key.
func (c *sqlConn) multiply(ctx context.Context, words []string, _ *conformance.Outcome) error {
	t, err := c.table(words[0])
	if err != nil || words[0] != words[3] || words[2] != ", "+strings.Join(c.m.names[c.on][words[0]][1:], ", ") || c.begun {
		return errBeyond
	}
	add, _ := strconv.Atoi(words[1])
	c.m.w.mu.Lock()
	rows := maps.Clone(c.session.server.volume.rows[table(t)])
	c.m.w.mu.Unlock()
	most, err := strconv.Atoi(words[4])
	if words[4] == "" {
		most, err = math.MaxInt, nil
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if key <= most {
			err = errors.Join(err, c.write(ctx, words[0], atKey(strconv.Itoa(key+add)), func(int64) (int64, error) { return rows[key], nil }))
		}
	}
	return err
}

func (c *sqlConn) update(ctx context.Context, words []string, _ *conformance.Outcome) error {
	at := slices.Index(c.m.names[c.on][words[0]], words[1]) - 1
	if at < 0 {
		return errBeyond
	}
	return c.write(ctx, words[0], atKey(words[3]), func(now int64) (int64, error) {
		if now == 0 {
			return 0, nil
		}
		cells := c.m.cells(now)
		cells[at] = words[2]
		return c.m.value(cells), nil
	})
}

func (c *sqlConn) remove(ctx context.Context, words []string, _ *conformance.Outcome) error {
	t, err := c.table(words[0])
	if err != nil {
		return err
	}
	keys := []string{words[1]}
	if words[1] == "" {
		keys = nil
		c.m.w.mu.Lock()
		for key := range c.session.server.volume.rows[table(t)] {
			keys = append(keys, strconv.Itoa(key))
		}
		c.m.w.mu.Unlock()
	}
	for _, key := range keys {
		err = errors.Join(err, c.write(ctx, words[0], atKey(key), func(int64) (int64, error) { return 0, nil }))
	}
	return err
}

// atKey is the key of a row.
func atKey(text string) func(map[int]int64) (int, error) {
	return func(map[int]int64) (int, error) { return strconv.Atoi(text) }
}

// write changes a row as soon as the table is free: in a transaction of its own, or in the open one. In the
// model a transaction writes its row at its beginning or at its end. So it can write one row, or rows of tables
// that no object has, and then one of any table.
func (c *sqlConn) write(ctx context.Context, name string, key func(rows map[int]int64) (int, error), change func(now int64) (int64, error)) error {
	t, err := c.table(name)
	s := c.session.server
	if err != nil || len(c.locks) > len(c.rows) {
		return errBeyond
	}
	r := row{place: place{table: table(t)}}
	c.m.w.mu.Lock()
	atHome := !s.volume.shares(r.table)
	full := c.session.transaction != nil && (len(c.rows) == 0 || slices.ContainsFunc(c.rows, func(r row) bool { return s.volume.shares(r.table) }))
	if full {
		c.m.w.mu.Unlock()
		return errBeyond
	}
	held := s.lock(r.table, writes)
	c.m.w.mu.Unlock()
	if err := held.await(ctx, forEver, int(c.session.id)); err != nil {
		return err
	}
	return s.change(func() error {
		var now int64
		var err error
		if r.key, err = key(s.volume.rows[r.table]); err == nil {
			now = s.volume.rows[r.table][r.key]
			r.value, err = change(now)
		}
		switch {
		case err != nil || r.value == now:
			held.leave()
		case c.session.transaction != nil || c.begun && atHome:
			if c.session.transaction == nil {
				c.session.begin(nil, nil)
			}
			c.rows, c.locks = append(c.rows, r), append(c.locks, held)
		case c.begun:
			c.session.begin(&r, held)
		default:
			s.write(r, nil)
			held.leave()
			s.touched[r.table] = time.Now()
		}
		return err
	})
}

// cell is a value in a statement.
var cell = regexp.MustCompile(`'[^']*'|\w+`)

// value is the value of a row with these cells beside its key.
func (m *modelServers) value(cells []string) int64 {
	for value, known := range m.rows {
		if slices.Equal(known, cells) {
			return int64(value + 1)
		}
	}
	m.rows = append(m.rows, cells)
	return int64(len(m.rows))
}

func (m *modelServers) cells(value int64) []string { return slices.Clone(m.rows[value-1]) }
