package verify

import (
	"context"
	"slices"
	"time"

	"aku/internal/altibase"
	"aku/internal/pulse"
)

const (
	// reads is how many reads in a row have to find a row different.
	reads = 3
	// keysAtOnce is how many rows are looked up by one statement.
	keysAtOnce = 20
)

// version is one row as the pods have it: the zero Sum for a pod that lacks it.
type version struct {
	key altibase.Key
	on  []altibase.Sum
}

// same tells whether the row is the same on all pods, or on none.
func (v version) same() bool { return len(slices.Compact(slices.Clone(v.on))) == 1 }

// gone tells whether no pod has the row.
func (v version) gone() bool { return v.same() && v.on[0] == altibase.Sum{} }

// versions are the rows of the pods by key, in the order in which they are found. Those of the
// given keys come first, whether a pod has them or not.
func versions(rows [][]altibase.Row, keys ...altibase.Key) []version {
	var all []version
	index := map[string]int{}
	at := func(key altibase.Key) int {
		i, ok := index[key.String()]
		if !ok {
			i = len(all)
			index[key.String()] = i
			all = append(all, version{key: key, on: make([]altibase.Sum, len(rows))})
		}
		return i
	}
	for _, key := range keys {
		at(key)
	}
	for pod, of := range rows {
		for _, r := range of {
			i := at(r.Key)
			all[i].on[pod] = r.Sum
		}
	}
	return all
}

// candidate is a row that may be different.
type candidate struct {
	version
	after    altibase.Key // behind which it was found
	differed int          // reads in a row that found it different
	still    []bool       // by pod: unchanged in all of them
}

// judge follows the candidates until each is the same everywhere, proven to be
// different, or the time is over.
func (c *comparison) judge(ctx context.Context) (different []Difference, moving int, err error) {
	open := c.candidates
	for deadline := time.Now().Add(c.options.Timeout); len(open) > 0; {
		now, err := c.at(ctx, open)
		if err != nil {
			return nil, 0, err
		}
		var left []*candidate
		for i, one := range open {
			if now[i].gone() {
				for pod := range c.servers {
					if err := c.mustFind(ctx, pod, one.key, one.after); err != nil {
						return nil, 0, err
					}
				}
			}
			if one.note(now[i]); one.differed > 0 && !one.proven() {
				left = append(left, one)
			}
		}
		open = left
		if len(open) == 0 || !time.Now().Before(deadline) {
			break
		}
		if err := c.deliver(ctx); err != nil {
			return nil, 0, err
		}
		if err := pulse.Sleep(ctx, pollInterval); err != nil {
			return nil, 0, err
		}
	}
	for _, one := range c.candidates {
		if one.proven() {
			different = append(different, c.difference(one.version))
		}
	}
	return different, len(open), nil
}

// proven tells whether it was different often enough, and did not change on some pod.
func (one *candidate) proven() bool { return one.differed >= reads && slices.Contains(one.still, true) }

// note takes what the pods have of the row now. Its sums are those of the first of the reads
// in a row.
func (one *candidate) note(now version) {
	switch {
	case now.same():
		one.differed = 0
		return
	case one.differed == 0:
		one.on, one.still = now.on, slices.Repeat([]bool{true}, len(now.on))
	default:
		for pod := range one.still {
			one.still[pod] = one.still[pod] && one.on[pod] == now.on[pod]
		}
	}
	one.differed++
}

// at reads the candidates' rows on all pods.
func (c *comparison) at(ctx context.Context, open []*candidate) ([]version, error) {
	var now []version
	for some := range slices.Chunk(open, keysAtOnce) {
		var keys []altibase.Key
		for _, one := range some {
			keys = append(keys, one.key)
		}
		rows, errs := each(ctx, c.servers, func(ctx context.Context, _ int, s Server) ([]altibase.Row, error) {
			return s.RowsAt(ctx, c.relation, keys)
		})
		if err := c.first(errs); err != nil {
			return nil, err
		}
		now = append(now, versions(rows, keys...)[:len(keys)]...)
	}
	return now, nil
}

// difference names the pods by what they have.
func (c *comparison) difference(v version) Difference {
	d := Difference{Key: v.key.String()}
	var sums []altibase.Sum
	for pod, sum := range v.on {
		if sum == (altibase.Sum{}) {
			d.Missing = append(d.Missing, c.mesh.PodName(pod))
			continue
		}
		i := slices.Index(sums, sum)
		if i < 0 {
			i = len(sums)
			sums = append(sums, sum)
			d.Versions = append(d.Versions, nil)
		}
		d.Versions[i] = append(d.Versions[i], c.mesh.PodName(pod))
	}
	return d
}
