package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/pulse"
)

const (
	// leaf is how many rows are compared one by one; larger ranges are cut first.
	leaf = 16
	// mostCandidates is how many rows are followed at once. When so many rows of a table
	// differ, the table is not read to its end: naming some rows is enough.
	mostCandidates = 500
	// lag is the time before a range that differs is read again: most changes in flight
	// arrive within it.
	lag = 50 * time.Millisecond
)

// comparison is the comparison of one table.
type comparison struct {
	*verifier
	relation altibase.Relation
	// candidates are rows that differed once, in the order found.
	candidates []*candidate
	known      map[string]bool
}

// span is a range of keys, without its first and with its last. A nil key is no bound.
type span struct {
	after, upTo altibase.Key
}

// compare reads the table on all pods, range by range, and reports the rows that
// stay different.
func (v *verifier) compare(ctx context.Context, t akucore.Table, found *Table) error {
	relation, err := v.servers[0].Relation(ctx, t)
	if err != nil {
		return err
	}
	found.Compared, found.Skipped = true, relation.Skipped
	c := comparison{verifier: v, relation: relation, known: map[string]bool{}}
	for at := (span{}); ; at = (span{after: at.upTo}) {
		// The rows of the first pod define the range; then the others are read.
		page, err := v.servers[0].Rows(ctx, relation, at.after, nil, v.options.Page)
		if err != nil {
			return err
		}
		if len(page) == v.options.Page {
			at.upTo = page[len(page)-1].Key
			if err := c.mustFind(ctx, 0, at.upTo, at.after); err != nil {
				return err
			}
		}
		if err := c.page(ctx, at, page); err != nil {
			return err
		}
		if at.upTo == nil || c.full() {
			different, moving, err := c.judge(ctx)
			found.Different = append(found.Different, different...)
			found.Moving += moving
			c.candidates = nil
			switch {
			case err != nil:
				return err
			case len(found.Different) >= mostCandidates/2:
				found.More = at.upTo != nil
				return nil
			case at.upTo == nil:
				return nil
			}
		}
		if err := pulse.Sleep(ctx, v.options.Pause); err != nil {
			return err
		}
	}
}

func (c *comparison) full() bool { return len(c.candidates) >= mostCandidates }

// page compares a range. The rows of the first pod are known already.
func (c *comparison) page(ctx context.Context, at span, of0 []altibase.Row) error {
	if rows, err := c.differing(ctx, at, of0); err != nil || rows == nil {
		return err
	}
	if err := pulse.Sleep(ctx, lag); err != nil {
		return err
	}
	return c.narrow(ctx, at)
}

// differing are the rows of a range on all pods, and nil when the pods agree. Those of the first
// pod are read unless they are given.
func (c *comparison) differing(ctx context.Context, at span, of0 []altibase.Row) ([][]altibase.Row, error) {
	rows, errs := each(ctx, c.servers, func(ctx context.Context, pod int, s Server) ([]altibase.Row, error) {
		if pod == 0 && of0 != nil {
			return of0, nil
		}
		return s.Rows(ctx, c.relation, at.after, at.upTo, c.most())
	})
	sameSum := func(a, b altibase.Row) bool { return a.Sum == b.Sum }
	differs := func(r []altibase.Row) bool { return !slices.EqualFunc(r, rows[0], sameSum) }
	if err := c.first(errs); err != nil || !slices.ContainsFunc(rows, differs) {
		return nil, err
	}
	return rows, nil
}

// most is how many rows of a range are read at most. A pod that has more rows differs, and
// the range is halved.
func (c *comparison) most() int { return 2*c.options.Page + 1 }

// narrow reads a range that differed again. It halves the range unless the pods agree now, or
// the range is small enough.
func (c *comparison) narrow(ctx context.Context, at span) error {
	if c.full() {
		return nil
	}
	rows, err := c.differing(ctx, at, nil)
	if err != nil || rows == nil {
		return err
	}
	longest := slices.MaxFunc(rows, func(a, b []altibase.Row) int { return len(a) - len(b) })
	if len(longest) <= leaf {
		c.suspect(rows, at.after)
		return nil
	}
	middle := longest[len(longest)/2-1].Key
	if err := c.narrow(ctx, span{at.after, middle}); err != nil {
		return err
	}
	return c.narrow(ctx, span{middle, at.upTo})
}

// suspect remembers the keys of rows that are not the same everywhere.
func (c *comparison) suspect(rows [][]altibase.Row, after altibase.Key) {
	for _, v := range versions(rows) {
		if !v.same() && !c.known[v.key.String()] && !c.full() {
			c.known[v.key.String()] = true
			c.candidates = append(c.candidates, &candidate{version: version{key: v.key}, after: after})
		}
	}
}

// mustFind makes sure that a pod finds a row by the key that it shows, unless the row is
// gone. Otherwise pages would leave rows out, and a row that differs would look like a deleted
// one. Such a table is not reported as equal.
func (c *comparison) mustFind(ctx context.Context, pod int, key, after altibase.Key) error {
	holds := func(rows []altibase.Row) bool {
		return slices.ContainsFunc(rows, func(r altibase.Row) bool { return r.Key.String() == key.String() })
	}
	for range reads { // a user may insert it in between
		found, err := c.servers[pod].RowsAt(ctx, c.relation, []altibase.Key{key})
		if err != nil || holds(found) {
			return c.onPod(pod, err)
		}
		seen, err := c.servers[pod].Rows(ctx, c.relation, after, nil, c.most())
		if err != nil || !holds(seen) {
			return c.onPod(pod, err)
		}
	}
	return c.onPod(pod, fmt.Errorf("%w: the row (%s) exists, but is not found by its key", akucore.ErrFatal, key))
}
