package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

const (
	// progressInterval is the time between two progress reports of long work.
	progressInterval = 5 * time.Second
	// copyInterval is the time between two reads of a copy's progress.
	copyInterval = time.Second
	// copyBegins is the time between two checks whether the copy has begun.
	copyBegins = 50 * time.Millisecond
)

// sync copies, and reports the progress. A SYNC waits for the transactions that have written
// the tables. Then it has its view of the rows and releases the locks. Until then the changes
// of the other pods are held back, unless it does not have to wait.
func (r *Runner) sync(ctx context.Context, source copySource, s akucore.Step, object string, parallel int) error {
	if err := r.outlast(ctx, s); err != nil {
		return err
	}
	before, err := source.SyncProgress(ctx, object)
	if err != nil {
		return err
	}
	wait, resume := besideWait, func() {}
	if !r.mayCopyBeside(ctx, source, s) {
		wait = r.lockWait()
		resume, err = r.hold(ctx, s)
	}
	defer func() { resume() }()
	if err == nil {
		err = r.permit(ctx, s) // again, after what may have taken a minute
	}
	if err != nil {
		return err
	}
	crossing := r.beginCrossing(ctx, source, s, object, wait)
	defer crossing.giveUp(ctx)
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- source.Sync(ctx, object, parallel, s.Copied(r.Mesh), wait) }()
	var kept keptLog
	err = r.follow(ctx, source, s, object, lastSN(before), func(progress []SyncProgress) {
		resume()
		kept.check(ctx, r, s)
		crossing.copying(ctx, progress, lastSN(before))
	}, done)
	r.syncFailed.Store(err != nil)
	switch {
	case err == nil && r.mustCopyAgain(object, kept):
		return errReset
	case err == nil:
		crossing.copied(ctx)
	case time.Since(began) >= wait:
		crossing.giveUp(ctx) // it is not what the SYNC waited for
		return fmt.Errorf("%w%s", err, r.whose(ctx, s.On))
	}
	return err
}

// keptLog is whether a copy goes on from the log that was kept for it. Another pod may reset the
// object between the guard and the SYNC. A SYNC keeps RESETs out, and does not change the XSN until
// it ends (altibase.md 3): what is read while it runs is what it began with.
type keptLog struct{ known, reset bool }

// mustCopyAgain tells whether a copy does not count because its log was reset. The next copy of
// the object counts whatever the XSN shows: should a server show none while it copies, pods join
// all the same. Then the row of the probe tells whether the pin was lost (crossing.go).
func (r *Runner) mustCopyAgain(object string, kept keptLog) bool {
	if !kept.reset {
		r.copiedAnew.Delete(object)
		return false
	}
	_, again := r.copiedAnew.LoadOrStore(object, true)
	if again {
		r.copiedAnew.Delete(object)
		r.Log.Warn("the object shows no XSN while it copies, for the second time: the copy counts", "replication", object)
	}
	return !again
}

// check is called while the copy runs.
func (k *keptLog) check(ctx context.Context, r *Runner, s akucore.Step) {
	if s.If != akucore.IfKept || k.known {
		return
	}
	err := r.checkKept(ctx, s)
	k.reset = errors.Is(err, errReset)
	k.known = err == nil || k.reset
}

// copySource is what a copy needs of the server that it comes from.
type copySource interface {
	Copying
	Transactions
	Properties
}

const (
	// besideWait is how long a SYNC may queue for a table beside the other pods' senders. The
	// server counts in whole seconds, and may take twice as long.
	besideWait = time.Second
	// calmReads is the number of reads in a row that must show no open transaction.
	calmReads = 3
)

// mayCopyBeside tells whether the SYNC of a join is tried without holding back the changes of
// the other pods, which takes up to a second: no transaction is open on the master, so the SYNC
// gets its locks at once. If a row of another pod queues behind it all the same, the SYNC fails, long
// before a receiver would give the row up. Then the next SYNC, of a new plan, holds them back.
// For other copies a failure costs more: they always do. So do the copies of several blocks:
// they run at the same time, and the property that limits their waits is one for the server.
func (r *Runner) mayCopyBeside(ctx context.Context, master copySource, s akucore.Step) bool {
	longest := time.Duration(len(r.Mesh.Blocks[s.Block].Items())) * 2 * besideWait
	if len(r.Mesh.Blocks) > 1 || s.Do != akucore.Sync || s.On != akucore.Master || r.syncFailed.Load() || longest >= r.Mesh.ReceiverLockTimeout {
		return false
	}
	for n := range calmReads {
		if n > 0 && pulse.Sleep(ctx, lockPause) != nil {
			return false
		}
		if open, ok, err := master.AllTransactions(ctx); err != nil || !ok || len(open) > 0 {
			return false
		}
	}
	// A server that has started again since the plan began has forgotten it.
	return master.SetReceiverLockTimeout(ctx, r.Mesh.ReceiverLockTimeout) == nil
}

// follow reads the progress of a copy until it is done. It calls copying while the copy runs.
func (r *Runner) follow(ctx context.Context, source Copying, s akucore.Step, object string, earlier int64, copying func([]SyncProgress), done <-chan error) error {
	tick := time.NewTicker(copyBegins)
	defer tick.Stop()
	c := copyProgress{rows: map[string]int64{}, began: time.Now(), told: time.Now()}
	for next := time.Now().Add(copyInterval); ; {
		select {
		case err := <-done:
			return err
		case <-tick.C:
		}
		pulse.Beat(ctx)
		progress, err := source.SyncProgress(ctx, object)
		if err != nil {
			continue // the copy itself will report what is wrong
		}
		if lastSN(progress) > earlier {
			tick.Reset(copyInterval)
			copying(progress)
		}
		if now := time.Now(); !now.Before(next) {
			next = now.Add(copyInterval)
			r.report(Event{Kind: Copied, Step: s, Rows: c.add(r, object, progress)})
		}
	}
}

// copyProgress is what a copy has shown so far.
type copyProgress struct {
	rows        map[string]int64 // of each table, as last read: a table that is done shows no number
	began, told time.Time
}

// add records a read of the progress, reports now and then how far each table is, and returns
// the sum of all rows.
func (c *copyProgress) add(r *Runner, object string, progress []SyncProgress) int64 {
	say := time.Since(c.told) >= progressInterval
	if say {
		c.told = time.Now()
	}
	sum := int64(0)
	for _, t := range progress {
		c.rows[t.Table] = max(c.rows[t.Table], t.Records)
		sum += c.rows[t.Table]
		if say && t.Records >= 0 {
			r.Log.Info("copying", "replication", object, "table", t.Table, "records", t.Records,
				"records_per_second", int64(float64(t.Records)/time.Since(c.began).Seconds()))
		}
	}
	return sum
}

// lastSN is the number of the latest copy.
func lastSN(progress []SyncProgress) int64 {
	last := int64(-1)
	for _, t := range progress {
		last = max(last, t.SN)
	}
	return last
}
