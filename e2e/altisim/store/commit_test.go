package store

import (
	"context"
	"testing"

	"aku/e2e/altisim/engine"
)

// open makes a database with one replicated table.
func open(t *testing.T) *Store {
	t.Helper()
	s, _, err := Open(t.TempDir(), func() (*engine.Catalog, error) {
		c := engine.NewCatalog("MANAGER")
		c.Tables = append(c.Tables, &engine.Table{
			ID: c.NewID(), User: "SYS", Name: "T1", PrimaryKey: []string{"C1"}, Columns: []engine.Column{{Name: "C1", Type: "INTEGER"}},
		})
		c.Replications = append(c.Replications, &engine.Replication{Name: "R", Items: []engine.Item{{LocalUser: "SYS", LocalTable: "T1"}}})
		return c, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func count(t *testing.T, s *Store) int64 {
	t.Helper()
	r, err := s.Query(context.Background(), `SELECT COUNT(*) FROM "SYS.T1"`)
	if err != nil {
		t.Fatal(err)
	}
	return r.Rows[0][0].(int64)
}

// A visible row must be counted, or numbers would prove nothing. Somebody who sees rows and then reads the
// end of the log gets a number that covers their commits, and the log up to that number is complete.
func TestCommit_RowsThatAreSeenAreBelowTheEndOfTheLog(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	const rows = 1500
	at := s.LastSN()
	done := make(chan error, 1)
	free := RowLocks{Table: s.catalog.Table("SYS", "T1"), Try: func([]string) (string, error) { return "", nil }}
	go func() {
		for i := range rows {
			if _, err := s.Write(ctx, true, free, `INSERT INTO "SYS.T1" VALUES (?)`, i); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var commits int64
	for commits < rows {
		seen := count(t, s)
		end := s.LastSN()
		for at < end {
			records, upTo, err := s.ReadLog(ctx, at, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				if r.Op == engine.Commit {
					commits++
				}
			}
			at = upTo
		}
		if commits < seen {
			t.Fatalf("%d rows were seen, and the log up to its end then has %d", seen, commits)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
