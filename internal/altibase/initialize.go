package altibase

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/sqlscript"
)

// initialized is the table by which a database remembers that the scripts ran. It
// shares the fate of the data, which no file outside of it does.
const initialized = "AKU_INITIALIZED_"

// Initialize runs the scripts once in the life of the database. None is begun before all
// were read. When they were cut short they run again from the beginning, so what already
// exists is passed over.
func (s *Server) Initialize(ctx context.Context, scripts []lifecycle.Script) error {
	return s.with(ctx, s.config.QueryTimeout, func(ctx context.Context, c *session) error { return c.initialize(ctx, scripts) })
}

func (c *session) initialize(ctx context.Context, scripts []lifecycle.Script) error {
	done, err := c.initialized(ctx)
	if err != nil || done {
		return err
	}
	statements, err := split(scripts)
	if err != nil {
		return err
	}
	for i, one := range statements {
		if err := c.exec(ctx, one.Text); err != nil && !exists(err) {
			return fmt.Errorf("%s, line %d: statement %d of %d, %q; %s: %w",
				one.script, one.Line, i+1, len(statements), shorten(one.Text), howMany(i), err)
		}
	}
	return c.exec(ctx, "CREATE TABLE "+user+"."+initialized+" (DONE INTEGER PRIMARY KEY)")
}

// scripted is a statement of a script.
type scripted struct {
	script string
	sqlscript.Statement
}

// split cuts the scripts, and tells all that is wrong with any of them.
func split(scripts []lifecycle.Script) ([]scripted, error) {
	var all []scripted
	var faults []error
	for _, script := range scripts {
		statements, err := sqlscript.Split(script.Text)
		if script.Fault != nil {
			err = script.Fault
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: %s: %w", akucore.ErrFatal, script.Name, err))
		}
		for _, one := range statements {
			all = append(all, scripted{script.Name, one})
		}
	}
	return all, errors.Join(faults...)
}

// howMany tells what became of the statements before one that failed: each is done for good.
func howMany(before int) string {
	switch before {
	case 0:
		return "nothing was done before it"
	case 1:
		return "the one before it is done"
	}
	return fmt.Sprintf("the %d before it are done", before)
}

// initialized tells whether the scripts ran in this database.
func (c *session) initialized(ctx context.Context) (bool, error) {
	found, err := c.query(ctx, "SELECT T.TABLE_ID FROM SYSTEM_.SYS_USERS_ U, SYSTEM_.SYS_TABLES_ T WHERE U.USER_ID = T.USER_ID AND U.USER_NAME = "+
		literal(user)+" AND T.TABLE_NAME = "+literal(initialized))
	return len(found) > 0, err
}

// shorten is a statement in one line that is not long.
func shorten(statement string) string {
	const most = 80
	line := []rune(strings.Join(strings.Fields(statement), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}
