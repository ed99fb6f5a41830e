package akucore

import (
	"cmp"
	"errors"
	"slices"
)

// Pod is what is known about one pod.
type Pod struct {
	State
	Err error // why the state is unknown; nil when it is known
}

// Open tells whether users are let in.
func (p Pod) Open() bool { return p.Err == nil && !p.AdminMode }

// WhyNotOpen says why users are not let in.
func (p Pod) WhyNotOpen() string { return cmp.Or(p.Err, ErrClosed).Error() }

// Known tells whether the state was read.
func (p Pod) Known() bool { return p.Err == nil }

// Closed tells whether the server answers but lets no users in.
func (p Pod) Closed() bool {
	return p.Err == nil && p.AdminMode || errors.Is(p.Err, ErrClosed) || errors.Is(p.Err, ErrBusy)
}

// refuses tells whether the server answers, and lets aku in only when a person has changed
// something: the password, say. Users may be in.
func (p Pod) refuses() bool { return errors.Is(p.Err, ErrPassword) || errors.Is(p.Err, ErrFatal) }

// Away tells whether the server cannot be reached, or does not answer in time.
func (p Pod) Away() bool { return Away(p.Err) }

// Away tells whether an error says that a server cannot be reached, or does not answer in time.
func Away(err error) bool { return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout) }

// object gives the object of that name; an absent one has no XSN.
func (p Pod) object(name string) (Object, bool) {
	o, ok := p.Objects[name]
	if !ok {
		return Object{Name: name, XSN: Unset}, false
	}
	return o, true
}

// View is the observed state of all pods.
type View struct {
	Mesh
	Pods map[int]Pod
	// Replicas is the number of pods that the StatefulSet wants, or -1 when it is not
	// known.
	Replicas int
	// Skipped are the sides whose changes the last proof saw skipped by the peer's receiver.
	Skipped []Side
}

// blocks are the blocks for which a pair has an object on either side; all blocks of the
// mesh when there is none. A new block has no objects until its pods have started with it,
// one after the other.
func (v View) blocks(side Side) []int {
	var known, all []int
	for b := range v.Blocks {
		all = append(all, b)
		_, here := v.object(side, b)
		_, there := v.object(side.Back(), b)
		if here || there {
			known = append(known, b)
		}
	}
	if len(known) == 0 {
		return all
	}
	return known
}

// xsns is for how many of the pair's blocks the side has an XSN: none, some or all.
func (v View) xsns(side Side) xsns {
	blocks, set := v.blocks(side), 0
	for _, b := range blocks {
		if o, _ := v.object(side, b); o.XSN != Unset {
			set++
		}
	}
	switch set {
	case 0:
		return none
	case len(blocks):
		return all
	}
	return some
}

type xsns int

const (
	none xsns = iota
	some
	all
)

// joined reports whether a slave has a complete copy, as far as the master knows, or is being
// copied to: the master's XSN of the pair leaves Unset with the pin before the copy.
func (v View) joined(slave int) bool {
	return v.xsns(Side{Master, slave}) != none
}

// openedEarly reports whether a slave without a complete copy lets users in: a person has opened
// it amid its join.
func (v View) openedEarly(slave int) bool {
	return v.Pods[slave].Open() && v.xsns(Side{slave, Master}) == none
}

// paired reports whether the own pod and a peer in service both keep their logs for each
// other, and neither skips the other's: then each has, or will get, everything that the other
// wrote.
func (v View) paired(peer int) bool {
	skip := slices.Contains(v.Skipped, v.here(peer)) || slices.Contains(v.Skipped, v.there(peer))
	return v.Pods[peer].Open() && v.xsns(v.here(peer)) == all && v.xsns(v.there(peer)) == all && !skip
}

// mayLack reports whether a slave may lack what the own pod wrote, even when that is delivered
// to the master and to all paired slaves. Its copy, or the copy that runs, may be from before.
// A slave that is not joined may make its pair with the master anew at this moment, so the
// present pair does not count.
func (v View) mayLack(slave int) bool {
	return !v.joined(slave) || !v.paired(slave)
}

// outdated reports whether a slave in service no longer counts as joined on the master. The
// slave sees that, hands over what it has and joins anew. Until then its users go on.
func (v View) outdated(slave int) bool {
	return v.Pods[slave].Open() && v.xsns(Side{slave, Master}) != none && v.xsns(Side{Master, slave}) != all
}

// has reports whether the side exists in every block of the pair. A join makes the own sides
// towards the other slaves before its copy counts as complete. Where a side is missing, one of
// the two has joined without the other.
func (v View) has(side Side) bool {
	for _, b := range v.blocks(side) {
		if _, exists := v.object(side, b); !exists {
			return false
		}
	}
	return true
}

// awaited reports whether to wait for a peer that is not in service. A peer that answers may
// be in service at any moment. A peer that is away comes by itself only when its number is
// lower: OrderedReady makes no higher pod before the own pod is ready.
func (v View) awaited(peer int) bool {
	return v.Pods[peer].Closed() || v.Pods[peer].refuses() || peer < v.Self && (v.Replicas < 0 || peer < v.Replicas)
}

// otherSlaves are all slaves but the own pod.
func (v View) otherSlaves() []int {
	return slices.DeleteFunc(v.Peers(), func(peer int) bool { return peer == Master })
}
