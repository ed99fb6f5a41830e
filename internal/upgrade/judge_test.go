package upgrade

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

var (
	t1, t2, t3 = akucore.Table{User: "SYS", Name: "T1"}, akucore.Table{User: "SYS", Name: "T2"}, akucore.Table{User: "SYS", Name: "T3"}
	blockA     = akucore.Block{Prefix: "A", Tables: []akucore.Table{t1, t2}}
	blockB     = akucore.Block{Prefix: "B", Tables: []akucore.Table{t3}}
)

func mesh(servers int, blocks ...akucore.Block) akucore.Mesh {
	return akucore.Mesh{StatefulSet: "db", Service: "db-pods", Self: akucore.Outside, ServerCount: servers, Blocks: blocks}
}

// release is a release of pods in service, with an object of block A for each pair, and what the
// test changes.
func release(before akucore.Mesh, pods int, change func(*Facts)) Facts {
	f := Facts{Before: before, Pods: pods, Asked: map[int]akucore.Pod{}}
	for pod := range pods {
		objects := map[string]akucore.Object{}
		for peer := range pods {
			if name := blockA.Object(akucore.PairOf(pod, peer)); peer != pod {
				objects[name] = akucore.Object{Name: name, Started: true, XSN: 10}
			}
		}
		f.Asked[pod] = akucore.Pod{State: akucore.State{Objects: objects, Tables: map[akucore.Table]akucore.TableState{}}}
	}
	if change != nil {
		change(&f)
	}
	return f
}

func silence(err error, pods ...int) func(*Facts) {
	return func(f *Facts) {
		for _, pod := range pods {
			f.Asked[pod] = akucore.Pod{Err: err}
		}
	}
}

// left is the object of a pair with a pod that is gone.
func left(on int, o akucore.Object) func(*Facts) {
	return func(f *Facts) { f.Asked[on].Objects[o.Name] = o }
}

var errAway = errors.New("no route to host")

func TestJudge_RefusesWhatWouldLoseRowsOrNotStart(t *testing.T) {
	four := mesh(4, blockA)
	for _, c := range []struct {
		name    string
		after   akucore.Mesh
		facts   Facts
		refused []string // the beginnings of the sentences, in order
		unknown []string
	}{
		{name: "nothing changed", after: four, facts: release(four, 3, nil)},
		{name: "more servers", after: mesh(6, blockA), facts: release(four, 3, nil)},
		{name: "another block", after: mesh(4, blockA, blockB), facts: release(four, 3, nil)},
		{
			name: "other tables", after: mesh(4, akucore.Block{Prefix: "A", Tables: blockB.Tables}), facts: release(four, 3, nil),
			refused: []string{"the block A keeps none of its tables: keep one of them, and take it out in the next upgrade."},
		},
		{name: "other tables, one pod", after: mesh(4, akucore.Block{Prefix: "A", Tables: blockB.Tables}), facts: release(four, 1, nil)},
		{
			name: "a table with the name of aku's own", after: four, facts: release(four, 2, func(f *Facts) { f.Foreign = map[int][]akucore.Table{1: {blockA.Beat()}} }),
			refused: []string{"SYS.A_BEAT on db-1 is a table of yours with the name of aku's own: rename it"},
		},
		{name: "a table less", after: mesh(4, akucore.Block{Prefix: "A", Tables: []akucore.Table{t1}}), facts: release(four, 3, nil)},
		{name: "fewer servers, still enough", after: mesh(3, blockA), facts: release(four, 3, nil)},
		{
			name: "fewer servers than pods", after: mesh(2, blockA), facts: release(four, 3, nil),
			refused: []string{
				"aku.serverCount is 2, but db-2 is there: scale to 2 first, and lower aku.serverCount when it has left.",
			},
		},
		{
			name: "fewer servers while the log is kept for one that left", after: mesh(3, blockA),
			facts:   release(four, 2, left(0, akucore.Object{Name: "A_03", XSN: 7})),
			refused: []string{"aku.serverCount is 3, but A_03 on db-0 still keeps its log for db-3: scale to 4 and back first, so that it leaves in good order, or, if it is never to come back, run there: ALTER REPLICATION A_03 STOP; ALTER REPLICATION A_03 RESET;"},
		},
		{
			name: "fewer servers when all left in good order", after: mesh(3, blockA),
			facts: release(four, 2, left(0, akucore.Object{Name: "A_03", XSN: akucore.Unset})),
		},
		{
			name: "another prefix", after: mesh(4, akucore.Block{Prefix: "C", Tables: blockB.Tables}), facts: release(four, 2, nil),
			refused: []string{
				"aku.replications has no block A any more, but db-0 replicates by A_01, which may hold changes that are still unsent: scale to 1 first, or keep the block.",
				"aku.replications has no block A any more, but db-1 replicates by A_01, which",
			},
		},
		{
			name: "another prefix, objects reset", after: mesh(4, akucore.Block{Prefix: "C", Tables: blockB.Tables}),
			facts:   release(four, 1, left(0, akucore.Object{Name: "A_01", XSN: akucore.Unset})),
			refused: []string{"aku.replications has no block A any more, but db-0 replicates by A_01: run there DROP REPLICATION A_01; or keep the block."},
		},
		{name: "another prefix, no objects", after: mesh(4, akucore.Block{Prefix: "C", Tables: blockA.Tables}), facts: release(four, 1, nil)},
		{
			name: "a block less", after: mesh(4, blockB), facts: release(mesh(4, blockA, blockB), 2, nil),
			refused: []string{"aku.replications has no block A any more, but db-0", "aku.replications has no block A any more, but db-1"},
		},
		{
			name: "a table in the other block", after: mesh(4, akucore.Block{Prefix: "A", Tables: []akucore.Table{t1}}, akucore.Block{Prefix: "B", Tables: []akucore.Table{t2, t3}}),
			facts:   release(mesh(4, blockA, blockB), 3, nil),
			refused: []string{"table SYS.T2 moves from the block A to the block B: take it out in one upgrade, and put it in in the next."},
		},
		{
			name: "tables that cannot be replicated", after: four,
			facts: release(four, 3, func(f *Facts) {
				f.Asked[0].Tables[t2] = akucore.TableMissing
				f.Asked[2].Tables[t2] = akucore.TableMissing
				f.Asked[1].Tables[t1] = akucore.TableNoPrimaryKey
			}),
			refused: []string{"table SYS.T1 has no primary key on db-1: give it one first.", "table SYS.T2 does not exist on db-0, db-2: create it there first."},
		},
		{
			name: "a broken release is repaired", after: mesh(4, akucore.Block{Prefix: "A", Tables: []akucore.Table{t1}}), facts: release(four, 3, silence(errAway, 0, 2)),
			unknown: []string{"db-0 cannot be asked (no route to host)", "db-2 cannot be asked"},
		},
		{
			name: "a prefix goes while a pod is away", after: mesh(4, akucore.Block{Prefix: "C", Tables: blockB.Tables}), facts: release(four, 1, silence(errAway, 0)),
			refused: []string{"db-0 cannot be asked (no route to host), and aku.replications has no block A any more, for which it may hold changes that are still unsent: bring it into service first, or undo that."},
		},
		{
			name: "servers go while a pod is away", after: mesh(3, blockA), facts: release(four, 2, silence(errAway, 1)),
			refused: []string{"db-1 cannot be asked (no route to host), and aku.serverCount goes from 4 to 3, for which"},
		},
		{
			name: "a prefix goes while no pod is there", after: mesh(4, akucore.Block{Prefix: "C", Tables: blockB.Tables}), facts: release(four, 0, nil),
			refused: []string{"no pod is there that could be asked, and aku.replications has no block A any more"},
		},
		{name: "no pod is there", after: mesh(4, blockA, blockB), facts: release(four, 0, nil)},
		{
			name: "what was before is not understood", after: mesh(2, blockB),
			facts: release(four, 2, func(f *Facts) { f.Before = akucore.Mesh{} }),
		},
		{
			name: "another Secret with another password", after: four,
			facts: release(four, 2, func(f *Facts) {
				f.OtherSecret = true
				silence(&altibase.Error{Code: "4102E", Text: "Invalid password"}, 1)(f)
			}),
			refused: []string{"db-1 refuses the password in the Secret that auth names now"},
			unknown: []string{"db-1 cannot be asked (ERR-4102E Invalid password)"},
		},
		{
			name: "the same Secret with a wrong password, which the upgrade may correct", after: four,
			facts:   release(four, 2, silence(&altibase.Error{Code: "4102E", Text: "Invalid password"}, 0, 1)),
			unknown: []string{"db-0 cannot be asked", "db-1 cannot be asked"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused, unknown := Judge(c.after, c.facts)
			if !slices.EqualFunc(refused, c.refused, strings.HasPrefix) {
				t.Errorf("refused:\n%s\nwant:\n%s", strings.Join(refused, "\n"), strings.Join(c.refused, "\n"))
			}
			if !slices.EqualFunc(unknown, c.unknown, strings.HasPrefix) {
				t.Errorf("unknown:\n%s\nwant:\n%s", strings.Join(unknown, "\n"), strings.Join(c.unknown, "\n"))
			}
		})
	}
}

func TestError_IsASentenceEachAndSaysHowToGoOn(t *testing.T) {
	text := Error{"one.", "two."}.Error()
	if want := "this upgrade is refused:\n- one.\n- two.\nNothing was changed. hooks.checkUpgrade.enabled=false upgrades without this check."; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}

func TestRenamed_NamesBoth(t *testing.T) {
	const want = "the StatefulSet of this release is called old, but with these values it would be new, and new pods would start empty: keep nameOverride and fullnameOverride as they were."
	if got := Renamed("new", []string{"old"}); !slices.Equal(got, []string{want}) {
		t.Errorf("%q", got)
	}
}
