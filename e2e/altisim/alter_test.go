package main_test

import (
	"fmt"
	"testing"

	at "aku/e2e/altisim/altisimtest"
)

// TestAlterTable_WithRowsInIt_ChangesThemOrIsRefused changes a table that is not replicated, with rows in it.
func TestAlterTable_WithRowsInIt_ChangesThemOrIsRefused(t *testing.T) {
	t.Parallel()
	s := at.Start(t, 1, at.Options{})[0]
	c := s.Open(at.Dial{})
	c.Do("CREATE TABLE A (ID INTEGER PRIMARY KEY, NAME VARCHAR(3), N INTEGER DEFAULT 5)", "INSERT INTO A (ID, NAME) VALUES (1, 'one')")
	for _, step := range []struct {
		statement string
		code      int // 0: success
	}{
		{"INSERT INTO A VALUES (2, 'three', 2)", 0x2100D},
		{"ALTER TABLE A MODIFY COLUMN (NAME VARCHAR(5))", 0},
		{"INSERT INTO A VALUES (2, 'three', 2)", 0},
		{"ALTER TABLE A ALTER COLUMN (N SET DEFAULT 7)", 0},
		{"INSERT INTO A (ID) VALUES (3)", 0},
		{"ALTER TABLE A ALTER COLUMN (N DROP DEFAULT)", 0},
		{"INSERT INTO A (ID) VALUES (4)", 0},
		{"ALTER TABLE A ADD COLUMN (M INTEGER DEFAULT 9 NOT NULL, K VARCHAR(4))", 0},
		{"ALTER TABLE A ADD COLUMN (M INTEGER)", 0x31023},
		{"ALTER TABLE A DROP COLUMN K", 0},
		{"ALTER TABLE A DROP COLUMN K", 0x311F4},
		{"ALTER TABLE A ADD COLUMN (K BIGINT)", 0},
		{"ALTER TABLE A RENAME COLUMN N TO NUM", 0},
		{"CREATE INDEX IA ON A (NAME)", 0},
		{"CREATE INDEX IA ON A (NUM)", 0x31022},
		{"CREATE UNIQUE INDEX UM ON A (M)", 0x11058},
		{"CREATE UNIQUE INDEX UN ON A (NUM)", 0},
		{"INSERT INTO A (ID, NUM) VALUES (6, 7)", 0x11058},
		{"DROP INDEX UN", 0},
		{"INSERT INTO A (ID, NUM) VALUES (6, 7)", 0},
		{"DROP INDEX UN", 0x31014},
		{"ALTER TABLE A ADD CONSTRAINT U1 UNIQUE (NAME)", 0},
		{"INSERT INTO A (ID, NAME) VALUES (7, 'one')", 0x11058},
		{"COMMENT ON COLUMN A.NAME IS 'x'", 0},
		{"RENAME A TO B", 0},
		{"SELECT * FROM A", 0x31031},
	} {
		if err := c.Try(t.Context(), step.statement); at.Code(err) != step.code {
			t.Errorf("%s: %v, want %05X", step.statement, err, step.code)
		}
	}
	want := []string{"1|one|5|9|-", "2|three|2|9|-", "3|-|7|9|-", "4|-|-|9|-", "6|-|7|9|-"}
	if got := c.Rows("SELECT * FROM B ORDER BY ID"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
	s.Kill9()
	s.Restart()
	c = s.Open(at.Dial{})
	if got := c.Rows("SELECT COUNT(*) FROM B"); got[0] != "5" {
		t.Errorf("after a restart: %q", got)
	}
}
