package akucore

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// Beats of a pod that went on after a moment to which it is set back.
var (
	earlier   = Beat{Number: 100, Life: 100}
	later     = Beat{Number: 150, Life: 100}
	nextLife  = Beat{Number: 200, Life: 200, Prev: 150}
	otherLife = Beat{Number: 200, Life: 200, Prev: 100} // that began at the earlier moment
)

var startOptions = StartOptions{Flush: true, FlushTimeout: 300 * time.Second}

func TestPlanStart(t *testing.T) {
	twoGroups := mesh(1)
	twoGroups.Groups = append(twoGroups.Groups, Group{Prefix: "AKU_B", Parallel: 1, Tables: []Table{{User: "U", Name: "T2", Partition: "P1"}}})
	missing := newWorld(mesh(0)).closed(0).away(1, 2)
	own := missing.view.Pods[0]
	own.Tables = map[Table]TableState{{User: "SYS", Name: "T1"}: TableMissing}
	missing.view.Pods[0] = own

	tests := []struct {
		name string
		w    *world
	}{
		{"master, first start", newWorld(mesh(0)).closed(0).away(1, 2)},
		{"master, a table is missing", missing},
		{"master, restart beside a slave in service and one away", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.stopped(0, 1).side(1, 0, 100, true, SenderRetry).stopped(0, 2)
		}()},
		{"master, restart beside a slave whose sender ended by itself", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.side(0, 1, 100, true, SenderConnecting).side(1, 0, 100, true, SenderNone)
		}()},
		{"master, volume lost", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1, 2)
			return w.running(1, 0).running(2, 0)
		}()},
		{"master, mixed", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1, 2)
			return w.both(w.stopped, 0, 1).reset(0, 2).running(2, 0)
		}()},
		{"master, a slave in service lost its side", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.stopped(0, 1).reset(1, 0)
		}()},
		{"master, a slave that left in good order is open", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.both(w.reset, 0, 1)
		}()},

		{"slave, master away", newWorld(mesh(1)).closed(1).away(0, 2)},
		{"slave, master closed", newWorld(mesh(1)).closed(0).closed(1).away(2)},
		{"slave, new", newWorld(mesh(1)).closed(1).open(0).away(2)},
		{"slave, two replications", newWorld(twoGroups).closed(1).open(0).away(2)},
		{"slave, new beside another slave", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			return w.both(w.running, 0, 1)
		}()},
		{"slave, opened by hand before its join", newWorld(mesh(1)).open(0, 1).away(2)},
		{"slave, interrupted join beside another slave", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).running(0, 2).reset(2, 0)
			return w.side(1, 2, 100, true, SenderRetry).stopped(2, 1)
		}()},
		{"slave, another joined slave is away and expected", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).away(1)
			return w.running(0, 1)
		}()},
		{"slave, a lower slave is starting", newWorld(mesh(2)).closed(2).open(0).closed(1)},
		{"slave, beside a slave in service whose copy is outdated", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			return w.reset(0, 1).running(1, 0)
		}()},
		{"slave, interrupted join, and a joined slave is starting", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).closed(1)
			return w.running(0, 1).stopped(0, 2).reset(2, 0)
		}()},
		{"slave, a higher joined slave is away", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2)
			return w.stopped(0, 2)
		}()},
		{"slave, restart, all stopped", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.stopped, 0, 2)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, set back to an earlier moment", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.running, 0, 2).both(w.running, 1, 2)
			return w.beats(2, 2, earlier).beats(0, 2, later).beats(1, 2, earlier)
		}()},
		{"slave, set back, and the recovered master has no side for it", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).running(2, 0).both(w.running, 1, 2)
			return w.beats(2, 2, earlier).beats(0, 2, later).beats(1, 2, later)
		}()},
		{"slave, the master was set back and is in service", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).away(1)
			return w.both(w.running, 0, 2).beats(2, 0, later).beats(0, 0, earlier, otherLife)
		}()},
		{"slave in service, the master was set back and is in service", func() *world {
			w := newWorld(mesh(2)).open(0, 2).away(1)
			return w.both(w.running, 0, 2).beats(2, 0, later).beats(0, 0, earlier, otherLife)
		}()},
		{"slave, away while the master was recovered", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).running(2, 0).both(w.running, 1, 2)
			return w.beats(2, 0, later).beats(0, 0, earlier, nextLife)
		}()},
		{"slave, away while the master was recovered from a slave that knew less", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).running(2, 0)
			return w.beats(2, 0, later).beats(0, 0, earlier, otherLife).beats(0, 2, earlier).beats(2, 2, earlier)
		}()},
		{"slave, the master was reset, and did not apply rows of this one", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0, 2)
			return w.both(w.running, 0, 2).both(w.running, 1, 2).reset(0, 1).running(1, 0).keeps(1, 0)
		}()},
		{"slave in service, the master was reset, and did not apply rows of this one", func() *world {
			w := newWorld(mesh(1)).open(0, 1, 2)
			return w.both(w.running, 0, 2).both(w.running, 1, 2).reset(0, 1).running(1, 0).keeps(1, 0)
		}()},
		{"slave, restart, a slave did not apply rows of this one", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0, 2)
			w.both(w.running, 0, 1).both(w.running, 0, 2)
			return w.both(w.running, 1, 2).keeps(1, 2)
		}()},
		{"slave with a new table, a slave did not apply rows of this one", func() *world {
			w := newWorld(changedMesh(1)).closed(1).open(0, 2).lists("T1")
			w.both(w.running, 0, 1).both(w.running, 0, 2)
			return w.both(w.running, 1, 2).keeps(1, 2)
		}()},
		{"slave, the copy was given up by hand in spite of rows that the master did not apply", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2)
			return w.reset(1, 0).reset(0, 1).keeps(1, 0)
		}()},
		{"slave, the master began anew with nothing", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).away(1)
			return w.running(2, 0).beats(2, 0, later).beats(0, 0, Beat{Number: 300, Life: 300})
		}()},
		{"master, set back beside a slave in service", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.both(w.running, 0, 1).beats(0, 0, earlier).beats(1, 0, later)
		}()},
		{"slave, restart of a pair from before there were beats", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2).listsAlone("T1")
			w.view.Pods[0].Beats[w.m.Beats()[0]] = nil
			delete(w.view.Pods[0].Beats, w.m.Beats()[0])
			return w.both(w.running, 0, 1)
		}()},
		{"slave, restart, all running", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.running, 0, 2)
			return w.both(w.running, 1, 2)
		}()},
		{"slave, restart, the other slave is away", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).away(1)
			return w.running(0, 1).both(w.stopped, 0, 2).stopped(2, 1)
		}()},
		{"slave, join cut after its copy was complete", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.running, 0, 2)
			return w.side(1, 2, 100, true, SenderRetry)
		}()},
		{"slave, another slave joined without it", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.stopped, 0, 2)
			return w.stopped(2, 1)
		}()},
		{"slave, the master was reset", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).reset(0, 2).stopped(2, 0)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, the master was reset and another slave is away", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0).away(1)
			return w.running(0, 1).reset(0, 2).stopped(2, 0).stopped(2, 1)
		}()},
		{"slave, a table is added", func() *world {
			w := newWorld(changedMesh(2)).closed(2).open(0, 1).lists("T1")
			w.both(w.running, 0, 1).both(w.stopped, 0, 2)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, a table is added while it is open, and the other slave has it", func() *world {
			w := newWorld(changedMesh(1)).open(0, 1, 2).lists("T1")
			w.both(w.running, 0, 1).both(w.running, 1, 2)
			return w.lists("T1", "T2").both(w.running, 0, 2)
		}()},
		{"slave, two partitions of a table are added", func() *world {
			m := mesh(1)
			m.Groups[0].Tables = append(m.Groups[0].Tables, Table{User: "SYS", Name: "P", Partition: "P1"}, Table{User: "SYS", Name: "P", Partition: "P2"})
			w := newWorld(m).closed(1).open(0).away(2).lists("T1")
			return w.both(w.stopped, 0, 1)
		}()},
		{"slave, a block is added", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).both(w.stopped, 0, 2).both(w.stopped, 1, 2)
			w.m, w.view.Mesh = twoGroups, twoGroups
			w.m.Self, w.view.Self = 2, 2
			return w
		}()},
		{"slave, a block is added, and the other slave has it", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0, 2)
			w.both(w.stopped, 0, 1).both(w.stopped, 1, 2)
			w.m, w.view.Mesh = twoGroups, twoGroups
			w.m.Self, w.view.Self = 1, 1
			return w.both(w.running, 0, 2)
		}()},
		{"slave, a table is taken out", func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1).lists("T1", "T2")
			w.both(w.running, 0, 1).both(w.stopped, 0, 2)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, a table is added, and a plan before was cut", func() *world {
			w := newWorld(changedMesh(2)).closed(2).open(0).away(1).lists("T1")
			return w.stopped(2, 0).lists("T1", "T2").stopped(0, 2)
		}()},
		{"slave, a table is added, and the other slave is away", func() *world {
			w := newWorld(changedMesh(1)).closed(1).open(0).away(2).lists("T1")
			w.both(w.running, 0, 2).both(w.stopped, 0, 1)
			return w.stopped(1, 2).lists("T1", "T2").stopped(0, 1)
		}()},
		{"slave, a table is added, and a higher one does not have it yet", func() *world {
			w := newWorld(changedMesh(1)).closed(1).open(0, 2).lists("T1")
			w.both(w.running, 0, 2).both(w.stopped, 0, 1)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, its replication port changed", func() *world {
			m := mesh(1)
			m.ReplicationPort = 20999
			w := newWorld(m).closed(1).open(0).away(2).running(0, 1).stopped(1, 0)
			return w.edit(0, "AKU_REP_01", func(o *Object) { o.Port = 20301 }).edit(1, "AKU_REP_01", func(o *Object) { o.Port = 20301 })
		}()},
		{"slave, reset, the list of tables changed, beside a slave that has the old one", func() *world {
			w := newWorld(changedMesh(2)).closed(2).open(0, 1).lists("T1")
			w.both(w.running, 0, 1).running(0, 2).reset(2, 0)
			return w.both(w.stopped, 1, 2)
		}()},
		{"slave, reset, the list of tables changed, beside a slave that has the new one", func() *world {
			w := newWorld(changedMesh(1)).closed(1).open(0, 2).lists("T1")
			w.both(w.reset, 0, 1)
			w.both(w.stopped, 1, 2)
			return w.lists("T1", "T2").both(w.running, 0, 2)
		}()},
		{"slave, reset, beside a slave that has none of its tables", func() *world {
			w := newWorld(changedMesh(2)).closed(2).open(0, 1).lists("OLD")
			return w.both(w.running, 0, 1)
		}()},
		{"slave, reset, and the other server went to another host", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2)
			w.both(w.reset, 0, 1)
			return w.edit(1, "AKU_REP_01", func(o *Object) { o.Host = "altibase-0.old-svc" })
		}()},
		{"slave, new, and a renamed block may hold undelivered changes", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2).stopped(1, 0)
			own := w.view.Pods[1].Objects
			o := own["AKU_REP_01"]
			delete(own, o.Name)
			o.Name = "AKU_OLD_01"
			own[o.Name] = o
			return w
		}()},
		{"slave, the master is not the one of its copy", func() *world {
			w := newWorld(mesh(1)).closed(1).open(0).away(2)
			return w.stopped(1, 0)
		}()},
	}
	var all string
	for _, test := range tests {
		all += "## " + test.name + "\n" + PlanStart(test.w.view, startOptions).Describe(test.w.m, nil) + "\n"
	}
	golden(t, "plan_start.golden", all)
}

func TestPlanEnd(t *testing.T) {
	leave := EndOptions{Flush: true, DeliverLimit: 30 * time.Second, Reset: ResetAlways, Shutdown: true}
	stay := EndOptions{Flush: true, DeliverLimit: 30 * time.Second, Reset: ResetNever}
	full := func(self int) *world {
		w := newWorld(mesh(self)).open(0, 1, 2)
		w.both(w.running, 0, 1).both(w.running, 0, 2)
		return w.both(w.running, 1, 2)
	}
	tests := []struct {
		name string
		o    EndOptions
		w    *world
	}{
		{"slave leaves", leave, full(2)},
		{"slave leaves, the master did not apply rows of it", leave, full(2).keeps(2, 0)},
		{"slave stays", stay, full(2)},
		{"slave stays without flush", EndOptions{Reset: ResetNever}, full(2)},
		{"master", leave, full(0)},
		{"slave leaves while an expected slave is away", leave, func() *world {
			w := newWorld(mesh(2)).open(0, 2).away(1)
			return w.running(0, 1).both(w.running, 0, 2).side(2, 1, 100, true, SenderRetry)
		}()},
		{"slave leaves while another one joins that it is not paired with", leave, func() *world {
			w := newWorld(mesh(1)).open(0, 1).closed(2)
			return w.both(w.running, 0, 1).side(0, 2, Unset, false, SenderSync)
		}()},
		{"slave leaves while the master is away", leave, func() *world {
			w := newWorld(mesh(1)).open(1).away(0, 2)
			return w.side(1, 0, 100, true, SenderRetry)
		}()},
		{"slave leaves in the middle of its join", leave, func() *world {
			w := newWorld(mesh(2)).closed(2).open(0, 1)
			w.both(w.running, 0, 1).side(0, 2, Unset, false, SenderSync).reset(2, 0)
			return w.side(1, 2, 100, true, SenderRetry)
		}()},
		{"slave leaves, stopped with unsent changes", leave, func() *world {
			w := newWorld(mesh(1)).open(0, 1).away(2)
			return w.both(w.stopped, 0, 1)
		}()},
	}
	var all string
	for _, test := range tests {
		all += "## " + test.name + "\n" + PlanEnd(test.w.view, test.o).Describe(test.w.m, nil) + "\n"
	}
	golden(t, "plan_end.golden", all)
}

// golden holds a text against the file that documents it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestPlanClean(t *testing.T) {
	w := newWorld(mesh(2)).open(0, 2).away(1)
	w.both(w.running, 0, 2).side(2, 1, 100, true, SenderRetry)
	golden(t, "plan_clean.golden", PlanClean(w.view).Describe(w.m, nil))
}

func TestPlanSweep(t *testing.T) {
	removed := func(replicas int) *world {
		w := newWorld(mesh(0)).open(0, 1).away(2)
		w.both(w.running, 0, 1).side(0, 2, 100, true, SenderRetry)
		w.view.Replicas = replicas
		return w
	}
	tests := []struct {
		name   string
		before map[int]bool
		w      *world
		want   int // steps
	}{
		{"same verdict twice", map[int]bool{2: true}, removed(2), 2},
		{"first verdict", nil, removed(2), 0},
		{"still expected", map[int]bool{2: true}, removed(3), 0},
		{"replica count not known", map[int]bool{2: true}, removed(-1), 0},
		{"everything stops", map[int]bool{2: true}, removed(0), 0},
		{"the peer answers", map[int]bool{1: true, 2: true}, removed(1).open(2), 0},
	}
	for _, test := range tests {
		plan := PlanSweep(test.w.view, test.before)
		steps := 0
		for _, stage := range plan.Stages {
			steps += len(stage.Steps)
		}
		if steps != test.want {
			t.Errorf("%s: %d steps, want %d:\n%s", test.name, steps, test.want, plan.Describe(test.w.m, nil))
		}
	}
}

func TestResetMode(t *testing.T) {
	tests := []struct {
		mode          ResetMode
		pod, replicas int
		want          bool
	}{
		{ResetAlways, 1, -1, true},
		{ResetAlways, Master, 0, false},
		{ResetNever, 2, 1, false},
		{ResetAuto, 2, 2, true},   // scaled down
		{ResetAuto, 1, 2, false},  // restart, drain, rolling update
		{ResetAuto, 1, -1, false}, // not known
		{ResetAuto, 1, 0, false},  // everything stops
		{ResetAuto, Master, 1, false},
	}
	for _, test := range tests {
		if got := test.mode.leaves(test.pod, test.replicas); got != test.want {
			t.Errorf("mode %s, pod %d of %d: leaves %t", test.mode, test.pod, test.replicas, got)
		}
	}
}
