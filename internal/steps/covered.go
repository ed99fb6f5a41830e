package steps

import "time"

// span is a time during which a step ran.
type span struct{ from, to time.Time }

// mostSpans bounds what is kept of one kind of step. Steps that run at the same time are
// fewer, so no span reaches back so far that it would overlap with those that are summed up.
const mostSpans = 256

// covered is the time during which at least one of several steps ran.
type covered struct {
	spans  []span        // in their order, none overlaps with another
	before time.Duration // the sum of older ones
	since  time.Time     // where those ended
}

// add takes the span of a step that has just ended, so none ended later.
func (c *covered) add(s span) {
	if s.from.Before(c.since) {
		s.from = c.since
	}
	n := len(c.spans)
	for ; n > 0 && !c.spans[n-1].to.Before(s.from); n-- {
		if c.spans[n-1].from.Before(s.from) {
			s.from = c.spans[n-1].from
		}
	}
	c.spans = append(c.spans[:n], s)
	if len(c.spans) < mostSpans {
		return
	}
	half := c.spans[:mostSpans/2]
	for _, old := range half {
		c.before += old.to.Sub(old.from)
		c.since = old.to
	}
	c.spans = append([]span(nil), c.spans[len(half):]...)
}

// time is the sum.
func (c *covered) time() time.Duration {
	sum := c.before
	for _, s := range c.spans {
		sum += s.to.Sub(s.from)
	}
	return sum
}
