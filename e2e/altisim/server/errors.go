package server

import (
	"context"
	"errors"
	"strconv"
	"strings"

	lib "modernc.org/sqlite/lib"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/sqlfront"
	"aku/e2e/altisim/store"
)

func itoa(n int) string { return strconv.Itoa(n) }

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// translate turns an error of SQLite, or the end of a context, into the real server's error.
func translate(ctx context.Context, st sqlfront.Statement, err error) error {
	var own *engine.Error
	if errors.As(err, &own) {
		return own
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.As(cause, &own) {
			return own
		}
		return engine.ErrCancelled
	}
	text := err.Error()
	switch store.ConstraintOf(err) {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return engine.ErrDuplicateKey
	case lib.SQLITE_CONSTRAINT_NOTNULL:
		return engine.Errorf(0x31074, "Unable to insert (or update) NULL into NOT NULL column.")
	case lib.SQLITE_CONSTRAINT_CHECK:
		if strings.Contains(text, "typeof") {
			return engine.Errorf(0x21011, "Invalid literal")
		}
		return engine.Errorf(0x2100D, "Invalid data type length")
	}
	switch {
	case strings.Contains(text, "no such column"), strings.Contains(text, "has no column named"):
		return sqlfront.ColumnNotFound(st)
	case strings.Contains(text, "values were supplied"), strings.Contains(text, "values for"):
		return engine.ErrNotEnoughValues
	case strings.Contains(text, "syntax error"), strings.Contains(text, "incomplete input"), strings.Contains(text, "no such function"):
		return sqlfront.SyntaxError(st.Source, 0)
	}
	return engine.Errorf(0x42001, "%s", text)
}
