package simulation

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aku/e2e/conformance"
	"aku/internal/akucore"
)

var condition = regexp.MustCompile(`^(\w+) (=|>|<|>=|<=|<>) '?([^']*?)'?$`)

// query answers a SELECT of columns of one table or view.
func (c *sqlConn) query(_ context.Context, words []string, o *conformance.Outcome) error {
	c.m.w.mu.Lock()
	rows, columns, err := c.rowsOf(words[1])
	c.m.w.mu.Unlock()
	if err != nil {
		return err
	}
	if words[2] != "" {
		for text := range strings.SplitSeq(words[2], " AND ") {
			m := condition.FindStringSubmatch(text)
			if m == nil || !slices.Contains(columns, m[1]) {
				return errBeyond
			}
			rows = slices.DeleteFunc(rows, func(r map[string]string) bool { return !holds(r[m[1]], m[2], m[3]) })
		}
	}
	if words[3] != "" && words[3] != "C1" && words[3] != "REPLICATION_NAME" && words[3] != "REP_NAME" {
		return errBeyond // rows come in the order of their keys
	}
	switch words[0] {
	case "COUNT(*)":
		o.Rows = []string{strconv.Itoa(len(rows))}
		return nil
	case "MAX(C1)":
		if len(rows) == 0 || columns[0] != "C1" {
			return errBeyond
		}
		o.Rows = []string{rows[len(rows)-1]["C1"]}
		return nil
	}
	wanted := strings.Split(words[0], ", ")
	if words[0] == "*" {
		wanted = columns
	}
	for _, name := range wanted {
		if !slices.Contains(columns, name) {
			return errBeyond
		}
	}
	for _, r := range rows {
		var cells []string
		for _, name := range wanted {
			cells = append(cells, r[name])
		}
		o.Rows = append(o.Rows, strings.Join(cells, "|"))
	}
	return nil
}

func holds(value, relation, to string) bool {
	a, err1 := strconv.Atoi(value)
	b, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil {
		return relation == "=" && value == to || relation == "<>" && value != to
	}
	return strings.Contains(relation, "=") && a == b || strings.Contains(relation, ">") && a > b || strings.Contains(relation, "<") && a < b
}

// shown are the views of the model, and their columns.
var shown = map[string][]string{
	"DUAL":                      {"1", "SESSION_ID()"},
	"SYSTEM_.SYS_DATABASE_":     {"DB_NAME"},
	"SYSTEM_.SYS_REPLICATIONS_": {"REPLICATION_NAME", "IS_STARTED", "XSN", "ITEM_COUNT"},
	"V$REPSENDER":               {"REP_NAME", "START_FLAG", "NET_ERROR_FLAG", "STATUS", "COMMIT_XSN"},
	"V$REPGAP":                  {"REP_NAME", "REP_LAST_SN", "REP_SN", "REP_GAP", "REP_GAP_SIZE"},
	"V$REPSYNC":                 {"REP_NAME", "SYNC_TABLE", "SYNC_PARTITION", "SYNC_RECORD_COUNT", "SYNC_SN"},
	"V$TRANSACTION":             {"SESSION_ID", "FIRST_UPDATE_TIME"},
	"V$REPRECEIVER":             {"REP_NAME", "APPLY_XSN", "INSERT_FAILURE_COUNT", "UPDATE_FAILURE_COUNT", "DELETE_FAILURE_COUNT"},
}

var selects = regexp.MustCompile(`^SELECT (.+?) FROM ([\w.$]+)(?: WHERE (\w+)\b.*)?(?: ORDER BY.*)?$`)

// isBeyondModel tells whether a query asks for something that the model does not show.
func isBeyondModel(query string) bool {
	words := selects.FindStringSubmatch(query)
	if words == nil || !strings.Contains(words[2], "$") && !strings.HasPrefix(words[2], "SYSTEM_.") {
		return words == nil && strings.HasPrefix(query, "SELECT ")
	}
	has := func(column string) bool { return slices.Contains(shown[words[2]], column) }
	asked := strings.Split(words[1], ", ")
	if words[3] != "" {
		asked = append(asked, words[3])
	}
	return shown[words[2]] == nil || slices.ContainsFunc(asked, func(column string) bool { return column != "COUNT(*)" && !has(column) })
}

// rowsOf are the rows of a table or view, in the order of their keys. Callers hold the lock.
func (c *sqlConn) rowsOf(name string) (rows []map[string]string, columns []string, err error) {
	s := c.session.server
	switch name {
	case "DUAL":
		return []map[string]string{{"1": "1", "SESSION_ID()": fmt.Sprint(c.session.id)}}, shown[name], nil
	case "SYSTEM_.SYS_DATABASE_":
		return []map[string]string{{"DB_NAME": "mydb"}}, shown[name], nil
	case "SYSTEM_.SYS_REPLICATIONS_":
		for _, name := range slices.Sorted(maps.Keys(s.volume.objects)) {
			o := s.volume.objects[name]
			started := "0"
			if o.started {
				started = "1"
			}
			rows = append(rows, map[string]string{
				"REPLICATION_NAME": c.m.called[name], "IS_STARTED": started, "XSN": fmt.Sprint(o.xsn), "ITEM_COUNT": fmt.Sprint(len(o.spec.Tables)),
			})
		}
		return rows, shown["SYSTEM_.SYS_REPLICATIONS_"], nil
	case "V$REPSENDER":
		for _, name := range slices.Sorted(maps.Keys(s.senders)) {
			r := s.senders[name].row()
			r["REP_NAME"] = c.m.called[name]
			rows = append(rows, r)
		}
		return rows, shown["V$REPSENDER"], nil
	case "V$REPGAP":
		for _, name := range slices.Sorted(maps.Keys(s.senders)) {
			if r := s.senders[name].gap(); r != nil {
				r["REP_NAME"] = c.m.called[name]
				rows = append(rows, r)
			}
		}
		return rows, shown["V$REPGAP"], nil
	case "V$REPSYNC":
		return c.progress(), shown["V$REPSYNC"], nil
	case "V$REPRECEIVER":
		for _, name := range slices.Sorted(maps.Keys(s.receivers)) {
			rows = append(rows, map[string]string{
				"REP_NAME": c.m.called[name], "APPLY_XSN": fmt.Sprint(s.receivers[name].applied), "INSERT_FAILURE_COUNT": fmt.Sprint(s.receivers[name].failed.Inserts),
				"UPDATE_FAILURE_COUNT": fmt.Sprint(s.receivers[name].failed.Updates), "DELETE_FAILURE_COUNT": fmt.Sprint(s.receivers[name].failed.Deletes),
			})
		}
		return rows, shown["V$REPRECEIVER"], nil
	}
	if name == "V$TRANSACTION" {
		for _, o := range s.inTurn() {
			if o.transaction != nil {
				rows = append(rows, o.transaction.shown(o.id))
			}
		}
		for _, t := range s.applying() {
			rows = append(rows, t.shown(0))
		}
		return rows, shown[name], nil
	}
	t, err := c.table(name)
	if err != nil {
		return nil, nil, err
	}
	columns = c.m.names[c.on][name]
	kept := s.volume.rows[table(t)]
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		cells := append([]string{strconv.Itoa(key)}, c.m.cells(kept[key])...)
		r := map[string]string{}
		for i, column := range columns {
			r[column] = strings.Trim(cells[i], "'")
		}
		rows = append(rows, r)
	}
	return rows, columns, nil
}

// shown is a writing transaction in V$TRANSACTION.
func (t *transaction) shown(session int64) map[string]string {
	seen := t.seen(session)
	return map[string]string{"SESSION_ID": fmt.Sprint(seen.Session), "FIRST_UPDATE_TIME": fmt.Sprint(seen.Since.Unix())}
}

// row is a sender in V$REPSENDER. A sender that has not found its peer yet has status 0 until its second try.
func (x *sender) row() map[string]string {
	r := map[string]string{"START_FLAG": "0", "NET_ERROR_FLAG": "0", "STATUS": "0", "COMMIT_XSN": fmt.Sprint(x.committed())}
	switch x.state {
	case runs:
		r["STATUS"] = "1"
	case syncs:
		r["START_FLAG"], r["STATUS"] = "2", "6"
	case retries:
		r["NET_ERROR_FLAG"], r["STATUS"] = "1", "2"
		if x.read == 0 && x.tries <= 2 && !x.byItself {
			r["STATUS"] = "0"
		}
	}
	return r
}

// committed is the number of the last COMMIT that was sent.
func (x *sender) committed() int64 {
	log := x.s.volume.log
	for i := x.s.volume.behind(x.read) - 1; i >= 0 && log[i].sn > x.o.xsn; i-- {
		if log[i].table != noTable && x.o.sends(log[i]) {
			return log[i].sn
		}
	}
	return x.o.xsn
}

// gap is a started sender in V$REPGAP. One that runs has read the log up to the next change for its peer.
func (x *sender) gap() map[string]string {
	if !x.o.started || x.ended || x.state == syncs {
		return nil
	}
	last, read := x.s.volume.last, x.read
	rest, _ := x.s.volume.next(x.o, read, 1)
	switch {
	case x.state == runs && len(rest) == 0:
		read = last
	case x.state == runs:
		read = rest[0].sn - 1
	case read == 0:
		read = akucore.Unset // it has never found its peer
	}
	return map[string]string{
		"REP_LAST_SN": fmt.Sprint(last), "REP_SN": fmt.Sprint(read), "REP_GAP": fmt.Sprint(last - read), "REP_GAP_SIZE": fmt.Sprint(100 * (last - read)),
	}
}

// progress is V$REPSYNC: the tables of each object whose rows were read. Callers hold the lock.
func (c *sqlConn) progress() (rows []map[string]string) {
	s := c.session.server
	for _, name := range slices.Sorted(maps.Keys(s.copied)) {
		o, x := s.volume.objects[name], s.senders[name]
		if o == nil {
			continue
		}
		records := "-1"
		if x != nil && x.state == syncs {
			records = "0"
		}
		for _, called := range slices.Sorted(maps.Keys(c.m.tables)) {
			if _, is := o.items[table(akucore.Table{User: "SYS", Name: c.m.tables[called]})]; is {
				rows = append(rows, map[string]string{
					"REP_NAME": c.m.called[name], "SYNC_TABLE": called, "SYNC_PARTITION": "NULL", "SYNC_RECORD_COUNT": records, "SYNC_SN": fmt.Sprint(s.copied[name]),
				})
			}
		}
	}
	return rows
}
