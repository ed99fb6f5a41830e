package altibase

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alexbrainman/odbc"
	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// said is what the driver returns for one diagnostic record.
func said(state string, native int, text string) error {
	return &odbc.Error{APIName: "SQLExecute", Diag: []odbc.DiagRecord{{State: state, NativeError: native, Message: text}}}
}

func TestClassify_GivesCodeKindAndWhatToDo(t *testing.T) {
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
		{"lock", said("HYT00", 0x11075, "The transaction has exceeded the lock timeout specified by the user."), "11075", akucore.ErrLocked},
		{"session closed", said("08004", 0x01043, "The session has been closed by the server"), "01043", akucore.ErrUnreachable},
		{"password too long", said("HY000", 0x41061, "The length of the identifier is too long"), "41061", akucore.ErrPassword},
		{"connection string", said("HY090", 0x5108D, "Invalid connection string format: 75 : [-]"), "5108D", akucore.ErrFatal},
		{"object unknown to SYNC", said("HY000", 0x61126, "Replication not found"), "61126", nil},
		{"two partitions of a table in a SYNC", said("HY000", 0x3129B, "Duplicate table names."), "3129B", akucore.ErrFatal},
		{"a table for partitions", said("HY000", 0x6114E, "The replication units mismatch: EP"), "6114E", akucore.ErrFatal},
		{"the last host", said("HY000", 0x610B9, "You cannot drop only one host."), "610B9", akucore.ErrFatal},
		{"number in a text that was cut", said("HY000", 1, "ERROR: [ERR-31001 : SQL syntax error \n\nline 1: parse error\nCREATE [1] REPL"), "31001", akucore.ErrFatal},
		{"no driver", said("01000", 0, "[unixODBC][Driver Manager]Can't open lib 'x' : file not found"), "", akucore.ErrFatal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Classify(test.err)
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code {
				t.Fatalf("%#v, want code %s", err, test.code)
			}
			for _, kind := range []error{akucore.ErrDone, akucore.ErrFatal, akucore.ErrClosed, akucore.ErrBusy, akucore.ErrPassword, akucore.ErrUnreachable, akucore.ErrTimeout, akucore.ErrLocked} {
				if got, want := errors.Is(err, kind), errors.Is(test.kind, kind); got != want {
					t.Errorf("is %q: %t, want %t", kind, got, want)
				}
			}
		})
	}
	long := Classify(said("HY000", 1, "ERROR: [ERR-6100D : … does not match. [T3.C2(12):T3.C2(4)].)];\nError while executing the query"))
	if want := "ERR-6100D … does not match. [T3.C2(12):T3.C2(4)].)"; long.Error() != want {
		t.Errorf("text %q, want %q", long, want)
	}
	for code := range advice {
		var native int
		if _, err := fmt.Sscanf(code, "%x", &native); err != nil {
			t.Fatal(err)
		}
		if got := Classify(said("HY000", native, "It failed.")).Error(); !strings.HasPrefix(got, "ERR-"+code+" It failed.: ") {
			t.Errorf("%s does not say what to do: %q", code, got)
		}
	}
	if err := Classify(errors.New(noResultSet)); err != nil {
		t.Errorf("a statement that is no query counts as failed: %v", err)
	}
}

func TestStatements_EachStepHasItsSQL(t *testing.T) {
	m := akucore.Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", ServerCount: 2, ReplicationPort: 20301, ReceiverLockTimeout: time.Hour,
		Blocks: []akucore.Block{{Prefix: "AKU_REP", Parallel: 4, Tables: []akucore.Table{
			{User: "SYS", Name: "T1"}, {User: "U1", Name: "Mixed"}, {User: "SYS", Name: "T2", Partition: "P1"},
		}}},
	}
	var got []string
	for _, do := range []akucore.Verb{akucore.Create, akucore.Start, akucore.StartRetry, akucore.Stop, akucore.Reset, akucore.Sync, akucore.Drop} {
		got = append(got, Statements(m, akucore.Step{Do: do, Side: akucore.Side{On: 0, Peer: 1}})...)
	}
	got = append(got, Statements(m, akucore.Step{Do: akucore.Start, Side: akucore.Side{On: 0, Peer: 1}, If: akucore.IfKept})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.MakeBeats, Side: akucore.Side{On: 0}})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.Deliver, Side: akucore.Side{On: 1, Peer: 0}})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.AwaitLocks, Side: akucore.Side{On: 0}})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.Truncate, Tables: m.Tables()})...)
	got = append(got, Statements(m, akucore.Step{Do: akucore.Open})...)
	want := []string{
		`CREATE REPLICATION AKU_REP_01 WITH 'altibase-1.altibase-svc',20301 FROM SYS.T1 TO SYS.T1, FROM U1."Mixed" TO U1."Mixed", FROM SYS.T2 PARTITION P1 TO SYS.T2 PARTITION P1, FROM SYS.AKU_REP_BEAT TO SYS.AKU_REP_BEAT`,
		"ALTER REPLICATION AKU_REP_01 START",
		"ALTER REPLICATION AKU_REP_01 START RETRY",
		"ALTER REPLICATION AKU_REP_01 STOP",
		"ALTER REPLICATION AKU_REP_01 RESET",
		"ALTER REPLICATION AKU_REP_01 SYNC PARALLEL 4",
		"DROP REPLICATION AKU_REP_01",
		"ALTER REPLICATION AKU_REP_01 START RETRY", "-- until V$REPSENDER has it with STATUS 1; if it does not get there: STOP, and START, which says why",
		"CREATE TABLE SYS.AKU_REP_BEAT (POD INTEGER, SEQ BIGINT, LIFE BIGINT, PREV BIGINT, SENT_MS BIGINT, PRIMARY KEY (POD, SEQ))",
		"INSERT INTO SYS.AKU_REP_BEAT SELECT 1, MAX(SEQ) + 1, MAX(LIFE), MAX(PREV), MAX(SENT_MS) FROM SYS.AKU_REP_BEAT WHERE POD = 1",
		"-- wait until SELECT MAX(SEQ) FROM SYS.AKU_REP_BEAT WHERE POD = 1 on altibase-0 is what it is here",
		"ALTER SYSTEM SET REPLICATION_LOCK_TIMEOUT = 3600",
		"ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 1",
		"TRUNCATE TABLE SYS.T1",
		`TRUNCATE TABLE U1."Mixed"`,
		"ALTER TABLE SYS.T2 TRUNCATE PARTITION P1",
		"ALTER SYSTEM SET REPLICATION_DDL_ENABLE = 0", "-- or leave it, if it was 1 before",
		"ALTER SYSTEM SET ADMIN_MODE = 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConnectionString_QuotesAsTheDriverWants(t *testing.T) {
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
		if got, err := driver.ConnectionString("fd00::1", 20300, "manager", false); err != nil || !strings.Contains(got, want) {
			t.Errorf("over IPv6: %v, %s has no %s", err, got, want)
		}
	}
	for _, test := range tests {
		got, err := test.driver.ConnectionString("10.0.0.1", 20300, test.password, test.sysdba)
		if err != nil || got != test.want {
			t.Errorf("%q: %v\n got %s\nwant %s", test.password, err, got, test.want)
		}
	}
	if _, err := vendor.ConnectionString("h", 1, `a"b`, false); !errors.Is(err, akucore.ErrFatal) {
		t.Errorf("a password that the driver cannot take: %v", err)
	}
}

// A panic of the driver would end the sidecar, and the next one as well.
func TestBounded_DriverThatPanics_IsAnError(t *testing.T) {
	err := new(Server).bounded(t.Context(), func() error { panic("slice bounds out of range [:20] with capacity 18") }, nil)
	if err == nil || !strings.Contains(err.Error(), "cannot read what the server answers: slice bounds") {
		t.Errorf("got %v", err)
	}
}
