package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"aku/internal/akucore"
)

// A transaction crosses a copy when it begins before the copy and writes after it. A SYNC waits
// for those that have written its tables. Of the others, a sender that begins at the copy leaves
// out what they write later (e2e/conformance/cases/18-transactions.txt); a sender that goes on
// from a pinned log leaves nothing out.
//
// No view shows which of the two a sender does, so a row proves it. A probe is a transaction of
// aku's own that crosses the copy: its last row is a beat under a number that stands for the copy
// (akucore.Side.Probe). Before the copied pod opens, a beat of the source arrives there, and then
// the probe's row must be there, too. Else aku names the transactions that crossed the copy.

// crossing is what crosses a SYNC.
type crossing struct {
	*Runner
	step   akucore.Step
	object string

	before []Transaction        // transactions of users that were open right before the SYNC
	still  func() []Transaction // those of them that were open when it was first called
	began  time.Time            // when the copy was first seen to have its rows, also those of the beat table
	probe  Probe                // the open one
	proves bool                 // its row is written
}

// beginCrossing is called right before a SYNC, with the time that it may queue for its locks. For
// other copies nothing crosses: the sender was running before.
func (r *Runner) beginCrossing(ctx context.Context, source copySource, s akucore.Step, object string, wait time.Duration) *crossing {
	c := &crossing{Runner: r, step: s, object: object, still: func() []Transaction { return nil }}
	if s.Do != akucore.Sync {
		return c
	}
	r.crossed.Delete(object)
	if c.before = writers(ctx, source); len(c.before) > 0 {
		c.still = sync.OnceValue(func() []Transaction { return alsoIn(writers(ctx, source), c.before) })
	}
	if s.Pinned {
		var err error
		if c.probe, err = source.BeginProbe(ctx, 2*wait+settleLimit); err != nil {
			c.notProven(err)
		}
	}
	return c
}

// writers are the open transactions of users that have written. A server that cannot be asked
// shows none.
func writers(ctx context.Context, source Transactions) []Transaction {
	open, _, _ := source.OpenTransactions(ctx)
	return ofUsers(open)
}

// copying is called now and then while the copy runs and holds no lock any more. A long copy is
// not to keep the probe open: others wait for transactions, and the server ends old ones. But a
// row in the copy itself proves nothing, so the copy must have those of the beat table by then.
func (c *crossing) copying(ctx context.Context, progress []SyncProgress, earlier int64) {
	c.still()
	hasBeats := slices.ContainsFunc(progress, func(p SyncProgress) bool { return p.Table == c.beats().Name && p.SN > earlier })
	switch {
	case c.began.IsZero() && hasBeats:
		c.began = time.Now()
	case !c.began.IsZero() && time.Since(c.began) >= copyInterval:
		c.prove(ctx)
	}
}

func (c *crossing) beats() akucore.Table { return c.Mesh.Blocks[c.step.Block].Beat() }

// copied is called when the copy is there.
func (c *crossing) copied(ctx context.Context) {
	still := c.still() // before the probe may wait
	c.prove(ctx)
	if c.proves {
		c.crossed.Store(c.object, c.before)
	} else {
		c.sayCrossed(c.step, c.object, still)
	}
}

// prove writes the row of the probe.
func (c *crossing) prove(ctx context.Context) {
	if c.probe == nil {
		return
	}
	err := c.probe.Commit(ctx, c.beats(), c.step.Probe())
	c.probe, c.proves = nil, err == nil
	if err != nil {
		c.notProven(err)
	}
}

func (c *crossing) notProven(err error) {
	c.Log.Warn("no row proves that the copy has what transactions write that began before it", "replication", c.object, "error", err)
}

// giveUp ends an open probe.
func (c *crossing) giveUp(ctx context.Context) {
	if c.probe != nil {
		c.probe.GiveUp(ctx)
		c.probe = nil
	}
}

// sayCrossed reports the transactions whose later rows a copy may leave out.
func (r *Runner) sayCrossed(s akucore.Step, object string, crossed []Transaction) {
	if len(crossed) > 0 {
		r.sayGivenUp(object, s.On, s.Peer, fmt.Errorf("transactions of %s began before the copy and had written none of its tables by then. "+
			"Rows that they write later may be missing there; once they have ended, compare the pods with aku-init verify", sessions(crossed)))
	}
}

// probes are the rows on the source that prove a copy from there to this process's own pod.
func (r *Runner) probes(ctx context.Context, s akucore.Step) (akucore.Beats, error) {
	if s.Peer != r.Mesh.Self {
		return nil, nil
	}
	beats, err := r.Servers.Server(s.On).Beats(ctx, r.Mesh.Blocks[s.Block].Beat())
	return beats[s.Probe()], err
}

// settleProbes is called when a later beat of the source is there.
func (r *Runner) settleProbes(ctx context.Context, s akucore.Step, probes akucore.Beats) error {
	if len(probes) == 0 {
		return nil
	}
	table, pod := r.Mesh.Blocks[s.Block].Beat(), s.Probe()
	here, err := r.Servers.Server(s.Peer).Beats(ctx, table)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(probes, func(b akucore.Beat) bool { return !slices.Contains(here[pod], b) }) {
		r.sayLeftOut(s)
	}
	return r.Servers.Server(s.On).ForgetBeats(ctx, table, pod)
}

// sayLeftOut reports a copy whose sender began at the copy in spite of the pin. It names the
// transactions that are known; another one may have begun right before the copy.
func (r *Runner) sayLeftOut(s akucore.Step) {
	object, whose := s.Object(r.Mesh), ""
	if crossed, known := r.crossed.Load(object); known && len(crossed.([]Transaction)) > 0 {
		whose = " (open then: " + sessions(crossed.([]Transaction)) + ")"
	}
	r.sayGivenUp(object, s.On, s.Peer, fmt.Errorf("the copy left out a row of aku's own transaction, which began before it and wrote after it. "+
		"So what users' transactions wrote that began before it%s may be missing there, too; once they have ended, compare the pods with aku-init verify", whose))
}
