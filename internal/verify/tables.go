package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// countAgain is how long counts that differ are repeated before the contents decide: beside a
// writer, no two counts are of the same moment.
const countAgain = 5 * time.Second

// tables counts and, where needed, compares each table.
func (v *verifier) tables(ctx context.Context) []Table {
	var found []Table
	for _, t := range v.units(ctx) {
		if ctx.Err() != nil {
			break
		}
		found = append(found, v.table(ctx, t))
	}
	return found
}

// units are the tables to check, each once: a table whose partitions are all replicated is
// checked as a whole.
func (v *verifier) units(ctx context.Context) []akucore.Table {
	listed := map[akucore.Table][]string{}
	for _, t := range v.mesh.Tables() {
		whole := akucore.Table{User: t.User, Name: t.Name}
		listed[whole] = append(listed[whole], t.Partition)
	}
	var units []akucore.Table
	for _, t := range v.mesh.Tables() {
		whole := akucore.Table{User: t.User, Name: t.Name}
		if t.Partition != "" && v.hasNoOther(ctx, whole, listed[whole]) {
			t = whole
		}
		if !slices.Contains(units, t) {
			units = append(units, t)
		}
	}
	return units
}

// hasNoOther reports whether a table has no other partitions than the given ones.
func (v *verifier) hasNoOther(ctx context.Context, t akucore.Table, listed []string) bool {
	all, err := v.servers[0].Partitions(ctx, t)
	if err != nil || len(all) == 0 {
		return false
	}
	return !slices.ContainsFunc(all, func(p string) bool { return !slices.Contains(listed, p) })
}

func (v *verifier) table(ctx context.Context, t akucore.Table) Table {
	found := Table{Name: t.String()}
	var same bool
	var err error
	for deadline := time.Now().Add(min(countAgain, v.options.Timeout)); ; {
		if found.Rows, same, err = v.count(ctx, t); err != nil {
			found.Fault = err.Error()
			return found
		}
		if same || v.options.Checksums || !time.Now().Before(deadline) || pulse.Sleep(ctx, pollInterval) != nil {
			break
		}
	}
	if same && !v.options.Checksums || len(v.servers) < 2 {
		return found
	}
	if err := v.compare(ctx, t, &found); err != nil {
		found.Fault = fmt.Sprintf("the contents could not be compared: %v", err)
	}
	return found
}

// count counts the rows on all pods at the same time.
func (v *verifier) count(ctx context.Context, t akucore.Table) (counts []int64, same bool, err error) {
	counts, errs := each(ctx, v.servers, func(ctx context.Context, _ int, s Server) (int64, error) {
		n, err := s.CountRows(ctx, t)
		if err != nil {
			return -1, err
		}
		return n, nil
	})
	return counts, len(slices.Compact(slices.Clone(counts))) == 1, v.first(errs)
}
