package store

import (
	"context"
	"testing"

	"aku/e2e/altisim/engine"
)

// A transaction writes a second table, or one that was replicated meanwhile, while its changes are in SQLite.
// Its earlier changes are nevertheless logged once, and none is missing.
func TestTriggers_OfATableThatATransactionWrites_LogAllOfItOnce(t *testing.T) {
	ctx := context.Background()
	for name, among := range map[string]func(*Store) error{
		"a second table": func(*Store) error { return nil },
		"a table that is replicated from now on": func(s *Store) error {
			c := s.catalog.Clone()
			c.Replications = append(c.Replications, &engine.Replication{Name: "R2", Items: []engine.Item{{LocalUser: "SYS", LocalTable: "T2"}}})
			return s.SaveCatalog(ctx, c, true)
		},
	} {
		s := open(t)
		c := s.catalog.Clone()
		second := *c.Table("SYS", "T1")
		second.ID, second.Name = c.NewID(), "T2"
		c.Tables = append(c.Tables, &second)
		if name == "a second table" {
			c.Replications[0].Items = append(c.Replications[0].Items, engine.Item{LocalUser: "SYS", LocalTable: "T2"})
		}
		if err := s.SaveCatalog(ctx, c, true); err != nil {
			t.Fatal(err)
		}
		at, tx := s.LastSN(), s.Begin(1, true)
		write := func(table string) {
			free := RowLocks{Table: c.Table("SYS", table), Try: func([]string) (string, error) { return "", nil }}
			if _, err := tx.Exec(ctx, free, `INSERT INTO `+Physical(free.Table)+` VALUES (1)`); err != nil {
				t.Fatal(name, err)
			}
		}
		write("T2")
		if err := among(s); err != nil {
			t.Fatal(err)
		}
		write("T1")
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(name, err)
		}
		records, _, err := s.ReadLog(ctx, at, 10)
		if err != nil {
			t.Fatal(err)
		}
		inserted := map[int]int{}
		for _, r := range records {
			if r.Op == engine.Insert {
				inserted[r.TableID]++
			}
		}
		if inserted[c.Table("SYS", "T1").ID] != 1 || inserted[second.ID] != 1 {
			t.Errorf("%s: logged %v, want one row of each table", name, inserted)
		}
	}
}
