package server

import (
	"strings"
	"time"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
)

// virtual is a system view or table of the real server.
func (c *Session) virtual(name string) *sqlfront.Virtual {
	make, ok := map[string]func() (string, [][]any){
		"V$REPSENDER": c.repSender, "V$REPSENDER_PARALLEL": c.repSenderParallel, "V$REPRECEIVER": c.repReceiver,
		"V$REPRECEIVER_TRANSTBL":     c.repReceived,
		"V$REPSENDER_SENT_LOG_COUNT": c.repSent, "V$REPSENDER_TRANSTBL": c.repTransactions, "V$TRANSACTION": c.transactions, "V$LOCK_WAIT": c.lockWaits,
		"V$REPGAP": c.repGap, "V$REPSYNC": c.repSync, "V$PROPERTY": c.property, "V$SESSION": c.sessions,
		"V$INSTANCE": c.instance, "V$DATABASE": c.database, "V$VERSION": c.version, "V$STATEMENT": c.statements,
		"X$PROPERTY": empty(`ID NAME`), "V$REPEXEC": c.repExec, "V$REPLOGBUFFER": empty(`REP_NAME BUFFER_MIN_SN READ_SN BUFFER_MAX_SN`),
		"V$REPOFFLINE_STATUS": empty(`REP_NAME STATUS SUCCESS_TIME`),
		"V$REPRECOVERY":       empty(`REP_NAME STATUS START_XSN XSN END_XSN RECOVERY_SENDER_IP PEER_IP RECOVERY_SENDER_PORT PEER_PORT`),
		"SYS_REPLICATIONS_":   c.sysReplications, "SYS_REPL_HOSTS_": c.sysHosts, "SYS_REPL_ITEMS_": c.sysItems,
		"SYS_TABLES_": c.sysTables, "SYS_USERS_": c.sysUsers, "SYS_COLUMNS_": c.sysColumns, "SYS_CONSTRAINTS_": c.sysConstraints,
		"SYS_CONSTRAINT_COLUMNS_": c.sysConstraintColumns, "SYS_TABLE_PARTITIONS_": c.sysPartitions, "SYS_DATABASE_": c.sysDatabase,
	}[name]
	if !ok {
		return nil
	}
	columns, rows := make()
	return &sqlfront.Virtual{Columns: strings.Fields(columns), Rows: func() [][]any { return rows }}
}

func empty(columns string) func() (string, [][]any) {
	return func() (string, [][]any) { return columns, nil }
}

func (c *Session) engine() *engine.Server   { return c.srv.Engine }
func (c *Session) catalog() *engine.Catalog { return c.srv.Engine.Catalog() }

func (c *Session) repSender() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Senders() {
		rows = append(rows, []any{
			s.Name, s.StartFlag, flag(s.NetError), s.ReadSN, s.CommitXSN, int(s.Status), s.Local.IP, s.Remote.IP, s.Local.Port, s.Remote.Port,
			s.ReadLog, s.SentTo, "LAZY", "LAZY",
		})
	}
	return `REP_NAME START_FLAG NET_ERROR_FLAG XSN COMMIT_XSN STATUS SENDER_IP PEER_IP SENDER_PORT PEER_PORT
		READ_LOG_COUNT SEND_LOG_COUNT REPL_MODE ACT_REPL_MODE`, rows
}

func (c *Session) repSenderParallel() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Senders() {
		kind, status := "NORMAL", map[engine.SenderStatus]string{engine.SenderStopped: "STOP", engine.SenderRuns: "RUN", engine.SenderRetries: "RETRY"}[s.Status]
		if s.StartFlag == 2 {
			kind, status = "SYNC", "SYNC"
		}
		rows = append(rows, []any{
			s.Name, kind, flag(s.NetError), s.ReadSN, s.CommitXSN, status, s.Local.IP, s.Remote.IP, s.Local.Port, s.Remote.Port,
			s.ReadLog, s.SentTo, "LAZY", 0,
		})
	}
	return `REP_NAME CURRENT_TYPE NET_ERROR_FLAG XSN COMMIT_XSN STATUS SENDER_IP PEER_IP SENDER_PORT PEER_PORT
		READ_LOG_COUNT SEND_LOG_COUNT REPL_MODE PARALLEL_ID`, rows
}

func (c *Session) repSent() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Senders() {
		for _, t := range c.catalog().Tables {
			if n, ok := s.Rows[t.ID]; ok {
				rows = append(rows, []any{s.Name, "NORMAL", t.OID(), n[engine.Insert], n[engine.Delete], n[engine.Update], 0})
			}
		}
	}
	return `REP_NAME CURRENT_TYPE TABLE_OID INSERT_LOG_COUNT DELETE_LOG_COUNT UPDATE_LOG_COUNT LOB_LOG_COUNT`, rows
}

func (c *Session) repTransactions() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Senders() {
		for _, t := range s.Open {
			rows = append(rows, []any{s.Name, s.StartFlag, t.ID, noTID, flag(t.Sent), t.Began})
		}
	}
	return `REP_NAME START_FLAG LOCAL_TID REMOTE_TID BEGIN_FLAG BEGIN_SN`, rows
}

// noTID stands for the peer's transaction, which a sender does not know.
const noTID = 1<<31 - 1

func (c *Session) repReceived() (string, [][]any) {
	var rows [][]any
	for _, r := range c.engine().Receivers() {
		for _, t := range r.Open {
			rows = append(rows, []any{r.Name, t.Local, t.Remote, 0, t.Began, 0, -1})
		}
	}
	return `REP_NAME LOCAL_TID REMOTE_TID BEGIN_FLAG BEGIN_SN PARALLEL_ID PARALLEL_APPLIER_INDEX`, rows
}

func (c *Session) transactions() (string, [][]any) {
	var rows [][]any
	for _, t := range c.engine().Transactions() {
		wrote, first := 0, int64(0)
		if !t.Wrote.IsZero() {
			wrote, first = 1, t.Wrote.Unix()
		}
		rows = append(rows, []any{t.ID, t.Session, 0, wrote, 0, first, 0, 0})
	}
	return `ID SESSION_ID STATUS UPDATE_STATUS LOG_TYPE FIRST_UPDATE_TIME DDL_FLAG UPDATE_SIZE`, rows
}

func (c *Session) lockWaits() (string, [][]any) {
	var rows [][]any
	for _, w := range c.engine().LockWaits() {
		rows = append(rows, []any{w.ID, w.For})
	}
	return `TRANS_ID WAIT_FOR_TRANS_ID`, rows
}

func (c *Session) repReceiver() (string, [][]any) {
	var rows [][]any
	for _, r := range c.engine().Receivers() {
		rows = append(rows, []any{
			r.Name, r.Local.IP, r.Local.Port, r.Remote.IP, r.Remote.Port, r.Applied,
			r.Success[engine.Insert], r.Fail[engine.Insert], r.Success[engine.Update], r.Fail[engine.Update],
			r.Success[engine.Delete], r.Fail[engine.Delete], 0, 0, 0,
		})
	}
	return `REP_NAME MY_IP MY_PORT PEER_IP PEER_PORT APPLY_XSN INSERT_SUCCESS_COUNT INSERT_FAILURE_COUNT UPDATE_SUCCESS_COUNT
		UPDATE_FAILURE_COUNT DELETE_SUCCESS_COUNT DELETE_FAILURE_COUNT PARALLEL_ID SQL_APPLY_TABLE_COUNT APPLIER_INIT_BUFFER_USAGE`, rows
}

func (c *Session) repGap() (string, [][]any) {
	var rows [][]any
	for _, g := range c.engine().Gaps() {
		offset := int64(max(g.ReadSN, 0)) & 0x7FFFFFFF
		rows = append(rows, []any{g.Name, g.StartFlag, g.LastSN, g.ReadSN, g.Gap, g.Size, 0, 0, offset})
	}
	return `REP_NAME START_FLAG REP_LAST_SN REP_SN REP_GAP REP_GAP_SIZE READ_LFG_ID READ_FILE_NO READ_OFFSET`, rows
}

func (c *Session) repSync() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Senders() {
		for _, t := range s.Sync {
			rows = append(rows, []any{s.Name, t.Table, t.Partition, t.Records, t.SN})
		}
	}
	return `REP_NAME SYNC_TABLE SYNC_PARTITION SYNC_RECORD_COUNT SYNC_SN`, rows
}

func (c *Session) repExec() (string, [][]any) {
	return `PORT MAX_SENDER_COUNT MAX_RECEIVER_COUNT`, [][]any{{c.engine().Property("REPLICATION_PORT_NO"), 32, 32}}
}

func (c *Session) property() (string, [][]any) {
	var rows [][]any
	for _, p := range c.engine().Properties() {
		var least, most any
		if p.Limits.Seen {
			least, most = p.Limits.Min, p.Limits.Max
		}
		rows = append(rows, []any{p.Name, 1, p.Limits.Attr, least, most, p.Value, nil, nil, nil, nil, nil, nil, nil})
	}
	return `NAME STOREDCOUNT ATTR MIN MAX VALUE1 VALUE2 VALUE3 VALUE4 VALUE5 VALUE6 VALUE7 VALUE8`, rows
}

func (c *Session) sessions() (string, [][]any) {
	const columns = `ID TRANS_ID TASK_STATE COMM_NAME XA_SESSION_FLAG XA_ASSOCIATE_FLAG QUERY_TIME_LIMIT DDL_TIME_LIMIT
		FETCH_TIME_LIMIT UTRANS_TIME_LIMIT IDLE_TIME_LIMIT IDLE_START_TIME ACTIVE_FLAG OPENED_STMT_COUNT CLIENT_PACKAGE_VERSION
		CLIENT_PROTOCOL_VERSION CLIENT_PID CLIENT_TYPE CLIENT_APP_INFO CLIENT_NLS DB_USERNAME DB_USERID DEFAULT_TBSID
		DEFAULT_TEMP_TBSID SYSDBA_FLAG AUTOCOMMIT_FLAG SESSION_STATE ISOLATION_LEVEL REPLICATION_MODE TRANSACTION_MODE
		COMMIT_WRITE_WAIT_MODE OPTIMIZER_MODE HEADER_DISPLAY_MODE CURRENT_STMT_ID STACK_SIZE DEFAULT_DATE_FORMAT
		TRX_UPDATE_MAX_LOGSIZE PARALLE_DML_MODE LOGIN_TIME FAILOVER_SOURCE NLS_TERRITORY NLS_ISO_CURRENCY NLS_CURRENCY
		NLS_NUMERIC_CHARACTERS TIME_ZONE LOB_CACHE_THRESHOLD QUERY_REWRITE_ENABLE DBLINK_GLOBAL_TRANSACTION_LEVEL
		DBLINK_REMOTE_STATEMENT_AUTOCOMMIT MAX_STATEMENTS_PER_SESSION SSL_CIPHER SSL_CERTIFICATE_SUBJECT SSL_CERTIFICATE_ISSUER
		CLIENT_INFO MODULE ACTION REPLICATION_DDL_SYNC REPLICATION_DDL_SYNC_TIMELIMIT MESSAGE_CALLBACK SHARD_DDL_LOCK_TIMEOUT
		SHARD_DDL_LOCK_TRY_COUNT DDL_LOCK_TIMEOUT`
	names := strings.Fields(columns)
	transactions := map[int64]int64{} // by session
	for _, t := range c.engine().Transactions() {
		transactions[t.Session] = t.ID
	}
	var rows [][]any
	for _, s := range c.engine().Sessions() {
		transaction, open := transactions[s.ID]
		known := map[string]any{
			"ID": s.ID, "COMM_NAME": s.Login.From, "QUERY_TIME_LIMIT": s.QueryTimeout(), "DDL_TIME_LIMIT": 0, "FETCH_TIME_LIMIT": 60,
			"UTRANS_TIME_LIMIT": 3600, "IDLE_TIME_LIMIT": 0, "CLIENT_APP_INFO": s.Login.App, "DB_USERNAME": s.User, "DB_USERID": s.UserID,
			"SYSDBA_FLAG": flag(s.Login.Sysdba), "TRANS_ID": transaction, "AUTOCOMMIT_FLAG": flag(!open), "DDL_LOCK_TIMEOUT": s.DDLLockTimeout(), "SESSION_STATE": "SERVICE", "TASK_STATE": "EXECUTING",
			"REPLICATION_MODE": flag(s.Replicates()), "LOGIN_TIME": s.Since.Unix(), "CLIENT_TYPE": "CLI-64LE", "ACTIVE_FLAG": flag(s.ID == c.ID),
		}
		row := make([]any, len(names))
		for i, n := range names {
			row[i] = known[n]
		}
		rows = append(rows, row)
	}
	return columns, rows
}

func (c *Session) statements() (string, [][]any) {
	var rows [][]any
	for _, s := range c.engine().Sessions() {
		if text := s.Statement(); text != "" {
			rows = append(rows, []any{s.ID, s.ID << 16, 0, nil, text, 0, 0, 0, 1})
		}
	}
	return `SESSION_ID ID PARENT_ID CURSOR_TYPE QUERY TOTAL_TIME EXECUTE_TIME FETCH_TIME EXECUTE_FLAG`, rows
}

func (c *Session) instance() (string, [][]any) {
	e := c.engine()
	return `STARTUP_PHASE STARTUP_TIME_SEC WORKING_TIME_SEC`,
		[][]any{{"SERVICE", e.Started.Unix(), max(0, int64(time.Since(e.Started).Seconds()))}}
}

func (c *Session) database() (string, [][]any) {
	return `DB_NAME PRODUCT_SIGNATURE DB_SIGNATURE VERSION_ID`, [][]any{{c.catalog().DBName, "altisim", "altisim", 0}}
}

func (c *Session) version() (string, [][]any) {
	return `PRODUCT_VERSION PKG_BUILD_PLATFORM_INFO PRODUCT_TIME SM_VERSION META_VERSION PROTOCOL_VERSION REPL_PROTOCOL_VERSION`,
		[][]any{{"7.2.0.0.0-altisim", nil, nil, nil, nil, nil, nil}}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
