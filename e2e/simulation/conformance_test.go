package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/e2e/conformance"
)

// differs are the cases in which the model is known to differ from a real server, and how.
var differs = map[string]string{
	"16-locks-tables: REPLICATION_SYNC_LOCK_TIMEOUT is for each table: a SYNC waits for them one after the other": perTable,
	"16-locks-tables: DDL_LOCK_TIMEOUT is for each table: a DROP REPLICATION waits for them one after the other":  perTable,
	"02-start: the receiver does not look at the sender's address":                                                "the model checks whom an object is for, and refuses another: no object of aku's is for another pod than its name says",
	"07-flush: of two FLUSHes right after a write one waits for the keep-alive, and with nothing new none does":   flushes,
	"07-deliver: FLUSH under a writer is quick, FLUSH ALL chases the moving end of the log": "the model's FLUSH ALL is a FLUSH, which is quick " +
		"under a writer; aku does not say FLUSH ALL",
	"07-deliver: FLUSH a moment after a write waits for the keep-alive":                  flushes,
	"07-deliver: FLUSH WAIT 3 a moment after a write fails although the peer is healthy": flushes,
	"08-truncate: TRUNCATE of a stopped and reset replication empties this server only": "a TRUNCATE takes up to a second in the model, " +
		"also of an empty table",
	"11-alter: ADD TABLE and DROP TABLE are taken while started":                                            stopped,
	"18-transactions: V$TRANSACTION shows one that has only said LOCK TABLE all the same, with its session": "no user of the model says LOCK TABLE without writing",
	"16-locks: SYNC gives up after REPLICATION_SYNC_LOCK_TIMEOUT; meanwhile readers of the table wait too":  "who reads waits for nobody",
	"16-locks: a row that somebody has locked: the peer's change is given up after 5 s, what comes after it arrives": "it locks tables, and " +
		"users on two pods have no open transactions on one row",
	"16-locks: a key that an open transaction has inserted: who inserts it too waits for the end of that": "it locks tables; the key that came first wins",
	"16-locks: a START beside a STOP that hangs waits for it, and then starts": "the model refuses it as started; there a STOP ends with its " +
		"client, so aku never says START beside one",
	"16-locks: a STOP whose client went while it hung goes on by itself":                                 "the model's ends with its client, so a sender may run that was to be stopped",
	"19-beats: a beat moves the catalog's XSN on":                                                        "the model's moves with the acknowledgement, so more is sent again and the log is kept for longer",
	"19-beats: STOP and START of an idle sender: nothing is sent twice":                                  sentAgain,
	"19-beats: STOP and START of a sender under a writer: nothing is sent twice":                         sentAgain,
	"19-beats: a new table of every object: ADD TABLE on both sides beside traffic, and its rows travel": stopped,
}

const (
	sentAgain = "the model's STOP does not wait for the last acknowledgement, so more is sent again"
	stopped   = "the model wants the object stopped, as older servers do"
)

// perTable: which of the two a server does is not known.
const perTable = "the model has one limit for all tables of a statement, altisim one for each"

// flushes is how a FLUSH differs. aku uses it only where it cannot ask the peer for a beat, and any answer in
// time will do.
const flushes = "in the model the first FLUSH after a change is quick and the next one waits for the keep-alive, also with nothing new"

// expressed is the number of cases that the model can express. Fewer would prove less.
const expressed = 165

// TestModel_IsAsTheRealServerWasSeen runs the cases of e2e/conformance on the model's servers, which must
// behave as a real server was seen to behave, like altisim. It compares the numbers of errors but not their
// texts, which the model does not have.
func TestModel_IsAsTheRealServerWasSeen(t *testing.T) {
	files, err := conformance.Load(conformance.Cases())
	if err != nil {
		t.Fatal(err)
	}
	ran, missing := 0, maps.Clone(differs)
	held := map[string]bool{} // facts
	var leftOut []string
	for _, f := range files {
		if raceDetector && f.Name > "04" {
			break // it runs the same code, whatever the case is
		}
		for _, c := range f.Cases {
			place := fmt.Sprintf("%s.txt:%d %s", f.Name, c.Line, c.Name)
			var wrong []string
			var m *modelServers
			synctest.Test(t, func(*testing.T) { m, wrong = runCase(f, c) })
			because, known := differs[f.Name+": "+c.Name]
			delete(missing, f.Name+": "+c.Name)
			switch {
			case m.cannot != "":
				leftOut = append(leftOut, place+": "+m.cannot)
				continue
			case known && len(wrong) == 0:
				t.Errorf("%s: the model is as the real server; it is said to differ: %s", place, because)
			case known:
				leftOut = append(leftOut, place+": differs: "+because)
				continue
			case len(wrong) > 0:
				t.Errorf("%s:\n%s", place, strings.Join(wrong, "\n"))
			}
			ran++
			for _, fact := range c.Shows {
				held[fact] = true
			}
		}
	}
	t.Logf("%d cases hold on the model; left out are %d:\n  %s", ran, len(leftOut), strings.Join(leftOut, "\n  "))
	if raceDetector {
		return
	}
	if ran < expressed {
		t.Errorf("%d cases ran, want at least %d", ran, expressed)
	}
	if len(missing) > 0 {
		t.Errorf("there are no such cases: %q", slices.Sorted(maps.Keys(missing)))
	}
	checkFacts(t, held)
}

// runCase runs a case on three empty servers of the model.
func runCase(f conformance.File, c conformance.Case) (m *modelServers, wrong []string) {
	ctx, cancel := context.WithCancel(context.Background())
	m = newModelServers(ctx)
	target := m.target()
	f.Setup, c.Steps = m.steps(f.Setup), m.steps(c.Steps)
	if !slices.ContainsFunc(c.Steps, expects) {
		m.isBeyond("all that it reads")
	}
	if m.cannot == "" {
		report := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
		err := conformance.Run(report, &target, f, c, func(conformance.Target) error { return nil })
		if err != nil {
			report("%v", err)
		}
	}
	m.w.mu.Lock()
	for _, p := range m.w.pods {
		if p != nil {
			p.server.end()
		}
	}
	m.w.mu.Unlock()
	cancel()
	m.w.tasks.Wait()
	return m, wrong
}

// expects tells whether a step can fail for another reason than a failed statement.
func expects(s conformance.Step) bool {
	w := s.Want
	return w.Code != 0 || w.Word != "" || w.HasRows || w.Timed || s.Verb == "ends" || s.Verb == "runs"
}

// steps removes the texts of errors and what asks for things that the model does not show. It records what
// nobody can do to the model.
func (m *modelServers) steps(steps []conformance.Step) []conformance.Step {
	binds := func(row string) bool { return strings.Contains(row, "$") && !strings.Contains(row, "$REP") }
	steps = slices.DeleteFunc(slices.Clone(steps), func(s conformance.Step) bool {
		asks := s.Verb == "" || s.Verb == "until" || s.Verb == "still" || s.Verb == "within"
		return asks && isBeyondModel(s.Text) && !slices.ContainsFunc(s.Want.Rows, binds)
	})
	for i, s := range steps {
		steps[i].Want.Text = ""
		switch {
		case slices.Contains([]string{"client", "die", "move", "terminate"}, s.Verb):
			m.isBeyond("there is no way to " + s.Verb)
		case s.Want.Columns != "" || s.Want.Types != "":
			m.isBeyond("it has no columns and types")
		}
	}
	return steps
}

// modelServers are three servers of the model, and what a case has made on them.
type modelServers struct {
	w      *world
	cannot string // why the model cannot express the case
	copies [3]*volume
	tables map[string]string // names in the case → names of the model's tables
	forms  map[string]string // the columns of tables in the case
	names  [3]map[string][]string
	noKey  map[string]bool    // tables without a key, which hold different rows nevertheless
	rows   [][]string         // values beside the keys; the model has the index, from 1 on
	conns  map[int64]*sqlConn // sessions
	called map[string]string  // objects of the model → their names in the case
	added  string             // an object's second host, and its port
	ddl    [3]bool            // REPLICATION_DDL_ENABLE
	syncs  [3]time.Duration   // REPLICATION_SYNC_LOCK_TIMEOUT
}

func newModelServers(ctx context.Context) *modelServers {
	w := &world{seed: 1, began: time.Now(), ctx: ctx, dice: map[dieKey]uint64{}, claims: claims{}, lives: map[int64]beatLife{}, givenUp: map[place]bool{}}
	w.options.ServerCount, w.options.Blocks = 3, 1
	w.journal.latest, w.journal.shared = map[place]written{}, map[place]bool{}
	m := &modelServers{w: w, conns: map[int64]*sqlConn{}, noKey: map[string]bool{}, tables: map[string]string{}, forms: map[string]string{}, called: map[string]string{}}
	for i := range 3 {
		p := &pod{w: w, number: i}
		p.ctx, p.remove = context.WithCancel(ctx)
		w.pods[i] = p
		m.syncs[i] = 30 * time.Second
		m.anew(i)
	}
	for i := range 3 {
		m.boot(i, false)
	}
	return m
}

// isBeyond records what the model cannot express.
func (m *modelServers) isBeyond(why string) {
	if m.cannot == "" {
		m.cannot = why
	}
}

func (m *modelServers) anew(i int) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	v := newVolume(m.w, i)
	m.w.volumes[i], m.w.pods[i].volume, m.names[i] = v, v, map[string][]string{}
}

// boot starts a server and waits until it answers.
func (m *modelServers) boot(i int, closed bool) {
	m.w.mu.Lock()
	s := m.w.boot(i, m.w.volumes[i])
	m.w.pods[i].server = s
	m.w.mu.Unlock()
	for up := false; !up; {
		_ = pause(m.w.ctx, 10*time.Millisecond)
		m.w.mu.Lock()
		if up = s.up; up {
			s.adminMode = closed
		}
		m.w.mu.Unlock()
	}
}

func (m *modelServers) kill(i int) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.w.pods[i].server.end()
}

func (m *modelServers) hang(i int, on bool) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.w.network.hung[i] = on
}

// target connects the cases to the servers. A second is a second of virtual time.
func (m *modelServers) target() conformance.Target {
	t := conformance.Target{Kind: "model", Scale: 1, Open: m.open}
	for i := range 3 {
		t.Servers[i] = conformance.Server{
			Host: fmt.Sprintf("altibase-%d.svc", i), Port: 20300, ReplicationPort: 20301, Name: fmt.Sprintf("altibase-%d.svc", i),
			Kill: func() error { m.kill(i); return nil },
			Gone: func() bool {
				m.w.mu.Lock()
				defer m.w.mu.Unlock()
				return m.w.running(i) == nil
			},
			Restart: func(properties map[string]string) error {
				closed := false
				for name, value := range properties {
					if closed = name == "ADMIN_MODE" && value == "1"; !closed {
						m.isBeyond("a server starts without " + name)
					}
				}
				m.boot(i, closed)
				return nil
			},
			Anew: func() error {
				m.kill(i)
				m.anew(i)
				m.boot(i, false)
				return nil
			},
			Copy: func() error {
				m.w.mu.Lock()
				defer m.w.mu.Unlock()
				m.copies[i] = m.w.volumes[i].clone()
				return nil
			},
			PutBack: func() error {
				m.w.mu.Lock()
				defer m.w.mu.Unlock()
				v := m.copies[i].clone()
				v.recovers()
				m.w.volumes[i], m.w.pods[i].volume = v, v
				return nil
			},
			Pause:  func() error { m.hang(i, true); return nil },
			Resume: func() error { m.hang(i, false); return nil },
		}
	}
	return t
}
