package main

import (
	"context"
	"fmt"

	"aku/e2e/internal/account"
)

// table is the only table of the client.
const table = "SYS.T1"

// batch is the number of rows in one transaction of a load.
const batch = 1000

func load(ctx context.Context, args []string) error {
	flags := newFlags("load")
	path := flags.String("journal", "", "new file that notes what was acknowledged")
	from := flags.Int64("from", 1, "first key")
	count := flags.Int64("rows", 10000, "number of rows")
	args, err := parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	journal, err := account.CreateJournal(*path)
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }()
	s, err := connect(ctx, args[0], false)
	if err != nil {
		return err
	}
	defer s.close()
	last := *from + *count - 1
	for first := *from; first <= last; first += batch {
		if err := s.insertBatch(ctx, journal, first, min(first+batch-1, last)); err != nil {
			return err
		}
	}
	return printJSON(account.Progress{Host: args[0], Inserted: int(*count), Sessions: 1, Done: true})
}

// insertBatch inserts the rows from the first to the last key in one transaction.
func (s *session) insertBatch(ctx context.Context, journal *account.Journal, first, last int64) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	var keys []int64
	for key := first; key <= last; key++ {
		value := fmt.Sprintf("loaded %d", key)
		if err := journal.Try(key, value); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insert(key, value)); err != nil {
			return fmt.Errorf("insert key %d: %w", key, err)
		}
		keys = append(keys, key)
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return journal.Acknowledge(keys...)
}

// Values are texts of our own making without quotes. They stand in the statement itself, because drivers differ in how
// they send parameters.
func insert(key int64, value string) string {
	return fmt.Sprintf("INSERT INTO %s (ID, V) VALUES (%d, '%s')", table, key, value)
}

func update(key int64, value string) string {
	return fmt.Sprintf("UPDATE %s SET V = '%s' WHERE ID = %d", table, value, key)
}
