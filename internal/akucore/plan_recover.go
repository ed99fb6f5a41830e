package akucore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RecoverySign is the sign of a recovery: a replication object on the master that is
// never started. While it is there, the copy is being replaced, and the master stays
// closed. The XSNs alone do not tell: a SYNC that was cut may leave one behind as a
// complete one does. Nobody connects to its host; its port only keeps two signs apart, and
// its table is one that no user locks.
// Its name tells the source and, of a recovery by order, the generation.
func (m Mesh) RecoverySign(source int, generation string) ObjectSpec {
	name := fmt.Sprintf("%s%d", signPrefix, source)
	if generation != "" {
		name += "_" + generation
	}
	return ObjectSpec{Name: name, Host: "127.0.0.1", Port: 1 + source, Tables: []Table{m.Groups[0].Beat()}}
}

// RecoverySpec is the sign of a recovery that somebody runs by hand.
func (m Mesh) RecoverySpec(source int) ObjectSpec { return m.RecoverySign(source, "") }

const signPrefix = "AKU_RECOVERY_"

// A recoverySign is what the name of a sign tells.
type recoverySign struct {
	Source     int
	generation string // "" for a recovery by hand
}

// recoverySigns are the signs on the master: one, or two when the source is about to
// change.
func RecoverySigns(m Mesh, master State) []recoverySign {
	var signs []recoverySign
	for name := range master.Objects {
		number, generation, _ := strings.Cut(strings.TrimPrefix(name, signPrefix), "_")
		source, err := strconv.Atoi(number)
		if strings.HasPrefix(name, signPrefix) && err == nil && m.RecoverySign(source, generation).Name == name {
			signs = append(signs, recoverySign{source, generation})
		}
	}
	slices.SortFunc(signs, func(a, b recoverySign) int { return cmp.Compare(a.Source, b.Source) })
	return signs
}

// PlanRecover gives a master that lost its rows the copy of a slave in service.
//
//  1. A sign on the master keeps it closed until all is done, whatever happens. It
//     gives up what an interrupted recovery left: no other slave may deliver into a
//     half-made copy.
//  2. The other slaves keep their logs for the master, end the transactions that a log
//     may leave out, and deliver to the source. What they write from then on is in those
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
	p := Plan{Name: fmt.Sprintf("recovery of the master from %s", v.PodName(source))}
	if p.Wait = whyNotRecover(v, source, without); p.Wait != "" {
		return p
	}
	other := Stage{Title: "forget the interrupted recovery from another pod"}
	for _, earlier := range RecoverySigns(v.Mesh, v.Pods[Master].State) {
		if earlier.Source == source {
			generation = earlier.generation // it goes on
			continue
		}
		other.Steps = append(other.Steps, Step{Do: EndRecovery, On: Master, Peer: earlier.Source, Generation: earlier.generation})
	}
	p.add(Stage{Title: "keep the master closed until all is done", Steps: []Step{{Do: BeginRecovery, On: Master, Peer: source, Generation: generation}}})
	p.add(other)

	clean := Stage{Title: "take away what an interrupted recovery left"}
	connect := Stage{Title: "have the other slaves keep their logs for the master, connect them with the source"}
	deliver := Stage{Title: "deliver from them to the source", Begin: "Flush replications.", End: "Replication flush has ended."}
	giveUp := Stage{Title: "take away the source's side", Begin: "Reset replications.", End: "Replication reset has ended."}
	create := Stage{Title: "create both sides"}
	others := Stage{Title: "create the master's sides for the other slaves"}
	anew := Stage{Title: "have the other slaves hand over and join anew"}
	for _, slave := range v.Peers() {
		delivers := slave != source && v.delivers(slave, source)
		if delivers {
			anew.Steps = append(anew.Steps, Step{Do: Close, On: slave})
		}
		for g := range v.Groups {
			at := Step{On: Master, Peer: slave, Group: g}
			_, exists := v.object(Master, slave, g)
			if exists {
				clean.Steps = append(clean.Steps, at.As(Stop, Unguarded), at.As(Drop, IfRecovering))
			}
			switch {
			case slave == source:
				side := Step{On: source, Peer: Master, Group: g}
				giveUp.Steps = append(giveUp.Steps, side.As(Stop, Unguarded), side.As(Drop, IfRecovering))
				create.Steps = append(create.Steps, at.As(Create, Unguarded), side.As(Create, Unguarded))
			case delivers:
				if log, _ := v.object(slave, Master, g); !log.Started {
					connect.Steps = append(connect.Steps, Step{Do: StartRetry, On: slave, Peer: Master, Group: g})
				}
				side := Step{On: slave, Peer: source, Group: g}
				// A slave that was set back has nothing that the source lacks, and its beat would be skipped.
				if !v.older(slave, source) {
					log, _ := v.object(slave, source, g)
					connect.Steps = append(connect.Steps, startOrWake(log, side)...)
					proof := side.As(Deliver, Unguarded)
					proof.For, proof.Strict = recoveryLimit, true
					deliver.Steps = append(deliver.Steps, side.As(Settle, Unguarded), proof)
				}
				fallthrough
			case v.Pods[slave].Open() && v.sides(slave, Master):
				// It is one of those that are given up: in service, and not one that the master knows.
				others.Steps = append(others.Steps, at.As(Create, Unguarded))
			}
		}
	}
	p.add(clean)
	p.add(connect)
	p.add(deliver)
	p.add(giveUp)
	if len(v.Groups) > 1 {
		p.add(Stage{Title: "let several replications share a host", Steps: []Step{{Do: AllowSharing, On: Master}, {Do: AllowSharing, On: source}}})
	}
	p.add(create)
	p.add(Stage{
		Title: "empty the master's tables",
		Begin: "Truncate tables for replications.", End: "Table truncation has ended.",
		Steps: []Step{{Do: Truncate, On: Master, Peer: source, If: IfRecovering, Tables: v.Items()}},
	})
	p.add(Stage{Title: "start the master's side", Steps: forGroups(v.Mesh, Step{Do: Start, On: Master, Peer: source, New: true})})
	p.add(Stage{Title: "copy from the source", Begin: "Sync tables from the source.", End: "Replication sync has ended.",
		Steps: forGroups(v.Mesh, Step{Do: Sync, On: source, Peer: Master})})
	p.add(others)
	p.add(v.beginLife())
	p.add(Stage{Title: "the copy is complete: let the master start", Steps: []Step{{Do: EndRecovery, On: Master, Peer: source, Generation: generation}}})
	p.add(anew)
	p.prepare(v)
	return p
}

// recoveryLimit is how long the other slaves may take to deliver to the source before the
// recovery is planned again.
const recoveryLimit = 10 * time.Minute

// delivers tells whether a slave can prove that the source has all it wrote, and can
// keep what it writes from then on for the master.
func (v View) delivers(slave, source int) bool {
	return v.Pods[slave].Open() && v.whyKept(slave) == "" && v.sides(slave, Master) && v.mark(slave, source) == all && v.mark(source, slave) == all
}

// expects tells whether the source keeps its log for a slave: then that is one of the mesh.
func (v View) expects(source, slave int) bool { return v.mark(source, slave) != none }

// whyNotRecover says why a recovery is refused, "" when it is not.
func whyNotRecover(v View, source int, without []int) string {
	name := v.PodName(source)
	master := v.Pods[Master]
	signs := RecoverySigns(v.Mesh, master.State)
	recovering := len(signs) > 0
	// A recovery from it that was cut may have left it without its side.
	begun := slices.ContainsFunc(signs, func(sign recoverySign) bool { return sign.Source == source })
	lost := func() bool {
		start := planMasterStart(v, StartOptions{})
		return start.Human == MasterFailed && (!v.included(source) || v.older(Master, source))
	}
	switch {
	case v.Self != Master:
		return fmt.Sprintf("a recovery runs in the pod of the master, %s", v.PodName(Master))
	case source <= Master || source >= v.ServerCount:
		return fmt.Sprintf("the source must be a slave, 1 to %d", v.ServerCount-1)
	case master.Open():
		return fmt.Sprintf("the master %s is in service: there is nothing to recover", v.PodName(Master))
	case TableFaults(v.Mesh, master) != "":
		return TableFaults(v.Mesh, master)
	case !v.Pods[source].Open():
		return fmt.Sprintf("%s cannot be the source, it is not in service: %s. Should it have started anew and wait for the master, set ADMIN_MODE 0 there",
			name, whyNotOpen(v.Pods[source]))
	case !v.sides(source, Master) && !begun:
		return fmt.Sprintf("%s cannot be the source: it has no replication with the master, so it has no copy", name)
	case otherTables(v, source) != "":
		return fmt.Sprintf("%s cannot be the source as long as the master is to have other tables: %s; put them back into the configuration, and change it after the recovery",
			name, otherTables(v, source))
	case !recovering && !lost():
		return fmt.Sprintf("%s did not lose its state beside %s, so it is not emptied: a start will do", v.PodName(Master), name)
	}
	for _, slave := range v.Peers() {
		if slave != source && v.expects(source, slave) && !v.delivers(slave, source) && !slices.Contains(without, slave) {
			return fmt.Sprintf("%s cannot deliver to the source (%s), so what only it has would be lost when it joins anew: bring it back, "+
				"set ADMIN_MODE 0 there should it have been in service and wait for the master, or give that up with --without %d, as for one that has never been in service", v.PodName(slave), whyNotDelivers(v, slave), slave)
		}
	}
	return ""
}

// otherTables says which of a source's objects has other tables than the master is to
// have: a copy from it would be refused, or leave tables out.
func otherTables(v View, source int) string {
	for g, group := range v.Groups {
		// A source from before there were beats lacks only their table.
		if o, exists := v.object(source, Master, g); exists && (len(o.Lacks(group.Tables)) > 0 || len(o.exceeds(group.Items())) > 0) {
			return fmt.Sprintf("%s has the tables [%s], and the configuration [%s]", o.Name, FewNames(o.Tables), FewNames(group.Tables))
		}
	}
	return ""
}

func whyNotDelivers(v View, slave int) string {
	if kept := v.whyKept(slave); kept != "" {
		return kept
	}
	if v.Pods[slave].Open() {
		return "its pair with the source or the master is reset"
	}
	return whyNotOpen(v.Pods[slave])
}
