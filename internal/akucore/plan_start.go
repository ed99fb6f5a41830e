package akucore

import (
	"fmt"
	"strings"
	"time"
)

// StartOptions are the settings of a start.
type StartOptions struct {
	// Flush delivers both ways before a joined pod is opened (AKU_FLUSH_AT_START).
	Flush bool
	// FlushTimeout bounds that for each pair, 0 for no bound of its own
	// (AKU_FLUSH_TIMEOUT_AT_START).
	FlushTimeout time.Duration
	// OpenDelay is waited before a slave is opened (AKU_DELAY_START_COMPLETE_TIME).
	OpenDelay time.Duration
}

// The sentences of the vendor's utility for a server that lost its state.
const (
	MasterFailed = "The MASTER server is detected to have failed. Check and perform a manual recovery."
	SlaveFailed  = "The SLAVE server is detected to have failed. Check and perform a manual recovery."
)

// PlanStart decides how the own pod gets into service. A pod that does not end
// up in service by its plan observes and plans again when the plan is done.
func PlanStart(m Mesh, o StartOptions, v View) Plan {
	if faults := tableFaults(m, v.Pods[m.Self]); faults != "" {
		return Plan{Name: "start", Wait: faults}
	}
	var p Plan
	if m.Self == Master {
		p = planMasterStart(m, o, v)
	} else {
		p = planSlaveStart(m, o, v)
	}
	if len(m.Groups) > 1 && len(p.Stages) > 0 {
		sharing := Stage{Title: "let several replications share a host"}
		for _, pod := range podsOf(p) {
			sharing.Steps = append(sharing.Steps, Step{Do: AllowSharing, On: pod})
		}
		p.Stages = append([]Stage{sharing}, p.Stages...)
	}
	return p
}

// tableFaults says which configured tables cannot be replicated, and why.
func tableFaults(m Mesh, own Pod) string {
	var faults []string
	for _, t := range m.Tables() {
		switch own.Tables[t] {
		case TableMissing:
			faults = append(faults, fmt.Sprintf("table %s does not exist on %s: create it", t, m.PodName(m.Self)))
		case TableNoPrimaryKey:
			faults = append(faults, fmt.Sprintf("table %s on %s has no primary key: a replicated table must have one", t, m.PodName(m.Self)))
		}
	}
	return strings.Join(faults, "; ")
}

// podsOf are the pods that a plan creates objects on.
func podsOf(p Plan) []int {
	var pods []int
	seen := map[int]bool{}
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if s.Do == Create && !seen[s.On] {
				seen[s.On] = true
				pods = append(pods, s.On)
			}
		}
	}
	return pods
}

// planMasterStart: the master compares only pairs with slaves that are in
// service, and waits for nobody.
func planMasterStart(m Mesh, o StartOptions, v View) Plan {
	p := Plan{Name: "start of the master"}
	var masterLost, slavesLost, partners []int
	for _, slave := range m.Peers() {
		if !v.Pods[slave].Open() {
			continue
		}
		own, theirs := v.mark(m, Master, slave), v.mark(m, slave, Master)
		switch {
		case own == none && theirs == none:
			// Never joined, or left in good order.
		case own != all:
			masterLost = append(masterLost, slave)
		case theirs != all:
			slavesLost = append(slavesLost, slave)
		default:
			partners = append(partners, slave)
		}
	}
	switch {
	case len(masterLost) > 0:
		p.Human = MasterFailed
		p.Recovery = recoverMaster(m, masterLost)
		return p
	case len(slavesLost) > 0:
		p.Human = SlaveFailed
		p.Recovery = recoverSlaves(m, slavesLost)
		return p
	}
	p.restart(m, o, v, partners)
	return p
}

// planSlaveStart is the table of the rules: whether a slave is joined is written
// in the XSNs of its pair with the master, on both sides.
func planSlaveStart(m Mesh, o StartOptions, v View) Plan {
	if master := v.Pods[Master]; !master.Open() {
		return Plan{Name: "start of a slave", Wait: fmt.Sprintf("the master %s is not in service: %s", m.PodName(Master), whyNotOpen(master))}
	}
	own, masters := v.mark(m, m.Self, Master), v.mark(m, Master, m.Self)
	switch {
	case own == none:
		return planJoin(m, v)
	case own == all && masters == all:
		return planSlaveRestart(m, o, v)
	default:
		return planHandOver(m, v)
	}
}

func whyNotOpen(p Pod) string {
	if p.Err != nil {
		return p.Err.Error()
	}
	return ErrClosed.Error()
}

// planSlaveRestart: the slave has a complete copy; connect it again.
func planSlaveRestart(m Mesh, o StartOptions, v View) Plan {
	partners := []int{Master}
	var unpaired []int
	for _, slave := range otherSlaves(m) {
		if !v.joined(m, slave) {
			continue
		}
		ours := v.mark(m, m.Self, slave)
		switch pod := v.Pods[slave]; {
		case pod.Open() && v.mark(m, slave, m.Self) == all:
			// Our side can be missing when a join was cut before its last stage;
			// then no user was let in yet, and to start it now misses nothing.
			partners = append(partners, slave)
		case pod.Open():
			unpaired = append(unpaired, slave)
		case ours == all:
			// Its log of this pair, and ours, wait for it.
		case pod.Closed() && slave > m.Self:
			// Both joins were cut before their last stage. One of the two must go
			// on: the higher one finds this pod open, without a log for it, and
			// joins anew.
		case v.expected(m, slave):
			return Plan{Name: "restart of a slave", Wait: fmt.Sprintf(
				"%s is joined but not in service (%s), and this pod has not yet been connected to it", m.PodName(slave), whyNotOpen(pod))}
		}
	}
	if len(unpaired) > 0 {
		// It joined while we were away, so it never kept its changes for us.
		return planHandOver(m, v)
	}
	p := Plan{Name: "restart of a slave"}
	p.restart(m, o, v, partners)
	return p
}

// restart connects the own pod with its partners, which are in service, leaves
// word for the joined pods that are not, delivers both ways and opens.
func (p *Plan) restart(m Mesh, o StartOptions, v View, partners []int) {
	connect := Stage{Title: "start the own sides"}
	restart := Stage{Title: "start the peers' sides"}
	for _, peer := range partners {
		for g := range m.Groups {
			own, exists := v.object(m, m.Self, peer, g)
			if !exists {
				connect.Steps = append(connect.Steps, Step{Do: Create, On: m.Self, Peer: peer, Group: g})
			}
			connect.Steps = append(connect.Steps, startOrWake(own, Step{On: m.Self, Peer: peer, Group: g})...)
			theirs, _ := v.object(m, peer, m.Self, g)
			restart.Steps = append(restart.Steps, startOrWake(theirs, Step{On: peer, Peer: m.Self, Group: g})...)
		}
	}
	for _, peer := range m.Peers() {
		if v.Pods[peer].Open() {
			continue
		}
		for g := range m.Groups {
			if own, _ := v.object(m, m.Self, peer, g); own.XSN != Unset && !own.Started {
				connect.Steps = append(connect.Steps, Step{Do: StartRetry, On: m.Self, Peer: peer, Group: g})
			}
		}
	}
	p.add(connect)
	p.add(restart)
	if o.Flush {
		flush := Stage{Title: "deliver both ways", Begin: "Flush replications.", End: "Replication flush has ended."}
		for _, peer := range partners {
			flush.Steps = append(flush.Steps, forGroups(m, Step{Do: Deliver, On: m.Self, Peer: peer, For: o.FlushTimeout})...)
			flush.Steps = append(flush.Steps, forGroups(m, Step{Do: Deliver, On: peer, Peer: m.Self, For: o.FlushTimeout})...)
		}
		p.add(flush)
	}
	if o.OpenDelay > 0 && m.Self != Master && !v.Pods[m.Self].Open() {
		p.add(Stage{Title: "delay", Steps: []Step{{Do: Delay, On: m.Self, For: o.OpenDelay}}})
	}
	if !v.Pods[m.Self].Open() {
		p.add(Stage{Title: "let users in", Steps: []Step{{Do: Open, On: m.Self}}})
	}
	p.InService = true
}

// startOrWake starts a stopped sender. One that has lost its peer would look for
// it only every 60 s, so it is stopped and started.
func startOrWake(o Object, at Step) []Step {
	stop, start := at, at
	stop.Do, start.Do = Stop, Start
	switch {
	case !o.Started:
		return []Step{start}
	case o.Sender == SenderRetry:
		return []Step{stop, start}
	}
	return nil
}

// planHandOver: the master, or a slave that joined meanwhile, does not know this
// copy any more, but its log may hold what nobody else has. Deliver that, and
// only when everybody has it give up the copy, which makes the next plan a join.
func planHandOver(m Mesh, v View) Plan {
	p := Plan{Name: "hand over and give up the copy"}
	for g := range m.Groups {
		own, _ := v.object(m, m.Self, Master, g)
		if _, exists := v.object(m, Master, m.Self, g); !exists && own.XSN != Unset {
			// A master that reset the pair still has the object. One without it is
			// not the master that this copy came from.
			p.Human = MasterFailed
			p.Recovery = recoverMaster(m, []int{m.Self})
			return p
		}
	}
	var waiting []string
	create := Stage{Title: "create what the peers lack"}
	connect := Stage{Title: "start what holds unsent changes"}
	deliver := Stage{Title: "deliver what the own log holds", Begin: "Flush replications.", End: "Replication flush has ended."}
	giveUp := Stage{Title: "give up the copy", Begin: "Reset replications.", End: "Replication reset has ended."}
	for _, peer := range m.Peers() {
		for g := range m.Groups {
			own, _ := v.object(m, m.Self, peer, g)
			if own.XSN == Unset {
				continue
			}
			if !v.Pods[peer].Open() {
				if peer == Master || v.joined(m, peer) && v.expected(m, peer) {
					waiting = append(waiting, fmt.Sprintf("%s (%s)", m.PodName(peer), whyNotOpen(v.Pods[peer])))
					break
				}
			} else {
				if _, exists := v.object(m, peer, m.Self, g); !exists {
					// A slave that joined without us; it must hear our changes all the same.
					create.Steps = append(create.Steps, Step{Do: Create, On: peer, Peer: m.Self, Group: g})
				}
				if !own.Started {
					connect.Steps = append(connect.Steps, Step{Do: Start, On: m.Self, Peer: peer, Group: g})
				}
				deliver.Steps = append(deliver.Steps, Step{Do: Deliver, On: m.Self, Peer: peer, Group: g})
			}
			// The pair with the master is given up last: its XSN is what says that
			// this pod once was joined.
			if peer != Master {
				giveUp.Steps = append(giveUp.Steps, Step{Do: Stop, On: m.Self, Peer: peer, Group: g},
					Step{Do: Reset, On: m.Self, Peer: peer, Group: g, If: IfHandedOver})
			}
		}
	}
	if len(waiting) > 0 {
		p.Wait = "changes of this pod may be undelivered to " + strings.Join(waiting, ", ") + "; they must be reachable before this copy is given up"
		return p
	}
	forget := Stage{Title: "give up the mark of a complete copy"}
	for g := range m.Groups {
		if own, _ := v.object(m, m.Self, Master, g); own.XSN != Unset {
			forget.Steps = append(forget.Steps, Step{Do: Stop, On: m.Self, Peer: Master, Group: g},
				Step{Do: Reset, On: m.Self, Peer: Master, Group: g, If: IfHandedOver})
		}
	}
	p.add(p.closeFirst(m, v))
	p.add(create)
	p.add(connect)
	p.add(deliver)
	p.add(giveUp)
	p.add(forget)
	return p
}

// closeFirst keeps users out before their copy is replaced. The server is closed
// already unless somebody opened it by hand.
func (p *Plan) closeFirst(m Mesh, v View) Stage {
	stage := Stage{Title: "keep users out"}
	if v.Pods[m.Self].Open() {
		stage.Steps = []Step{{Do: Close, On: m.Self}}
	}
	return stage
}

// object is a pod's side of a pair, and whether it exists.
func (v View) object(m Mesh, pod, peer, group int) (Object, bool) {
	return v.Pods[pod].object(m.Groups[group].Object(PairOf(pod, peer)))
}

func otherSlaves(m Mesh) []int {
	var slaves []int
	for _, peer := range m.Peers() {
		if peer != Master {
			slaves = append(slaves, peer)
		}
	}
	return slaves
}
