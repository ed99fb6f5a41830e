package altibase

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// Instance reads when the server started and whether it is closed to users. It returns its
// session at once, so it can be called often.
func (s *Server) Instance(ctx context.Context) (akucore.Instance, error) {
	return read(ctx, s, quickTimeout, (*session).instance)
}

func (c *session) instance(ctx context.Context) (akucore.Instance, error) {
	var i akucore.Instance
	now, err := c.query(ctx, "SELECT I.STARTUP_TIME_SEC, P.VALUE1 FROM V$INSTANCE I, V$PROPERTY P WHERE P.NAME = 'ADMIN_MODE'")
	if err != nil {
		return i, err
	}
	if len(now) == 0 {
		return i, fmt.Errorf("V$INSTANCE or V$PROPERTY is empty: %w", akucore.ErrUnreachable)
	}
	i.StartTime = now[0].int(0)
	i.AdminMode = now[0].int(1) != 0
	return i, nil
}

// State reads everything that plans depend on, on one session.
func (s *Server) State(ctx context.Context, want lifecycle.Want) (akucore.State, error) {
	return read(ctx, s, quickTimeout, func(c *session, ctx context.Context) (akucore.State, error) {
		state, err := c.brief(ctx)
		if err != nil {
			return state, err
		}
		if err = c.list(ctx, state.Objects, want.Listed); err != nil {
			return state, err
		}
		if state.Beats, err = c.beatsOf(ctx, want.Beats); err != nil {
			return state, err
		}
		state.Tables, err = c.tables(ctx, want.Tables)
		return state, err
	})
}

// Brief reads what guards depend on. It leaves out the lists of tables: with many tables
// they are most of a state, and every query is a round trip.
func (s *Server) Brief(ctx context.Context) (akucore.State, error) {
	return read(ctx, s, quickTimeout, (*session).brief)
}

func (c *session) brief(ctx context.Context) (state akucore.State, err error) {
	if state.Instance, err = c.instance(ctx); err != nil {
		return state, err
	}
	state.Objects, err = c.sides(ctx)
	return state, err
}

// list adds the hosts to the objects. It adds the tables to the named objects, or to all when
// none is named.
func (c *session) list(ctx context.Context, objects map[string]akucore.Object, listed []string) error {
	if len(objects) == 0 {
		return nil
	}
	hosts, err := c.query(ctx, "SELECT REPLICATION_NAME, HOST_IP, PORT_NO FROM SYSTEM_.SYS_REPL_HOSTS_")
	if err != nil {
		return err
	}
	lists, err := c.lists(ctx, objects, listed)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		o, ok := objects[h.text(0)]
		switch {
		case !ok:
			continue
		case o.Host == "":
			o.Host, o.Port = h.text(1), int(h.int(2))
		default:
			o.Host += fmt.Sprintf(",%d and %s", o.Port, h.text(1))
			o.Port = int(h.int(2))
		}
		objects[h.text(0)] = o
	}
	for name, o := range objects {
		o.Tables = lists[name]
		if o.Host == "" || len(o.Tables) == 0 && (len(listed) == 0 || slices.Contains(listed, name)) {
			delete(objects, name) // it was dropped between two of the reads
			continue
		}
		objects[name] = o
	}
	return nil
}

// lists are the tables of the named objects, or of all objects. There may be thousands of
// rows, usually the same for each object: then each table is read once.
func (c *session) lists(ctx context.Context, objects map[string]akucore.Object, listed []string) (map[string][]akucore.Table, error) {
	where := ""
	if len(listed) == 0 {
		listed = slices.Collect(maps.Keys(objects))
	} else {
		var names []string
		for _, name := range listed {
			names = append(names, literal(name))
		}
		where = " WHERE REPLICATION_NAME IN (" + strings.Join(names, ", ") + ")"
	}
	lists := map[string][]akucore.Table{}
	if len(listed) > 1 {
		if list := c.common(ctx, objects, listed, where); list != nil {
			for _, name := range listed {
				lists[name] = list
			}
			return lists, nil
		}
	}
	err := c.each(ctx, "SELECT REPLICATION_NAME, LOCAL_USER_NAME, LOCAL_TABLE_NAME, LOCAL_PARTITION_NAME FROM SYSTEM_.SYS_REPL_ITEMS_"+where,
		func(r []sql.RawBytes) {
			name := string(r[0])
			lists[name] = append(lists[name], akucore.Table{User: string(r[1]), Name: string(r[2]), Partition: string(r[3])})
		})
	if err != nil {
		return nil, err // the call may still be adding to the lists
	}
	return lists, nil
}

// common is the list of tables that all named objects share, or nil when they do not clearly
// share one. They do when each table occurs once for each object, and each object has as many
// tables as there are.
func (c *session) common(ctx context.Context, objects map[string]akucore.Object, named []string, where string) []akucore.Table {
	var list []akucore.Table
	same := true
	err := c.each(ctx, "SELECT LOCAL_USER_NAME, LOCAL_TABLE_NAME, LOCAL_PARTITION_NAME, COUNT(*) FROM SYSTEM_.SYS_REPL_ITEMS_"+where+
		" GROUP BY LOCAL_USER_NAME, LOCAL_TABLE_NAME, LOCAL_PARTITION_NAME",
		func(r []sql.RawBytes) {
			list = append(list, akucore.Table{User: string(r[0]), Name: string(r[1]), Partition: string(r[2])})
			same = same && parseInt(string(r[3])) == int64(len(named))
		})
	if err != nil || !same {
		return nil
	}
	for _, name := range named {
		if objects[name].Items != len(list) {
			return nil
		}
	}
	return list
}

// sides are all replication objects with the state of their senders, without hosts and
// tables. An object that is created between two of the reads is left out completely.
func (c *session) sides(ctx context.Context) (map[string]akucore.Object, error) {
	replications, err := c.query(ctx, "SELECT REPLICATION_NAME, IS_STARTED, XSN, ITEM_COUNT FROM SYSTEM_.SYS_REPLICATIONS_")
	if err != nil {
		return nil, err
	}
	senders, err := c.query(ctx, "SELECT REP_NAME, STATUS, NET_ERROR_FLAG FROM V$REPSENDER")
	if err != nil {
		return nil, err
	}
	objects := make(map[string]akucore.Object, len(replications))
	for _, r := range replications {
		objects[r.text(0)] = akucore.Object{Name: r.text(0), Started: r.int(1) != 0, XSN: r.int(2), Items: int(r.int(3))}
	}
	for _, r := range senders {
		if o, ok := objects[r.text(0)]; ok {
			o.Sender = senderState(r.int(1), r.int(2))
			objects[r.text(0)] = o
		}
	}
	return objects, nil
}

// senderState reads V$REPSENDER: STATUS 0 stop, 1 run, 2 retry, 6 sync. A sender
// that START RETRY made has STATUS 0 until it has its peer or tries again, and a network
// error once the first try has failed.
func senderState(status, netError int64) akucore.SenderState {
	switch {
	case status == 6:
		return akucore.SenderSync
	case status == 1 && netError == 0:
		return akucore.SenderRunning
	case status == 0 && netError == 0:
		return akucore.SenderConnecting
	}
	return akucore.SenderRetry
}

// tables reports which of the given tables cannot be replicated. It reads each part of the
// catalogue once, however many tables there are. When the catalogue does not answer as
// expected, the server itself decides at CREATE REPLICATION.
func (c *session) tables(ctx context.Context, tables []akucore.Table) (map[akucore.Table]akucore.TableState, error) {
	states := map[akucore.Table]akucore.TableState{} // of those that have a fault
	if len(tables) == 0 {
		return states, nil
	}
	var owners []string
	for _, t := range tables {
		if owner := literal(t.User); !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
	}
	of := "FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T%s WHERE U.USER_ID = T.USER_ID AND U.USER_NAME IN (" + strings.Join(owners, ", ") + ")"
	found, err := c.tableSet(ctx, "SELECT U.USER_NAME, T.TABLE_NAME "+fmt.Sprintf(of, ""))
	if err != nil {
		return nil, err
	}
	// CONSTRAINT_TYPE 3 is PRIMARY KEY.
	keys, err := c.tableSet(ctx, "SELECT U.USER_NAME, T.TABLE_NAME "+fmt.Sprintf(of, ", SYSTEM_.SYS_CONSTRAINTS_ C")+
		" AND C.TABLE_ID = T.TABLE_ID AND C.CONSTRAINT_TYPE = 3")
	if err := unlessUnknown(err); err != nil {
		return nil, err
	}
	var parts map[akucore.Table]bool
	if slices.ContainsFunc(tables, func(t akucore.Table) bool { return t.Partition != "" }) {
		parts, err = c.tableSet(ctx, "SELECT U.USER_NAME, T.TABLE_NAME, P.PARTITION_NAME "+fmt.Sprintf(of, ", SYSTEM_.SYS_TABLE_PARTITIONS_ P")+
			" AND P.TABLE_ID = T.TABLE_ID AND P.PARTITION_NAME IS NOT NULL")
		if err := unlessUnknown(err); err != nil {
			return nil, err
		}
	}
	for _, t := range tables {
		whole := akucore.Table{User: t.User, Name: t.Name}
		switch {
		case !found[whole], t.Partition != "" && parts != nil && !parts[t]:
			states[t] = akucore.TableMissing
		case keys != nil && !keys[whole]:
			states[t] = akucore.TableNoPrimaryKey
		}
	}
	return states, nil
}

// tableSet reads user, table and, if there is a third column, partition; nil with an error.
func (c *session) tableSet(ctx context.Context, query string) (map[akucore.Table]bool, error) {
	rows, err := c.query(ctx, query)
	if err != nil {
		return nil, err
	}
	set := make(map[akucore.Table]bool, len(rows))
	for _, r := range rows {
		t := akucore.Table{User: r.text(0), Name: r.text(1)}
		if len(r) > 2 {
			t.Partition = r.text(2)
		}
		set[t] = true
	}
	return set, nil
}

// Sender reads V$REPSENDER.
func (s *Server) Sender(ctx context.Context, object string) (akucore.SenderState, error) {
	rows, err := s.query(ctx, quickTimeout, "SELECT STATUS, NET_ERROR_FLAG FROM V$REPSENDER WHERE REP_NAME = "+literal(object))
	state := akucore.SenderNone
	for _, r := range rows {
		state = senderState(r.int(0), r.int(1))
	}
	return state, err
}

// SyncProgress reads V$REPSYNC.
func (s *Server) SyncProgress(ctx context.Context, object string) ([]lifecycle.SyncProgress, error) {
	rows, err := s.query(ctx, quickTimeout, "SELECT SYNC_TABLE, SYNC_PARTITION, SYNC_RECORD_COUNT, SYNC_SN FROM V$REPSYNC WHERE REP_NAME = "+literal(object))
	var progress []lifecycle.SyncProgress
	for _, r := range rows {
		table := strings.TrimSpace(r.text(0) + " " + r.text(1))
		progress = append(progress, lifecycle.SyncProgress{Table: table, Records: r.int(2), SN: r.int(3)})
	}
	return progress, err
}
