package altibase

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/alexbrainman/odbc"
	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// said is what the driver returns for one diagnostic record.
func said(state string, native int, text string) error {
	return &odbc.Error{APIName: "SQLExecute", Diag: []odbc.DiagRecord{{State: state, NativeError: native, Message: text}}}
}

func TestClassify(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code string
		kind error
	}{
		{"native number", said("HY000", 0x61027, "Replication did not start."), "61027", akucore.ErrDone},
		{"number in the text", said("HY000", 1, "ERROR: [ERR-61027 : Replication did not start.]"), "61027", akucore.ErrDone},
		{"number in the text, and more text", said("HY000", 1, "ERROR: [ERR-61075 : Timeout exceed.];\nError while executing the query"), "61075", akucore.ErrTimeout},
		{"handshake: peer down", said("HY000", 0x6100D, "[Sender] Failed to handshake with the peer server (Handshake Process Error)"), "6100D", nil},
		{"handshake: mismatch", said("HY000", 0x6100D, "[Sender] Failed to handshake with the peer server (The replication's item count does not match [1:2].)"), "6100D", akucore.ErrFatal},
		{"handshake: other table", said("HY000", 0x6100D, "Internal server error in replication module (Table is different.).)"), "6100D", akucore.ErrFatal},
		{"admin mode", said("HY000", 266350, "If ADMIN_MODE is activated, only …"), "4106E", akucore.ErrClosed},
		{"SYSDBA taken", said("HY000", 266305, "Another SYSDBA session is already running."), "41041", akucore.ErrBusy},
		{"password", said("28000", 266286, "Invalid password"), "4102E", akucore.ErrPassword},
		{"refused", said("08001", 327730, "Client unable to establish connection."), "50032", akucore.ErrUnreachable},
		{"broken, without number", said("08S02", 0, "the line is cut"), "", akucore.ErrUnreachable},
		{"broken, without text", driver.ErrBadConn, "", akucore.ErrUnreachable},
		{"query timeout", said("HYT00", 4164, "Client's query exceeded the execution time limit."), "01044", akucore.ErrTimeout},
		{"no driver", said("01000", 0, "[unixODBC][Driver Manager]Can't open lib 'x' : file not found"), "", akucore.ErrFatal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := classify(test.err)
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code {
				t.Fatalf("%#v, want code %s", err, test.code)
			}
			for _, kind := range []error{akucore.ErrDone, akucore.ErrFatal, akucore.ErrClosed, akucore.ErrBusy, akucore.ErrPassword, akucore.ErrUnreachable, akucore.ErrTimeout} {
				if got, want := errors.Is(err, kind), errors.Is(test.kind, kind); got != want {
					t.Errorf("is %q: %t, want %t", kind, got, want)
				}
			}
		})
	}
	long := classify(said("HY000", 1, "ERROR: [ERR-6100D : … does not match. [T3.C2(12):T3.C2(4)].)];\nError while executing the query"))
	if want := "ERR-6100D … does not match. [T3.C2(12):T3.C2(4)].)"; long.Error() != want {
		t.Errorf("text %q, want %q", long, want)
	}
	if err := classify(errors.New(noResultSet)); err != nil {
		t.Errorf("a statement that is no query counts as failed: %v", err)
	}
}

func TestStatements(t *testing.T) {
	m := akucore.Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", ServerCount: 2, ReplicationPort: 20301,
		Groups: []akucore.Group{{Prefix: "AKU_REP", Parallel: 4, Tables: []akucore.Table{
			{User: "SYS", Name: "T1"}, {User: "U1", Name: "Mixed"}, {User: "SYS", Name: "T2", Partition: "P1"},
		}}},
	}
	var got []string
	for _, do := range []akucore.Verb{akucore.Create, akucore.Start, akucore.StartRetry, akucore.Stop, akucore.Reset, akucore.Sync, akucore.Drop} {
		got = append(got, Statements(m, akucore.Step{Do: do, On: 0, Peer: 1})...)
	}
	got = append(got, Statements(m, akucore.Step{Do: akucore.Truncate, Tables: m.Tables()})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.Open})...)
	want := []string{
		`CREATE REPLICATION AKU_REP_01 WITH 'altibase-1.altibase-svc',20301 FROM SYS.T1 TO SYS.T1, FROM U1."Mixed" TO U1."Mixed", FROM SYS.T2 PARTITION P1 TO SYS.T2 PARTITION P1`,
		"ALTER REPLICATION AKU_REP_01 START RETRY", "-- until V$REPSENDER has it with STATUS 1; if it does not get there: STOP, and START, which says why",
		"ALTER REPLICATION AKU_REP_01 START RETRY",
		"ALTER REPLICATION AKU_REP_01 STOP",
		"ALTER REPLICATION AKU_REP_01 RESET",
		"ALTER REPLICATION AKU_REP_01 SYNC PARALLEL 4",
		"DROP REPLICATION AKU_REP_01",
		"ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1",
		"TRUNCATE TABLE SYS.T1",
		`TRUNCATE TABLE U1."Mixed"`,
		"ALTER TABLE SYS.T2 TRUNCATE PARTITION P1",
		"ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 0",
		"ALTER SYSTEM SET ADMIN_MODE = 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConnectionString(t *testing.T) {
	vendor := Driver{SYSDBA: "PRIVILEGE=SYSDBA", Extra: "NLS_USE=UTF8", Quote: QuoteDouble}
	postgres := Driver{SYSDBA: "pqopt=x", Quote: QuoteBraces}
	tests := []struct {
		driver   Driver
		password string
		sysdba   bool
		want     string
	}{
		{vendor, "manager", false, "DSN=AKU;Server=10.0.0.1;PORT=20300;UID=SYS;PWD=manager;NLS_USE=UTF8"},
		{vendor, "a;b}c=d", true, `DSN=AKU;Server=10.0.0.1;PORT=20300;UID=SYS;PWD="a;b}c=d";NLS_USE=UTF8;PRIVILEGE=SYSDBA`},
		{postgres, `a;b}c=d"`, true, `DSN=AKU;Server=10.0.0.1;PORT=20300;UID=SYS;PWD={a;b}}c=d"};pqopt=x`},
	}
	for driver, want := range map[*Driver]string{&vendor: "Server=[fd00::1];", &postgres: "Server=fd00::1;"} {
		if got, err := driver.connectionString("fd00::1", 20300, "manager", false); err != nil || !strings.Contains(got, want) {
			t.Errorf("over IPv6: %v, %s has no %s", err, got, want)
		}
	}
	for _, test := range tests {
		got, err := test.driver.connectionString("10.0.0.1", 20300, test.password, test.sysdba)
		if err != nil || got != test.want {
			t.Errorf("%q: %v\n got %s\nwant %s", test.password, err, got, test.want)
		}
	}
	if _, err := vendor.connectionString("h", 1, `a"b`, false); !errors.Is(err, akucore.ErrFatal) {
		t.Errorf("a password that the driver cannot take: %v", err)
	}
}

func TestSplitStatements(t *testing.T) {
	script := "-- first; comment\nCREATE TABLE T1 (C1 INTEGER PRIMARY KEY); INSERT INTO T1 VALUES ('a;b -- c');\n\n"
	want := []string{"CREATE TABLE T1 (C1 INTEGER PRIMARY KEY)", "INSERT INTO T1 VALUES ('a;b -- c')"}
	if diff := cmp.Diff(want, splitStatements(script)); diff != "" {
		t.Error(diff)
	}
	block := "CREATE PROCEDURE P1 AS BEGIN A; B; END;\n/\nEXEC P1\n/\n"
	want = []string{"CREATE PROCEDURE P1 AS BEGIN A; B; END;", "EXEC P1"}
	if diff := cmp.Diff(want, splitStatements(block)); diff != "" {
		t.Error(diff)
	}
	if long := shorten(strings.Repeat("x ", 100)); len(long) > 90 {
		t.Errorf("not shortened: %q", long)
	}
}
