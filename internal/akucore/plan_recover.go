package akucore

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// PlanRecover gives a master that lost its rows the copy of a slave in service.
//
//  1. A sign on the master keeps it closed until all is done, whatever happens. It
//     gives up what an interrupted recovery left: no other slave may deliver into a
//     half-made copy.
//  2. The other slaves keep their logs for the master, wait for the transactions that such
//     a log leaves out, and deliver to the source. What they write from then on is in those
//     logs, what they wrote before is in the copy.
//  3. The objects of master and source are made anew on both sides: each remembers how
//     far the log of the other one's earlier database came. The master is emptied, and
//     the source's SYNC fills it.
//  4. The other slaves in service get their objects on the master again. They see that
//     their pair is reset, hand over their logs, and join anew when the master is in
//     service: at once, because they are closed when all is done. Those that are away
//     make theirs when they come: a server that was set back would send its old log into
//     a side that is there before it.
//
// All slaves go on until then. One that cannot deliver, because it is not in service,
// may have written what neither its log for the master nor the source holds, and would
// lose it by joining anew: without names those that this is accepted of.
//
// Nothing is remembered but what the servers hold: an interrupted recovery is planned
// again from its beginning.
func PlanRecover(v View, source int, without ...int) Plan {
	return planRecover(v, source, "", without)
}

func planRecover(v View, source int, generation string, without []int) Plan {
	r := recovery{v, source, generation}
	p := Plan{Name: fmt.Sprintf("recovery of the master from %s", v.PodName(source))}
	if p.Wait = r.whyNot(without); p.Wait != "" {
		return p
	}
	for _, sign := range r.signs() {
		if sign.Source == source {
			r.generation = sign.generation // it goes on
		}
	}
	return p.with(
		r.begin(),
		r.forgetOther(),
		r.takeAway(),
		r.connect(),
		r.deliveries(),
		r.takeAwaySource(),
		r.shareHosts(),
		r.createSource(),
		r.pin(),
		r.settle(),
		r.endSleep(),
		r.empty(),
		r.createMaster(),
		r.start(),
		r.copy(),
		r.createForOthers(),
		v.beginLife(),
		r.end(),
		r.othersJoinAnew(),
	).prepared(v)
}

type recovery struct {
	View
	source     int
	generation string
}

func (r recovery) signs() []Sign { return r.RecoverySigns(r.Pods[Master].State) }

// fromMaster and fromSource are the two sides of the pair that is made anew.
func (r recovery) fromMaster() Side { return Side{Master, r.source} }
func (r recovery) fromSource() Side { return Side{r.source, Master} }

// others are the slaves that deliver to the source.
func (r recovery) others() []int {
	return slices.DeleteFunc(r.Peers(), func(slave int) bool { return slave == r.source || !r.delivers(slave) })
}

// delivers tells whether a slave can prove that the source has all it wrote, and can
// keep what it writes from then on for the master.
func (r recovery) delivers(slave int) bool {
	toSource := Side{slave, r.source}
	return r.Pods[slave].Open() && r.whyKept(slave) == "" && r.has(Side{slave, Master}) && r.xsns(toSource) == all && r.xsns(toSource.Back()) == all
}

func (r recovery) begin() Stage {
	return Stage{Title: "keep the master closed until all is done", Steps: []Step{r.sign(BeginRecovery)}}
}

func (r recovery) sign(verb Verb) Step {
	return Step{Do: verb, Side: r.fromMaster(), Generation: r.generation}
}

func (r recovery) forgetOther() Stage {
	stage := Stage{Title: "forget the interrupted recovery from another pod"}
	for _, sign := range r.signs() {
		if sign.Source != r.source {
			stage.Steps = append(stage.Steps, Step{Do: EndRecovery, Side: Side{Master, sign.Source}, Generation: sign.generation})
		}
	}
	return stage
}

func (r recovery) takeAway() Stage {
	stage := Stage{Title: "take away what an interrupted recovery left"}
	for _, slave := range r.Peers() {
		for b := range r.Blocks {
			side := Side{Master, slave}
			if _, exists := r.object(side, b); exists {
				stage.Steps = append(stage.Steps, side.do(Stop, b), side.at(b).As(Drop, IfRecovering))
			}
		}
	}
	return stage
}

func (r recovery) connect() Stage {
	stage := Stage{Title: "have the other slaves keep their logs for the master, connect them with the source"}
	for _, slave := range r.others() {
		for b := range r.Blocks {
			toMaster, toSource := Side{slave, Master}, Side{slave, r.source}
			if log, _ := r.object(toMaster, b); !log.Started {
				stage.Steps = append(stage.Steps, toMaster.do(StartRetry, b))
			}
			if r.hasUnsent(slave) {
				log, _ := r.object(toSource, b)
				stage.Steps = append(stage.Steps, startOrWake(log, toSource.at(b))...)
			}
		}
	}
	return stage
}

// hasUnsent tells whether a slave may have what the source lacks. One that was set back has
// nothing of the kind, and the source would skip its beat.
func (r recovery) hasUnsent(slave int) bool { return !r.older(slave, r.source) }

func (r recovery) deliveries() Stage {
	stage := Stage{Title: "deliver from them to the source"}.saying(Flush)
	for _, slave := range r.others() {
		if !r.hasUnsent(slave) {
			continue
		}
		for b := range r.Blocks {
			proof := Side{slave, r.source}.do(Deliver, b)
			proof.For, proof.Strict = recoveryLimit, true
			stage.Steps = append(stage.Steps, proof.do(Settle, b), proof)
		}
	}
	return stage
}

// recoveryLimit is how long the other slaves may take to deliver to the source before the
// recovery is planned again.
const recoveryLimit = 10 * time.Minute

func (r recovery) takeAwaySource() Stage {
	stage := Stage{Title: "take away the source's side"}.saying(Reset)
	for b := range r.Blocks {
		stage.Steps = append(stage.Steps, r.fromSource().do(Stop, b), r.fromSource().at(b).As(Drop, IfRecovering))
	}
	return stage
}

func (r recovery) shareHosts() Stage {
	if len(r.Blocks) < 2 {
		return Stage{}
	}
	return Stage{Title: "let several replications share a host", Steps: []Step{on(Master, AllowSharing), on(r.source, AllowSharing)}}
}

func (r recovery) createSource() Stage {
	return Stage{Title: "create the source's side", Steps: r.forBlocks(r.fromSource().do(Create, 0))}
}

// pin pins the source's log before the copy, as a join does that of the master.
func (r recovery) pin() Stage {
	return Stage{Title: "pin the log of the source", Steps: r.forBlocks(r.fromSource().do(StartRetry, 0))}
}

func (r recovery) settle() Stage {
	settle := r.fromSource().do(Settle, 0)
	settle.For = recoveryLimit
	return Stage{Title: "wait for what the pin leaves out", Steps: []Step{settle}}
}

func (r recovery) endSleep() Stage {
	return Stage{Title: "end the sleep of the source's sender", Steps: r.forBlocks(r.fromSource().do(Stop, 0))}
}

func (r recovery) empty() Stage {
	truncate := Step{Do: Truncate, Side: r.fromMaster(), If: IfRecovering, Tables: r.Items()}
	return Stage{Title: "empty the master's tables", Steps: []Step{truncate}}.saying(Truncate)
}

func (r recovery) createMaster() Stage {
	return Stage{Title: "create the master's side", Steps: r.forBlocks(r.fromMaster().do(Create, 0))}
}

func (r recovery) start() Stage {
	return Stage{Title: "start the master's side", Steps: r.forBlocks(Step{Do: Start, Side: r.fromMaster(), New: true})}
}

func (r recovery) copy() Stage {
	stage := Stage{Title: "copy from the source", Steps: r.copiesPinned(r.fromSource())}.saying(Sync)
	stage.Begin = "Sync tables from the source."
	return stage
}

// createForOthers makes the master's sides for the slaves in service. Those that cannot
// deliver are given up and join anew, too.
func (r recovery) createForOthers() Stage {
	stage := Stage{Title: "create the master's sides for the other slaves"}
	for _, slave := range r.Peers() {
		if slave != r.source && r.Pods[slave].Open() && r.has(Side{slave, Master}) {
			stage.Steps = append(stage.Steps, r.forBlocks(Side{Master, slave}.do(Create, 0))...)
		}
	}
	return stage
}

func (r recovery) end() Stage {
	return Stage{Title: "the copy is complete: let the master start", Steps: []Step{r.sign(EndRecovery)}}
}

func (r recovery) othersJoinAnew() Stage {
	stage := Stage{Title: "have the other slaves hand over and join anew"}
	for _, slave := range r.others() {
		stage.Steps = append(stage.Steps, on(slave, Close))
	}
	return stage
}

// whyNot says why a recovery is refused, "" when it is not.
func (r recovery) whyNot(without []int) string {
	return cmp.Or(r.whyNotHere(), r.whyNotFrom(), r.whyNotLost(), r.whyNotWithout(without))
}

func (r recovery) whyNotHere() string {
	switch {
	case r.Self != Master:
		return fmt.Sprintf("a recovery runs in the pod of the master, %s", r.PodName(Master))
	case r.source <= Master || r.source >= r.ServerCount:
		return fmt.Sprintf("the source must be a slave, 1 to %d", r.ServerCount-1)
	case r.Pods[Master].Open():
		return fmt.Sprintf("the master %s is in service: there is nothing to recover", r.PodName(Master))
	}
	return r.TableFaults()
}

func (r recovery) whyNotFrom() string {
	name := r.PodName(r.source)
	// A recovery from it that was cut may have left it without its side.
	begun := slices.ContainsFunc(r.signs(), func(sign Sign) bool { return sign.Source == r.source })
	switch tables := r.otherTables(); {
	case !r.Pods[r.source].Open():
		return fmt.Sprintf("%s cannot be the source, it is not in service: %s. If it has restarted and waits for the master, set ADMIN_MODE 0 there",
			name, r.Pods[r.source].WhyNotOpen())
	case !r.has(r.fromSource()) && !begun:
		return fmt.Sprintf("%s cannot be the source: it has no replication with the master, so it has no copy", name)
	case tables != "":
		return fmt.Sprintf("%s cannot be the source while the configuration gives the master other tables: %s; put them back into the configuration, and change it after the recovery",
			name, tables)
	}
	return ""
}

// otherTables says which of the source's objects has other tables than the master is to
// have: a copy from it would be refused, or leave tables out.
func (r recovery) otherTables() string {
	for b, block := range r.Blocks {
		// A source from before there were beats lacks only their table.
		if o, exists := r.object(r.fromSource(), b); exists && (len(o.Lacks(block.Tables)) > 0 || len(o.exceeds(block.Items())) > 0) {
			return fmt.Sprintf("%s has the tables [%s], and the configuration [%s]", o.Name, FewNames(o.Tables), FewNames(block.Tables))
		}
	}
	return ""
}

// whyNotLost refuses to empty a master that has its rows.
func (r recovery) whyNotLost() string {
	beside := r.compareSlaves()
	if len(r.signs()) > 0 || beside.wait == "" && slices.Contains(beside.masterLost, r.source) {
		return ""
	}
	return fmt.Sprintf("%s did not lose its state beside %s, so it is not emptied: a normal start is enough", r.PodName(Master), r.PodName(r.source))
}

// whyNotWithout names a slave that the source keeps its log for, so it is one of the mesh,
// and that cannot deliver. What only it has would be lost.
func (r recovery) whyNotWithout(without []int) string {
	for _, slave := range r.Peers() {
		expected := slave != r.source && r.xsns(Side{r.source, slave}) != none
		if !expected || r.delivers(slave) || slices.Contains(without, slave) {
			continue
		}
		why := cmp.Or(r.whyKept(slave), "its pair with the source or the master is reset")
		if r.whyKept(slave) == "" && !r.Pods[slave].Open() {
			why = r.Pods[slave].WhyNotOpen()
		}
		return fmt.Sprintf("%s cannot deliver to the source (%s), so what only it has would be lost when it joins anew: bring it back, "+
			"set ADMIN_MODE 0 there should it have been in service and wait for the master, or give that up with --without %d, as for one that has never been in service", r.PodName(slave), why, slave)
	}
	return ""
}
