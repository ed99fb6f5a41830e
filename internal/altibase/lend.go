package altibase

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"aku/internal/akucore"
)

// lent is the table in which a database records the values that its properties had before
// aku changed them for a while. It is not replicated. The process that borrows a property can
// be killed, and may run in another pod, so the sidecar beside the server restores the value
// from here.
//
// A property changed by ALTER SYSTEM does not outlive the server, so a row of an earlier
// start has no meaning.
const lent = "AKU_LENT_"

// A loan is a row of that table.
type loan struct {
	property string
	session  int64 // of the borrower; the loan is open as long as the session
	found    int64 // value of the property before
	value    int64 // value meanwhile
	open     bool
}

// Lend sets a property of the server for the time of a task, and then restores the value that
// it found, whether the task succeeds or not. After a kill, PutBack restores it. Several tasks
// may borrow one property at the same time: the last one restores it.
func (s *Server) Lend(ctx context.Context, property string, value int64, task func(context.Context) error) error {
	return s.with(ctx, 0, func(ctx context.Context, c *session) error {
		return c.lend(ctx, property, value, func() error { return task(ctx) })
	})
}

// lend is Lend on a session that the task uses, too.
func (c *session) lend(ctx context.Context, property string, value int64, task func() error) (err error) {
	made, err := c.borrow(ctx, property, value)
	if err != nil {
		return fmt.Errorf("set %s to %d for a while: %w", property, value, err)
	}
	defer func() {
		back := c.server.quickly(context.WithoutCancel(ctx), func(ctx context.Context) error {
			if !c.broken {
				return c.putBack(ctx, made)
			}
			return c.server.with(ctx, 0, func(ctx context.Context, c *session) error { return c.putBack(ctx, made) })
		})
		err = errors.Join(err, notPutBack(made, back))
	}()
	return task()
}

func notPutBack(l loan, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("put %s back to %d (the sidecar of the server's own pod will): %w", l.property, l.found, err)
}

// PutBack restores the properties whose borrowers are gone.
func (s *Server) PutBack(ctx context.Context) error {
	_, err := read(ctx, s, quickTimeout, func(c *session, ctx context.Context) (any, error) {
		loans, err := c.loans(ctx)
		for _, l := range loans {
			if l.open {
				continue
			}
			if err := c.putBack(ctx, l); err != nil {
				return nil, notPutBack(l, err)
			}
		}
		return nil, unlessUnknown(err) // nobody has ever borrowed here
	})
	return err
}

// borrow records the value of a property, and sets it. It writes the row before it sets the
// property, so that a kill at any moment leaves no changed property without a row.
func (c *session) borrow(ctx context.Context, property string, value int64) (loan, error) {
	made := loan{property: property, session: c.id, value: value}
	others, err := c.loans(ctx)
	if unlessUnknown(err) == nil && err != nil {
		err = c.makeTable(ctx, lent, "NAME VARCHAR(128), SESSION_ID BIGINT, FOUND_VALUE BIGINT, LENT_VALUE BIGINT, SERVER_START BIGINT, PRIMARY KEY (NAME, SESSION_ID)")
	}
	if err != nil {
		return made, err
	}
	now, err := c.query(ctx, "SELECT P.VALUE1, I.STARTUP_TIME_SEC FROM V$PROPERTY P, V$INSTANCE I WHERE P.NAME = "+literal(property))
	if err != nil {
		return made, err
	}
	if len(now) != 1 {
		return made, fmt.Errorf("%w: the server has no property %s", akucore.ErrFatal, property)
	}
	made.found = now[0].int(0)
	for _, other := range others {
		if other.property == property {
			made.found = other.found // the present value is the other borrower's, or was left by it
		}
	}
	err = c.exec(ctx, fmt.Sprintf("INSERT INTO %s.%s (NAME, SESSION_ID, FOUND_VALUE, LENT_VALUE, SERVER_START) VALUES (%s, %d, %d, %d, %d)",
		user, lent, literal(property), made.session, made.found, made.value, now[0].int(1)))
	if err != nil && !exists(err) { // a row that this session could not remove has the same content
		return made, err
	}
	if err := c.exec(ctx, setSystem(property, value)); err != nil {
		return made, errors.Join(err, c.forget(ctx, made))
	}
	return made, nil
}

// putBack ends a loan. It sets the property before it deletes the row, so that a kill between
// the two does no harm. Another borrower may come or go meanwhile, so it checks again after
// each change, until the property has the right value.
func (c *session) putBack(ctx context.Context, ended loan) error {
	for first := true; ; first = false {
		value, err := c.valueAfter(ctx, ended)
		if err != nil {
			return err
		}
		if err := c.exec(ctx, setSystem(ended.property, value)); err != nil {
			return err
		}
		if first {
			if err := c.forget(ctx, ended); err != nil {
				return err
			}
		}
		if again, err := c.valueAfter(ctx, ended); err != nil || again == value {
			return err
		}
	}
}

// valueAfter is the value that a property must have once a loan is over.
func (c *session) valueAfter(ctx context.Context, ended loan) (int64, error) {
	loans, err := c.loans(ctx)
	for _, l := range loans {
		if l.open && l.property == ended.property && l.session != ended.session {
			return l.value, err
		}
	}
	return ended.found, err
}

func (c *session) forget(ctx context.Context, l loan) error {
	return c.exec(ctx, fmt.Sprintf("DELETE FROM %s.%s WHERE NAME = %s AND SESSION_ID = %d", user, lent, literal(l.property), l.session))
}

// loans are the loans of this start of the server. It removes rows of earlier starts.
func (c *session) loans(ctx context.Context) ([]loan, error) {
	rows, err := c.query(ctx, fmt.Sprintf("SELECT NAME, SESSION_ID, FOUND_VALUE, LENT_VALUE, SERVER_START FROM %s.%s", user, lent))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	now, err := c.instance(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := c.query(ctx, "SELECT ID FROM V$SESSION")
	if err != nil {
		return nil, err
	}
	var loans []loan
	for _, r := range rows {
		l := loan{property: r.text(0), session: r.int(1), found: r.int(2), value: r.int(3)}
		l.open = slices.ContainsFunc(sessions, func(s row) bool { return s.int(0) == l.session })
		if r.int(4) == now.StartTime {
			loans = append(loans, l)
		} else if err := c.exec(ctx, fmt.Sprintf("DELETE FROM %s.%s WHERE SERVER_START = %d", user, lent, r.int(4))); err != nil {
			return nil, err
		}
	}
	return loans, nil
}

// makeTable creates one of aku's own tables, unless another session has just done so.
func (c *session) makeTable(ctx context.Context, name, columns string) error {
	if err := c.exec(ctx, "CREATE TABLE "+user+"."+name+" ("+columns+")"); !exists(err) {
		return err
	}
	return nil
}

// quickly runs something that reads or switches, within the limit for that.
func (s *Server) quickly(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	return do(ctx)
}
