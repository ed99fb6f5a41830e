package main_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	at "aku/e2e/altisim/altisimtest"
)

func TestQueries_GiveRowsOrTheServersErrors(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do("CREATE TABLE A (ID INTEGER PRIMARY KEY, NAME VARCHAR(20), AMOUNT NUMERIC(10,2) DEFAULT 1.5)",
		"CREATE TABLE SYS.B (ID BIGINT, A_ID INTEGER NOT NULL, CONSTRAINT PKB PRIMARY KEY (ID, A_ID), UNIQUE (A_ID));",
		"CREATE USER U1 IDENTIFIED BY U1", `CREATE TABLE "Mixed" ("lower" INTEGER PRIMARY KEY)`,
		"CREATE TABLE PT (C1 INTEGER PRIMARY KEY) PARTITION BY RANGE (C1) (PARTITION P1 VALUES LESS THAN (10), PARTITION P2 VALUES DEFAULT)",
		"INSERT INTO a VALUES (1, 'one', 1), (2, 'two', 2.25), (3, NULL, NULL)", "insert into sys.b (id, a_id) values (10, 1)",
		"INSERT INTO B SELECT 20, ID FROM A WHERE NAME = 'two'", `INSERT INTO "Mixed" VALUES (5)`)
	for query, rows := range map[string][]string{
		"SELECT 1 FROM DUAL;":                                                  {"1"},
		"select count(*), sum(amount), max(id) from a":                         {"3|3.25|3"},
		"SELECT A.NAME, B.ID FROM A, B WHERE A.ID = B.A_ID ORDER BY B.ID DESC": {"two|20", "one|10"},
		"SELECT X.NAME N, COUNT(Y.ID) FROM SYS.A X LEFT OUTER JOIN SYS.B Y ON X.ID = Y.A_ID GROUP BY X.NAME ORDER BY 2 DESC, 1": {"one|1", "two|1", "-|0"},
		"SELECT SYS.A.ID FROM SYS.A WHERE SYS.A.ID IN (SELECT A_ID FROM B) ORDER BY 1":                                          {"1", "2"},
		"SELECT NAME FROM A WHERE NAME LIKE 't%'":                                                                               {"two"},
		"SELECT NAME FROM A WHERE NAME LIKE 'T%'":                                                                               {},
		"SELECT NVL(NAME, 'none') || '!' FROM A WHERE NAME IS NULL":                                                             {"none!"},
		"SELECT ID FROM A UNION SELECT LEVEL + 1 FROM DUAL CONNECT BY LEVEL <= 3 ORDER BY 1":                                    {"1", "2", "3", "4"},
		"SELECT ID FROM A MINUS SELECT A_ID FROM B":                                                                             {"3"},
		"SELECT ID FROM A ORDER BY ID LIMIT 2":                                                                                  {"1", "2"},
		`SELECT "lower" FROM "Mixed"`:                                                                                           {"5"},
		"WITH W AS (SELECT ID FROM A WHERE ID > 1) SELECT COUNT(*) FROM W":                                                      {"2"},
		"SELECT ID FROM A WHERE ID = 1 FOR UPDATE":                                                                              {"1"},
		"SELECT USER_NAME(), DB_NAME() FROM DUAL":                                                                               {"SYS|mydb"},
		"SELECT ID -- a comment\nFROM A /* another */ WHERE NAME = 'one'":                                                       {"1"},
		"SELECT DB_NAME FROM SYSTEM_.SYS_DATABASE_":                                                                             {"mydb"},
		"SELECT STARTUP_PHASE FROM V$INSTANCE":                                                                                  {"SERVICE"},
		"SELECT U.USER_NAME, T.TABLE_NAME FROM SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_USERS_ U WHERE T.USER_ID = U.USER_ID AND T.TABLE_NAME IN ('A','B') ORDER BY 2": {"SYS|A", "SYS|B"},
		`SELECT T.TABLE_NAME, C.CONSTRAINT_NAME FROM SYSTEM_.SYS_TABLES_ T, SYSTEM_.SYS_CONSTRAINTS_ C
			WHERE T.TABLE_ID = C.TABLE_ID AND C.CONSTRAINT_TYPE = 3 AND T.TABLE_NAME = 'B'`: {"B|PKB"},
		"SELECT C.COLUMN_NAME FROM SYSTEM_.SYS_COLUMNS_ C, SYSTEM_.SYS_TABLES_ T WHERE C.TABLE_ID = T.TABLE_ID AND T.TABLE_NAME = 'A' ORDER BY COLUMN_ORDER": {"ID", "NAME", "AMOUNT"},
		"SELECT PARTITION_NAME FROM SYSTEM_.SYS_TABLE_PARTITIONS_ ORDER BY 1":                                                                                {"P1", "P2"},
		"SELECT NAME, VALUE1 FROM V$PROPERTY WHERE NAME = 'REPLICATION_MAX_COUNT'":                                                                           {"REPLICATION_MAX_COUNT|32"},
	} {
		got, err := c.TryRows(query)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(rows) {
			t.Errorf("%s: %q %v, want %q", query, got, err, rows)
		}
	}
	for statement, code := range map[string]int{
		"SELECT * FROM NOSUCH": 0x31031, "SELECT * FROM NOUSER.A": 0x31031, "SELECT * FROM V$NOSUCH": 0x31031, "SELECT * FROM SYSTEM_.NOSUCH": 0x31031,
		"SELECT NOCOL FROM A": 0x31058, "SELECT SESSION_ID, QUERY, EXECUTE_FLAG, STATE FROM V$STATEMENT": 0x31058, "UPDATE A SET NOCOL = 1": 0x31058,
		"SELEC 1": 0x31001, "DESC A": 0x31001, "SELECT FROM": 0x31001, "SELECT 'open FROM DUAL": 0x31001, "CREATE TABLE X (C1 NOTYPE)": 0x31001,
		"CREATE TABLE A (C1 INTEGER)": 0x31022, "CREATE USER U1 IDENTIFIED BY X": 0x31022, "CREATE TABLE NOUSER.X (C1 INTEGER)": 0x31010,
		"INSERT INTO A VALUES (1, 'again', 0)": 0x11058, "INSERT INTO B VALUES (11, 1)": 0x11058, "INSERT INTO A VALUES (1)": 0x31053,
		"INSERT INTO A VALUES ('x', 'not a number', 0)": 0x21011, "INSERT INTO A VALUES (9, 'much too long for this column', 0)": 0x2100D,
		"INSERT INTO A (NAME) VALUES ('no key')": 0x31074, "ALTER SYSTEM SET NOSUCH = 1": 0x01065, "ALTER SYSTEM SET PORT_NO = 1": 0x01067,
	} {
		try(t, c, statement, code)
	}
	want(t, c, "SELECT COUNT(*) FROM A", "3")

	u := s.Open(at.Dial{User: "U1", Password: "U1"})
	u.Do("CREATE TABLE A (C1 INTEGER PRIMARY KEY)", "INSERT INTO A VALUES (7)")
	want(t, u, "SELECT * FROM A", "7")
	want(t, c, "SELECT * FROM U1.A", "7")
	try(t, u, "DROP TABLE SYS.A", 0x311B1)
	try(t, u, "CREATE USER U2 IDENTIFIED BY X", 0x311B1)
	c.Do("DROP TABLE U1.A", "DROP USER U1", "DELETE FROM SYS.B WHERE A_ID = 1", "UPDATE SYS.A SET NAME = 'TWO' WHERE ID = 2",
		"GRANT ALL ON A TO PUBLIC")
	want(t, c, "SELECT COUNT(*) FROM B", "1")
}

// Values and column names as the Go driver gets them from the real server's driver.
func TestValues_HaveTheGoTypesOfTheRealDriver(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	for _, prepare := range []string{"0", "1"} {
		t.Run("UseServerSidePrepare="+prepare, func(t *testing.T) {
			c := s.OpenDSN(s.DSN(at.Dial{}) + ";UseServerSidePrepare=" + prepare)
			ctx := context.Background()
			c.Do("CREATE TABLE TT (C_INT INTEGER, C_BIG BIGINT, C_NUM NUMBER(20,0), C_DBL DOUBLE, C_CHAR CHAR(5), C_VAR VARCHAR(2000), C_DATE DATE, C_SMALL SMALLINT)")
			insert := func(args ...any) {
				t.Helper()
				r, err := c.ExecContext(ctx, "INSERT INTO TT (C_INT, C_BIG, C_VAR) VALUES (?, ?, ?)", args...)
				if err != nil {
					t.Fatal(err)
				}
				if n, err := r.RowsAffected(); n != 1 || err != nil {
					t.Errorf("rows affected: %d, %v", n, err)
				}
			}
			insert(5, int64(9223372036854775807), "it's; \\ é")
			insert(nil, nil, "")
			c.Do("UPDATE TT SET C_NUM = 1.25, C_DBL = 0.1, C_CHAR = 'ab', C_DATE = SYSDATE, C_SMALL = 7 WHERE C_INT = 5")
			rows, err := c.QueryContext(ctx, "SELECT TT.*, '' FROM TT ORDER BY C_INT DESC")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var got [2][9]any
			for i := 0; rows.Next(); i++ {
				into := make([]any, 9)
				for j := range into {
					into[j] = &got[i][j]
				}
				if err := rows.Scan(into...); err != nil {
					t.Fatal(err)
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			date, _ := got[0][6].(time.Time)
			if d := time.Since(date); d < -time.Minute || d > time.Minute {
				t.Errorf("SYSDATE is %s away", d)
			}
			got[0][6] = nil
			wanted := [2][9]any{
				{int32(5), int64(9223372036854775807), 1.25, 0.1, []byte("ab   "), []byte("it's; \\ é"), nil, int32(7), nil},
			}
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", wanted) {
				t.Errorf("got  %#v\nwant %#v", got, wanted)
			}
			one, err := c.QueryContext(ctx, "SELECT COUNT(*), SUM(C_INT), MAX(C_BIG), SYSDATE, 'abc', C_INT AS X, C_BIG Y FROM TT WHERE C_INT = ? GROUP BY C_INT, C_BIG", 5)
			if err != nil {
				t.Fatal(err)
			}
			defer one.Close()
			names, err := one.Columns()
			for one.Next() {
			}
			if err := errors.Join(err, one.Err()); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(names, err) != "[COUNT(*) SUM(C_INT) MAX(C_BIG) SYSDATE 'ABC' X Y] <nil>" {
				t.Errorf("columns %q %v", names, err)
			}
			want(t, c, "SELECT C_INT FROM TT WHERE C_VAR LIKE 'it%'", "5")
			try(t, c, "SELECT * FROM NOSUCH", 0x31031)
			try(t, c, alter("START"), 0x6111B)
			want(t, c, "SELECT COUNT(*) FROM TT WHERE C_VAR IS NULL", "1")
			c.Do("DROP TABLE TT")
		})
	}
}

// An open transaction holds nobody up who wants other rows, and keeps its own changes.
func TestOpenTransaction_HoldsUpNobodyWhoWantsOtherRows(t *testing.T) {
	t.Parallel()
	p := newPair(t, at.Options{})
	p.n1.Do(alter("START"))
	p.n2.Do(alter("START"))
	ctx := context.Background()
	user := p.s1.Open(at.Dial{})
	tx, err := user.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(q string, code int) {
		t.Helper()
		if _, err := tx.Exec(q); at.Code(err) != code {
			t.Errorf("%s: %v, want ERR-%05X", q, err, code)
		}
	}
	exec("INSERT INTO T1 VALUES (1, 'open', 0)", 0)
	exec("INSERT INTO T1 VALUES (1, 'open', 0)", 0x11058) // fails alone, the transaction goes on
	exec("SELEC", 0x31001)
	exec("INSERT INTO T1 VALUES (2, 'open', 0)", 0)
	want(t, p.n1, "SELECT COUNT(*) FROM T1", "0")
	p.n1.Do("INSERT INTO T1 VALUES (3, 'other session', 0)")
	p.n2.Do("INSERT INTO T1 VALUES (4, 'from the peer', 0)")
	p.n1.Until(soon, "SELECT C1 FROM T1 ORDER BY 1", "3", "4")
	exec("UPDATE T1 SET C3 = C3 + 1 WHERE C1 <= 2", 0)
	var n int
	if err := tx.QueryRow("SELECT COUNT(*) FROM T1").Scan(&n); err != nil || n != 4 {
		t.Errorf("the transaction sees %d rows, %v; want its own too", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	want(t, p.n1, "SELECT C1, C3 FROM T1 ORDER BY 1", "1|1", "2|1", "3|0", "4|0")
	p.n2.Until(soon, "SELECT C1, C3 FROM T1 ORDER BY 1", "1|1", "2|1", "3|0", "4|0")

	// DDL commits what is open.
	if tx, err = user.BeginTx(ctx, nil); err != nil {
		t.Fatal(err)
	}
	exec("INSERT INTO T1 VALUES (60, 'with DDL', 0)", 0)
	exec("CREATE TABLE T2 (C1 INTEGER)", 0)
	want(t, p.n1, "SELECT COUNT(*) FROM T1 WHERE C1 = 60", "1")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// A key that an open transaction has taken is its own when it commits, and free when it rolls back. Who wants it waits.
func TestInsert_OfAKeyThatAnOpenTransactionHasTaken_WaitsForItsEnd(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do(table)
	first, _ := begin(t, s, "INSERT INTO T1 VALUES (50, 'first', 0)", "INSERT INTO T1 VALUES (51, 'first', 0)")
	taken := beside(s, "", "INSERT INTO T1 VALUES (50, 'second', 0)")
	changed := beside(s, "", "UPDATE T1 SET C2 = 'third' WHERE C1 = 51")
	c.Do("INSERT INTO T1 VALUES (52, 'another', 0)")
	waiting(c, "1")
	ends(t, "an UPDATE of a row that is not there yet", changed, 0)
	stillRuns(t, "a second INSERT of the key", taken)
	end(t, first.Commit)
	ends(t, "a second INSERT of the key", taken, 0x11058)

	first, _ = begin(t, s, "INSERT INTO T1 VALUES (60, 'taken back', 0)")
	taken = beside(s, "", "INSERT INTO T1 VALUES (60, 'second', 0)")
	waiting(c, "1")
	stillRuns(t, "an INSERT of a key that may come free", taken)
	end(t, first.Rollback)
	ends(t, "an INSERT of a key that has come free", taken, 0)
	want(t, c, "SELECT C1, C2 FROM T1 ORDER BY 1", "50|first", "51|first", "52|another", "60|second")
}
