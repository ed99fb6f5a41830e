package sqlfront

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/e2e/altisim/engine"
)

func parseOne(t *testing.T, text string) Statement {
	t.Helper()
	list, err := Split(text)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d statements, %v", text, len(list), err)
	}
	return list[0]
}

func TestSplit_AtSemicolonsOutsideTexts(t *testing.T) {
	list, err := Split("BEGIN;SAVEPOINT s; insert INTO \"a;b\" VALUES ('x;y', E'it\\'s') -- c;\n;; COMMIT /* ; */")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, st := range list {
		got = append(got, st.Source)
	}
	if diff := cmp.Diff([]string{"BEGIN", "SAVEPOINT s", `insert INTO "a;b" VALUES ('x;y', E'it\'s')`, "COMMIT"}, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"SELECT 'x", `SELECT "x`, "SELECT /* x"} {
		if _, err := Split(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestTokens_NationalTextIsText(t *testing.T) {
	got := parseOne(t, `INSERT INTO T VALUES (N'한''글', n'x', NN)`).Tokens
	if got[5].Kind != Text || got[5].Text != "한'글" || got[7].Kind != Text || got[9].Kind != Word {
		t.Errorf("%+v", got)
	}
}

func TestRewrite_OrderByAColumnThatIsTwiceInTheList_IsRefused(t *testing.T) {
	names := Names{User: "SYS", Table: func(user, name string) (string, error) { return user + "." + name, nil }}
	for text, refused := range map[string]bool{
		`SELECT "ID", "ID", V FROM T ORDER BY "ID" LIMIT 5`:            true,
		`SELECT ID, V, ID FROM T ORDER BY V, ID DESC`:                  true,
		`SELECT V AS ID, ID FROM T ORDER BY ID`:                        true,
		`SELECT "ID", "ID" FROM T X ORDER BY X."ID"`:                   false,
		`SELECT X."ID", X."ID" FROM T X ORDER BY X."ID"`:               false,
		`SELECT "ID" AS K0, "ID" FROM T ORDER BY "ID"`:                 false,
		`SELECT "ID" AS K0, "ID" FROM T ORDER BY K0`:                   false,
		`SELECT ID, ID FROM T ORDER BY V`:                              false,
		`SELECT ID, ID FROM T WHERE V IN (SELECT V FROM U ORDER BY V)`: false,
		`SELECT ID, ID FROM T`:                                         false,
	} {
		_, err := Rewrite(parseOne(t, text), names)
		if got := errors.Is(err, engine.Errorf(0x3105B, "")); got != refused {
			t.Errorf("%s: %v, want it refused: %t", text, err, refused)
		}
	}
}

func TestRewrite_MakesItSQLitesOrSaysWhatIsUnknown(t *testing.T) {
	names := Names{
		User: "U1", SessionID: 7, UserID: 3, Database: "mydb",
		Table: func(user, name string) (string, error) { return Q(user + "." + name), nil },
		Virtual: func(name string) *Virtual {
			return &Virtual{Columns: []string{"A", "B"}, Rows: func() [][]any { return [][]any{{1, "x'y"}, {engine.NoSN, ""}} }}
		},
	}
	for _, c := range []struct{ in, out, labels string }{
		{"select c1 from t1", `SELECT C1 FROM "U1.T1" AS "T1"`, "C1"},
		{"SELECT x.c1 a, y.c2 AS \"b\" FROM sys.t1 x, t2 y WHERE x.c1=y.c1", `SELECT X . C1 A , Y . C2 AS "b" FROM "SYS.T1" X , "U1.T2" Y WHERE X . C1 = Y . C1`, "A b"},
		{"SELECT SYS.T1.C1 FROM SYS.T1", `SELECT T1 . C1 FROM "SYS.T1" AS "T1"`, "C1"},
		{"SELECT count(*), '' FROM t1", `SELECT COUNT ( * ) , NULL FROM "U1.T1" AS "T1"`, "COUNT(*) ''"},
		{"SELECT * FROM t1 JOIN t2 ON t1.a = t2.a", `SELECT * FROM "U1.T1" AS "T1" JOIN "U1.T2" AS "T2" ON T1 . A = T2 . A`, ""},
		{"INSERT INTO t1 (c1) VALUES ('5'::int4, $2, '')", `INSERT INTO "U1.T1" ( C1 ) VALUES ( '5' , ?2 , NULL )`, ""},
		{"UPDATE t1 SET c1 = 'it''s' WHERE c2 = ?", `UPDATE "U1.T1" AS "T1" SET C1 = 'it''s' WHERE C2 = ?`, ""},
		{"DELETE FROM sys.t1", `DELETE FROM "SYS.T1" AS "T1"`, ""},
		{"SELECT session_id() FROM dual", `SELECT 7 FROM (SELECT 'X' AS DUMMY) AS DUAL`, "SESSION_ID()"},
		{"SELECT A FROM V$X", `WITH "V$X"("A", "B") AS (VALUES (1, 'x''y'), (-1, NULL)) SELECT A FROM "V$X" AS "V$X"`, "A"},
	} {
		q, err := Rewrite(parseOne(t, c.in), names)
		if err != nil || q.SQL != c.out || strings.Join(q.Labels, " ") != c.labels {
			t.Errorf("%s:\n got %s, labels %q, %v\nwant %s, labels %q", c.in, q.SQL, q.Labels, err, c.out, c.labels)
		}
	}
}

// Q is quote for the test's tables.
func Q(name string) string { return quote(name) }

func TestCreateReplication_ReadsHostsAndItems(t *testing.T) {
	got, err := CreateReplication(parseOne(t, `create lazy replication "r1" with 'h1',1 'h2',2
		from sys.t1 to sys.t1, from u.t2 partition p1 to u.t3 partition p2`))
	if err != nil {
		t.Fatal(err)
	}
	want := &engine.Replication{Name: "r1", Hosts: []engine.Host{{Addr: "h1", Port: 1}, {Addr: "h2", Port: 2}}, Items: []engine.Item{
		{LocalUser: "SYS", LocalTable: "T1", RemoteUser: "SYS", RemoteTable: "T1"},
		{LocalUser: "U", LocalTable: "T2", LocalPartition: "P1", RemoteUser: "U", RemoteTable: "T3", RemotePartition: "P2"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{
		"CREATE REPLICATION R", "CREATE REPLICATION R WITH 'h' FROM A.B TO A.B", "CREATE REPLICATION R WITH 'h',1 FROM B TO A.B",
		"CREATE REPLICATION R WITH 'h',1 FROM A.B TO A.B X",
	} {
		if _, err := CreateReplication(parseOne(t, bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestCreateTable_ReadsColumnsKeysAndPartitions(t *testing.T) {
	got, err := CreateTable(parseOne(t, `CREATE TABLE T (A INT NOT NULL, B VARCHAR(20) FIXED DEFAULT 'it''s', C NUMERIC(10, 2) NULL,
		D DATE DEFAULT SYSDATE, CONSTRAINT PK PRIMARY KEY (A, B), UNIQUE (C)) TABLESPACE SYS_TBS_MEM_DATA`), "U")
	if err != nil {
		t.Fatal(err)
	}
	want := &engine.Table{
		User: "U", Name: "T", PrimaryKey: []string{"A", "B"}, KeyName: "PK", Unique: [][]string{{"C"}},
		Columns: []engine.Column{
			{Name: "A", Type: "INTEGER", NotNull: true}, {Name: "B", Type: "VARCHAR", Precision: 20, NotNull: true, Default: "'it''s'"},
			{Name: "C", Type: "NUMERIC", Precision: 10, Scale: 2}, {Name: "D", Type: "DATE", Default: "(" + sysdate + ")"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReservedWords_AreNamesInQuotesOnly(t *testing.T) {
	for _, form := range []string{"CREATE TABLE U.%s (C INTEGER)", "CREATE TABLE U.T (%s INTEGER)", "CREATE TABLE U.T (C INTEGER, PRIMARY KEY (%s))"} {
		if _, err := CreateTable(parseOne(t, fmt.Sprintf(form, "ORDER")), "U"); err == nil {
			t.Errorf(form+" was taken", "ORDER")
		}
	}
	if _, err := CreateTable(parseOne(t, `CREATE TABLE U."ORDER" ("LEVEL" INTEGER PRIMARY KEY)`), "U"); err != nil {
		t.Error(err)
	}
}
