package altibase

import (
	"database/sql/driver"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// initializeOn runs scripts on a server that fails on statements with refuse in them, and
// returns what was executed.
func initializeOn(t *testing.T, ready bool, refuse string, scripts ...lifecycle.Script) (executed []string, err error) {
	t.Helper()
	c := answers(func(statement string) ([][]driver.Value, error) {
		switch {
		case strings.HasPrefix(statement, "SELECT T.TABLE_ID") && ready:
			return [][]driver.Value{{int64(1)}}, nil
		case strings.HasPrefix(statement, "SELECT T.TABLE_ID"):
			return nil, nil
		case refuse != "" && strings.Contains(statement, refuse):
			return nil, said("HY000", 0x31001, "SQL syntax error")
		case strings.Contains(statement, "THERE"):
			return nil, said("HY000", 0x31022, "The name is already used by an existing object.")
		}
		executed = append(executed, statement)
		return nil, nil
	}).session(t)
	return executed, c.initialize(t.Context(), scripts)
}

func TestInitialize_RunsAllScriptsOnce(t *testing.T) {
	scripts := []lifecycle.Script{
		{Name: "1.sql", Text: "CREATE TABLE T1 (C INTEGER); CREATE TABLE THERE (C INTEGER);\nCREATE PROCEDURE P AS BEGIN NULL; END;\n/\n"},
		{Name: "2.sql", Text: "EXEC P"},
	}
	executed, err := initializeOn(t, false, "", scripts...)
	want := []string{"CREATE TABLE T1 (C INTEGER)", "CREATE PROCEDURE P AS BEGIN NULL; END;", "EXEC P", "CREATE TABLE SYS.AKU_INITIALIZED_ (DONE INTEGER PRIMARY KEY)"}
	if diff := cmp.Diff(want, executed); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	// What is done once is not looked at any more, whatever it has become.
	executed, err = initializeOn(t, true, "", lifecycle.Script{Name: "1.sql", Text: "'"}, lifecycle.Script{Name: "2.sql", Fault: fs.ErrPermission})
	if len(executed) > 0 || err != nil {
		t.Errorf("once more: %q, %v", executed, err)
	}
}

func TestInitialize_ScriptsThatCannotBeRead_AreAllNamed_AndNoneIsBegun(t *testing.T) {
	executed, err := initializeOn(t, false, "", lifecycle.Script{Name: "1.sql", Text: "CREATE TABLE T1 (C INTEGER);"},
		lifecycle.Script{Name: "2.sql", Text: "\nINSERT INTO T1 VALUES ('1);"}, lifecycle.Script{Name: "3.sql", Fault: fs.ErrPermission})
	if len(executed) > 0 || !errors.Is(err, akucore.ErrFatal) {
		t.Errorf("executed %q, %v", executed, err)
	}
	for _, text := range []string{"2.sql: line 2: a text begins here with '", "3.sql: permission denied"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not say %q", err, text)
		}
	}
}

func TestInitialize_StatementThatFails_IsNamedWithWhatIsDone(t *testing.T) {
	scripts := []lifecycle.Script{{Name: "1.sql", Text: "INSERT 1; INSERT 2;"}, {Name: "2.sql", Text: "-- x\n\nINSERT 3\n  FROM T1; INSERT 4"}}
	for refuse, want := range map[string]string{
		"1": `1.sql, line 1: statement 1 of 4, "INSERT 1"; nothing was done before it: ERR-31001 SQL syntax error`,
		"2": `1.sql, line 1: statement 2 of 4, "INSERT 2"; the one before it is done: ERR-31001 SQL syntax error`,
		"3": `2.sql, line 3: statement 3 of 4, "INSERT 3 FROM T1"; the 2 before it are done: ERR-31001 SQL syntax error`,
	} {
		executed, err := initializeOn(t, false, "INSERT "+refuse, scripts...)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		for _, statement := range executed {
			if strings.Contains(statement, initialized) {
				t.Error("the scripts count as done")
			}
		}
	}
	if got := shorten(strings.Repeat("한 ", 100)); got != strings.TrimSpace(strings.Repeat("한 ", 40))+" …" {
		t.Errorf("shortened to %q", got)
	}
}
