package server

func (c *Session) sysReplications() (string, [][]any) {
	var rows [][]any
	for _, r := range c.catalog().Replications {
		rows = append(rows, []any{
			r.Name, r.HostNo, len(r.Hosts), flag(r.Started), r.XSN, len(r.Items), 0, 0, 0, 0, 0,
			nil, nil, nil, 0, 0, -1, nil, -1, 0, 0,
		})
	}
	return `REPLICATION_NAME LAST_USED_HOST_NO HOST_COUNT IS_STARTED XSN ITEM_COUNT CONFLICT_RESOLUTION REPL_MODE ROLE OPTIONS
		INVALID_RECOVERY REMOTE_FAULT_DETECT_TIME GIVE_UP_TIME GIVE_UP_XSN PARALLEL_APPLIER_COUNT APPLIER_INIT_BUFFER_SIZE REMOTE_XSN
		PEER_REPLICATION_NAME REMOTE_LAST_DDL_XSN CURRENT_READ_XLOGFILE_NO CURRENT_READ_XLOGFILE_OFFSET`, rows
}

func (c *Session) sysHosts() (string, [][]any) {
	var rows [][]any
	for _, r := range c.catalog().Replications {
		for _, h := range r.Hosts {
			rows = append(rows, []any{h.No, r.Name, h.Addr, h.Port, "TCP", "N/A"})
		}
	}
	return `HOST_NO REPLICATION_NAME HOST_IP PORT_NO CONN_TYPE IB_LATENCY`, rows
}

func (c *Session) sysItems() (string, [][]any) {
	cat := c.catalog()
	var rows [][]any
	for _, r := range cat.Replications {
		for _, i := range r.Items {
			unit, partition, oid := "T", "N", int64(0)
			if i.LocalPartition != "" {
				unit, partition = "P", "Y"
			}
			if t := cat.Table(i.LocalUser, i.LocalTable); t != nil {
				oid = t.OID()
			}
			rows = append(rows, []any{
				r.Name, oid, i.LocalUser, i.LocalTable, i.LocalPartition, i.RemoteUser, i.RemoteTable, i.RemotePartition,
				partition, i.InvalidMaxSN, nil, unit, 0,
			})
		}
	}
	return `REPLICATION_NAME TABLE_OID LOCAL_USER_NAME LOCAL_TABLE_NAME LOCAL_PARTITION_NAME REMOTE_USER_NAME REMOTE_TABLE_NAME
		REMOTE_PARTITION_NAME IS_PARTITION INVALID_MAX_SN CONDITION REPLICATION_UNIT IS_CONDITION_SYNCED`, rows
}

func (c *Session) sysTables() (string, [][]any) {
	cat := c.catalog()
	var rows [][]any
	for _, t := range cat.Tables {
		partitioned := "F"
		if len(t.Partitions) > 0 {
			partitioned = "T"
		}
		rows = append(rows, []any{
			cat.User(t.User).ID, t.ID, t.OID(), len(t.Columns), t.Name, "T", cat.ReplicationCount(t), 0, 0, 1, partitioned, "N", "N",
		})
	}
	return `USER_ID TABLE_ID TABLE_OID COLUMN_COUNT TABLE_NAME TABLE_TYPE REPLICATION_COUNT REPLICATION_RECOVERY_COUNT MAXROW TBS_ID
		IS_PARTITIONED TEMPORARY HIDDEN`, rows
}

func (c *Session) sysUsers() (string, [][]any) {
	rows := [][]any{{0, "PUBLIC", 0, "N"}}
	for _, u := range c.catalog().Users {
		rows = append(rows, []any{u.ID, u.Name, 0, "N"})
	}
	return `USER_ID USER_NAME FAILED_LOGIN_COUNT ACCOUNT_LOCK`, rows
}

func (c *Session) sysColumns() (string, [][]any) {
	cat := c.catalog()
	var rows [][]any
	for _, t := range cat.Tables {
		for n, col := range t.Columns {
			nullable := "T"
			if col.NotNull {
				nullable = "F"
			}
			var def any
			if col.Default != "" {
				def = col.Default
			}
			rows = append(rows, []any{
				col.ID, int32(col.TypeID()), cat.User(t.User).ID, t.ID, col.Precision, col.Scale, n, col.Size(), nullable, col.Name, def,
			})
		}
	}
	return `COLUMN_ID DATA_TYPE USER_ID TABLE_ID PRECISION SCALE COLUMN_ORDER SIZE IS_NULLABLE COLUMN_NAME DEFAULT_VAL`, rows
}

// Numbers of the constraint kinds in SYS_CONSTRAINTS_.
const (
	constraintNotNull = 1
	constraintUnique  = 2
	constraintPrimary = 3
)

type constraint struct {
	user, table, id int
	name            string
	kind            int
	columns         []int
}

func (c *Session) constraints() (out []constraint) {
	cat := c.catalog()
	for _, t := range cat.Tables {
		user, id := cat.User(t.User).ID, t.ID*1024
		add := func(kind int, name string, columns []string) {
			k := constraint{user: user, table: t.ID, id: id, name: name, kind: kind}
			if k.name == "" {
				k.name = "__SYS_CON_" + []string{"", "NOT_NULL", "UNIQUE", "PRIMARY"}[kind] + "_ID_" + itoa(id)
			}
			for _, n := range columns {
				if col := t.Column(n); col != nil {
					k.columns = append(k.columns, col.ID)
				}
			}
			out, id = append(out, k), id+1
		}
		if len(t.PrimaryKey) > 0 {
			add(constraintPrimary, t.KeyName, t.PrimaryKey)
		}
		for _, u := range t.Unique {
			add(constraintUnique, "", u)
		}
		for _, col := range t.Columns {
			if col.NotNull {
				add(constraintNotNull, "", []string{col.Name})
			}
		}
	}
	return out
}

func (c *Session) sysConstraints() (string, [][]any) {
	var rows [][]any
	for _, k := range c.constraints() {
		rows = append(rows, []any{k.user, k.table, k.id, k.name, k.kind, len(k.columns)})
	}
	return `USER_ID TABLE_ID CONSTRAINT_ID CONSTRAINT_NAME CONSTRAINT_TYPE COLUMN_CNT`, rows
}

func (c *Session) sysConstraintColumns() (string, [][]any) {
	var rows [][]any
	for _, k := range c.constraints() {
		for n, id := range k.columns {
			rows = append(rows, []any{k.user, k.table, k.id, n, id})
		}
	}
	return `USER_ID TABLE_ID CONSTRAINT_ID CONSTRAINT_COL_ORDER COLUMN_ID`, rows
}

func (c *Session) sysPartitions() (string, [][]any) {
	cat := c.catalog()
	var rows [][]any
	for _, t := range cat.Tables {
		for n, p := range t.Partitions {
			rows = append(rows, []any{cat.User(t.User).ID, t.ID, t.ID*1024 + n, p})
		}
	}
	return `USER_ID TABLE_ID PARTITION_ID PARTITION_NAME`, rows
}

func (c *Session) sysDatabase() (string, [][]any) {
	return `DB_NAME OWNER_DN`, [][]any{{c.catalog().DBName, nil}}
}
