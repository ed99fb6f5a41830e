package verify

import (
	"context"
	"slices"
	"time"

	"aku/internal/altibase"
	"aku/internal/pulse"
)

const (
	// looks is how many looks in a row have to find a row different.
	looks = 3
	// keysAtOnce is how many rows are looked up by one statement.
	keysAtOnce = 20
)

// version is one row as the pods have it: nil for a pod that lacks it.
type version struct {
	key altibase.Key
	on  []*altibase.Sum
}

// same tells whether the row is the same on all pods, or on none.
func (v version) same() bool {
	for _, sum := range v.on[1:] {
		if !equal(sum, v.on[0]) {
			return false
		}
	}
	return true
}

// gone tells whether no pod has the row.
func (v version) gone() bool {
	return !slices.ContainsFunc(v.on, func(sum *altibase.Sum) bool { return sum != nil })
}

func equal(a, b *altibase.Sum) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// versions sorts the rows of the pods by key.
func versions(rows [][]altibase.Row) []version {
	var all []version
	index := map[string]int{}
	for pod, of := range rows {
		for _, r := range of {
			i, ok := index[r.Key.String()]
			if !ok {
				i = len(all)
				index[r.Key.String()] = i
				all = append(all, version{key: r.Key, on: make([]*altibase.Sum, len(rows))})
			}
			all[i].on[pod] = &r.Sum
		}
	}
	return all
}

// candidate is a row that may be different.
type candidate struct {
	version
	after altibase.Key // behind which it was seen
	seen  int          // looks in a row that found it different
	still []bool       // by pod: unchanged in all of them
}

// judge follows the candidates until each is the same everywhere, proven to be
// different, or the time is over.
func (c *comparison) judge(ctx context.Context) (different []Difference, moving int, err error) {
	var open []*candidate
	for _, s := range c.candidates {
		open = append(open, &candidate{version: version{key: s.key}, after: s.after})
	}
	deadline := time.Now().Add(c.options.Timeout)
	var proven []*candidate
	for len(open) > 0 {
		now, err := c.at(ctx, open)
		if err != nil {
			return nil, 0, err
		}
		var left []*candidate
		for i, one := range open {
			if now[i].gone() {
				for pod := range c.servers {
					if err := c.mustFind(ctx, pod, suspected{one.key, one.after}); err != nil {
						return nil, 0, err
					}
				}
			}
			switch one.look(now[i]); {
			case one.seen == 0:
			case one.seen >= looks && slices.Contains(one.still, true):
				proven = append(proven, one)
			default:
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
	for _, s := range c.candidates {
		for _, one := range proven {
			if one.key.String() == s.key.String() {
				different = append(different, c.difference(one.version))
			}
		}
	}
	return different, len(open), nil
}

// look takes what the pods have of the row now. Its sums are those of the first look
// of those in a row.
func (one *candidate) look(now version) {
	switch {
	case now.same():
		one.seen = 0
		return
	case one.seen == 0:
		one.on, one.still = now.on, make([]bool, len(now.on))
		for pod := range one.still {
			one.still[pod] = true
		}
	default:
		for pod := range one.still {
			one.still[pod] = one.still[pod] && equal(one.on[pod], now.on[pod])
		}
	}
	one.seen++
}

// at reads the candidates' rows on all pods.
func (c *comparison) at(ctx context.Context, open []*candidate) ([]version, error) {
	now := make([]version, len(open))
	index := map[string]int{}
	var keys []altibase.Key
	for i, one := range open {
		now[i] = version{key: one.key, on: make([]*altibase.Sum, len(c.servers))}
		index[one.key.String()] = i
		keys = append(keys, one.key)
	}
	for some := range slices.Chunk(keys, keysAtOnce) {
		rows, errs := each(ctx, c.servers, func(ctx context.Context, _ int, s Server) ([]altibase.Row, error) {
			return s.RowsAt(ctx, c.relation, some)
		})
		if err := c.first(errs); err != nil {
			return nil, err
		}
		for pod, of := range rows {
			for _, r := range of {
				if i, ok := index[r.Key.String()]; ok {
					now[i].on[pod] = &r.Sum
				}
			}
		}
	}
	return now, nil
}

// difference names the pods by what they have.
func (c *comparison) difference(v version) Difference {
	d := Difference{Key: v.key.String()}
	var sums []altibase.Sum
	for pod, sum := range v.on {
		if sum == nil {
			d.Missing = append(d.Missing, c.mesh.PodName(pod))
			continue
		}
		i := slices.Index(sums, *sum)
		if i < 0 {
			i = len(sums)
			sums = append(sums, *sum)
			d.Versions = append(d.Versions, nil)
		}
		d.Versions[i] = append(d.Versions[i], c.mesh.PodName(pod))
	}
	return d
}
