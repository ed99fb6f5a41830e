package trial

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"aku/e2e/internal/account"
)

// Job is the main job of the chart: one pod becomes three and one again, with a writer on every open pod all
// the time.
type Job struct {
	Space *Space
	Rows  int64   // loaded first
	Rate  float64 // statements a second of each writer
	Out   io.Writer
	// Values are further values of the chart.
	Values Values

	began   time.Time
	step    int
	pods    Pods // as they came into service
	written account.Progress
	faults  []string
}

// most is the largest number of pods in the job.
const most = 3

const (
	joinLimit    = 4 * time.Minute // from one pod in service to the next
	leaveLimit   = 4 * time.Minute // the grace period and more
	deliverLimit = 3 * time.Minute
	writeLimit   = 3 * time.Minute
	enough       = 100 // statements that show that a writer works
)

// Result is the outcome of a job.
type Result struct {
	Written account.Progress // acknowledged to all writers, loaded rows included
	Took    time.Duration
	// Faults are the promises that did not hold, as text.
	Faults []string
}

// Run does the job and prints its progress. An error means that it could not go on. Broken promises are
// faults of the result.
func (j *Job) Run(ctx context.Context) (Result, error) {
	j.began, j.pods = time.Now(), Pods{}
	var err error
	for _, step := range []func(context.Context) error{j.onePod, j.threePods, j.compare, j.onePodAgain} {
		if err = step(ctx); err != nil {
			break
		}
	}
	return Result{Written: j.written, Took: time.Since(j.began), Faults: j.faults}, err
}

func (j *Job) onePod(ctx context.Context) error {
	defer j.title("One pod: helm install with replicaCount=1")()
	start := time.Now()
	if err := j.Space.Install(ctx, merge(j.Values, Values{"replicaCount": 1})); err != nil {
		return err
	}
	var group errgroup.Group
	group.Go(func() error { return j.joined(ctx, 0, start) })
	group.Go(func() error { return j.Space.StartClient(ctx) })
	if err := group.Wait(); err != nil {
		return err
	}
	start = time.Now()
	loaded, err := j.Space.Load(ctx, 0, 1, j.Rows)
	if err != nil {
		return err
	}
	j.count(loaded)
	j.say("%d rows loaded into SYS.T1 in %.1f s", loaded.Inserted, since(start))
	return nil
}

func (j *Job) threePods(ctx context.Context) error {
	defer j.title("Three pods: helm upgrade with replicaCount=3, while a writer on every open pod inserts and updates")()
	writers := j.newWriters("join")
	if err := writers.start(0); err != nil {
		return err
	}
	if err := writers.get(0).AwaitMore(ctx, writeLimit, enough); err != nil {
		return err
	}
	start := time.Now()
	if err := j.Space.Upgrade(ctx, "replicaCount=3"); err != nil {
		return err
	}
	for number := 1; number < most; number++ {
		// The writer tries from the moment when the database runs, so it writes as soon as the pod opens.
		if _, err := j.Space.AwaitRunning(ctx, joinLimit, Pod(number), Database); err != nil {
			return err
		}
		if err := writers.start(number); err != nil {
			return err
		}
		if err := j.joined(ctx, number, start); err != nil {
			return err
		}
		start = time.Now()
	}
	for number := range most {
		if err := writers.get(number).AwaitMore(ctx, writeLimit, enough); err != nil {
			return err
		}
	}
	done, err := writers.stop(ctx)
	if err != nil {
		return err
	}
	for number, p := range done {
		j.say("the writer on %s inserted %d rows and updated %d", Pod(number), p.Inserted, p.Updated)
		j.undisturbed(p)
	}
	return nil
}

// joined waits for a pod and stores it.
func (j *Job) joined(ctx context.Context, number int, start time.Time) error {
	if err := j.Space.AwaitReady(ctx, joinLimit, Pod(number)); err != nil {
		return err
	}
	j.say("%s is in service after %.1f s", Pod(number), since(start))
	j.pods[Pod(number)] = j.Space.Pods()[Pod(number)]
	return nil
}

// compare waits until the last changes have arrived, because replication is asynchronous.
func (j *Job) compare(ctx context.Context) error {
	defer j.title("The same rows on all pods")()
	var copies []account.Copy
	var verdicts []account.Verdict
	// After the limit, the code below judges the difference.
	_ = Await(ctx, deliverLimit, "equal tables", func(ctx context.Context) string {
		var err error
		if copies, err = j.Space.Copies(ctx, most); err != nil {
			return err.Error()
		}
		if verdicts, err = j.Space.Verify(ctx, most); err != nil {
			return err.Error()
		}
		for i := range copies {
			if !copies[i].Same(copies[0]) || verdicts[i].Lost() > 0 {
				return "differences"
			}
		}
		return ""
	})
	if len(verdicts) < most {
		return fmt.Errorf("the tables could not be read on all %d pods", most)
	}
	j.judge(copies, verdicts)
	for _, c := range copies {
		if !c.Same(copies[0]) {
			j.fault("%s and %s hold different rows", c.Host, copies[0].Host)
		}
	}
	j.unchanged(most)
	return nil
}

func (j *Job) onePodAgain(ctx context.Context) error {
	defer j.title("One pod again: helm upgrade with replicaCount=1, while the writers go on")()
	writers := j.newWriters("leave")
	for number := range most {
		if err := writers.start(number); err != nil {
			return err
		}
	}
	for number := range most {
		if err := writers.get(number).AwaitMore(ctx, writeLimit, enough); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := j.Space.Upgrade(ctx, "replicaCount=1"); err != nil {
		return err
	}
	for number := most - 1; number > 0; number-- {
		if err := j.Space.AwaitGone(ctx, leaveLimit, Pod(number)); err != nil {
			return err
		}
		j.say("%s is gone after %.1f s", Pod(number), since(start))
		start = time.Now()
	}
	if err := writers.get(0).AwaitMore(ctx, writeLimit, enough); err != nil {
		return err
	}
	done, err := writers.stop(ctx)
	if err != nil {
		return err
	}
	for number, p := range done {
		if number == 0 {
			j.say("the writer on %s inserted %d rows and updated %d", Pod(number), p.Inserted, p.Updated)
			j.undisturbed(p)
		} else {
			j.say("the writer on %s inserted %d rows and updated %d until it was shut out", Pod(number), p.Inserted, p.Updated)
		}
	}
	copies, err := j.Space.Copies(ctx, 1)
	if err != nil {
		return err
	}
	verdicts, err := j.Space.Verify(ctx, 1)
	if err != nil {
		return err
	}
	j.judge(copies, verdicts)
	j.unchanged(1)
	return j.reset(ctx)
}

// reset checks that the servers keep nothing for the pods that left.
func (j *Job) reset(ctx context.Context) error {
	pairs, err := j.Space.Query(ctx, 0, "SELECT REPLICATION_NAME, IS_STARTED, XSN FROM SYSTEM_.SYS_REPLICATIONS_ ORDER BY REPLICATION_NAME")
	if err != nil {
		return err
	}
	if len(pairs) < most-1 {
		j.fault("%s has %d replication objects, want one for each pod that was there: %v", Pod(0), len(pairs), pairs)
	}
	for _, pair := range pairs {
		j.say("on %s the pair %s has IS_STARTED %s and XSN %s", Pod(0), pair[0], pair[1], pair[2])
		if pair[1] != "0" || pair[2] != "-1" {
			j.fault("pair %s is not reset on %s: IS_STARTED %s, XSN %s", pair[0], Pod(0), pair[1], pair[2])
		}
	}
	return nil
}

// judge prints and judges the tables of some pods.
func (j *Job) judge(copies []account.Copy, verdicts []account.Verdict) {
	j.say("")
	j.say("%-12s %8s %14s  %-16s %12s %6s", "pod", "rows", "sum of keys", "checksum", "acknowledged", "lost")
	for i, c := range copies {
		v := verdicts[i]
		j.say("%-12s %8d %14d  %-16s %12d %6d", Pod(i), c.Rows, c.Sum, c.Checksum, v.Acknowledged, v.Lost())
		if v.Lost() > 0 || v.Extra > 0 {
			j.fault("%s: %d acknowledged rows are missing, %d are stale, %d are there that nobody wrote: %s",
				v.Host, v.Missing, v.Stale, v.Extra, strings.Join(v.Examples, "; "))
		}
	}
	j.say("")
}

// undisturbed checks a writer whose pod was in service all the time.
func (j *Job) undisturbed(p account.Progress) {
	if p.Unknown > 0 || p.Sessions != 1 {
		j.fault("the writer on %s was disturbed: %d statements failed, %d sessions, %s", p.Host, p.Unknown, p.Sessions, p.Refused)
	}
}

// unchanged checks that the first pods are still the same, and that none of their containers was restarted.
func (j *Job) unchanged(pods int) {
	now := j.Space.Pods()
	for number := range pods {
		name := Pod(number)
		if now[name].UID != j.pods[name].UID {
			j.fault("%s was replaced by another pod", name)
		}
		if restarts := Restarts(now[name]); restarts > 0 {
			j.fault("containers of %s were restarted: %s", name, now.Describe(name))
		}
	}
}

// writers are the writers of one step, one for each pod.
type writers struct {
	job   *Job
	phase int64
	name  string
	all   []*Writer
}

// Each writer of a job has its own range of a million keys; the loaded rows have the first range.
const keysOfAWriter = 1_000_000

func (j *Job) newWriters(name string) *writers {
	return &writers{job: j, name: name, phase: int64(j.step)}
}

// start starts the writer of the next pod.
func (w *writers) start(number int) error {
	from := (w.phase*most + int64(number)) * keysOfAWriter
	writer, err := w.job.Space.StartWriter(fmt.Sprintf("%s-%s", w.name, Pod(number)), number, from, w.job.Rate)
	if err == nil {
		w.all = append(w.all, writer)
	}
	return err
}

func (w *writers) get(number int) *Writer { return w.all[number] }

// stop ends all writers and counts what they wrote.
func (w *writers) stop(ctx context.Context) ([]account.Progress, error) {
	done := make([]account.Progress, len(w.all))
	var group errgroup.Group
	for i, writer := range w.all {
		group.Go(func() (err error) {
			done[i], err = writer.Stop(ctx)
			return err
		})
	}
	err := group.Wait()
	for _, p := range done {
		w.job.count(p)
		if p.Vanished > 0 {
			w.job.fault("%d rows vanished on %s before the eyes of their writer", p.Vanished, p.Host)
		}
	}
	return done, err
}

func (j *Job) count(p account.Progress) {
	j.written.Inserted += p.Inserted
	j.written.Updated += p.Updated
	j.written.Unknown += p.Unknown
}

// title prints the beginning of a step. The returned function prints its end.
func (j *Job) title(text string) func() {
	j.step++
	start := time.Now()
	fmt.Fprintf(j.Out, "\n%d. %s\n", j.step, text)
	return func() { j.say("(%.1f s)", since(start)) }
}

func (j *Job) say(format string, args ...any) {
	fmt.Fprintf(j.Out, strings.TrimRight("   "+format, " ")+"\n", args...)
}

// fault records and prints a broken promise.
func (j *Job) fault(format string, args ...any) {
	fault := fmt.Sprintf(format, args...)
	j.faults = append(j.faults, fault)
	j.say("FAULT: %s", fault)
}

func since(start time.Time) float64 { return time.Since(start).Seconds() }
