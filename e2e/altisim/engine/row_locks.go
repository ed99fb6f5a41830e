package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// TryRows locks rows by their keys until the transaction ends, without waiting. taken is a row that another
// transaction has locked, or empty.
func (t *Transaction) TryRows(table *Table, keys []string) (taken string, err error) {
	for _, key := range keys {
		err := t.s.locks.take(context.Background(), t, lockKey{table.ID, key}, lockExclusive, 0)
		if errors.Is(err, ErrLockTimeout) {
			return key, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// WaitForRow waits for the end of the transaction that has locked a row, and locks it.
func (t *Transaction) WaitForRow(ctx context.Context, table *Table, key string) error {
	return t.s.locks.take(ctx, t, lockKey{table.ID, key}, lockExclusive, forever)
}

// rows are the keys of the rows that a change touches. An UPDATE of the key has two.
func (t target) rows(ch SentChange) (keys []string) {
	for _, image := range []string{ch.Before, ch.After} {
		if key := t.key(image); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// key is the primary key in a row image as text. The same row always has the same text.
func (t target) key(image string) string {
	var row []json.RawMessage
	if image == "" || json.Unmarshal([]byte(image), &row) != nil {
		return ""
	}
	var key []string
	for _, name := range t.table.PrimaryKey {
		i := slices.IndexFunc(t.columns, func(c Column) bool { return c.Name == name })
		if i < 0 || i >= len(row) {
			return ""
		}
		key = append(key, string(row[i]))
	}
	return "[" + strings.Join(key, ",") + "]"
}
