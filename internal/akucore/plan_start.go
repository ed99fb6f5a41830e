package akucore

import (
	"fmt"
	"slices"
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
	// Recover is what to do about a master that lost its state (AKU_RECOVER_FILE).
	Recover RecoveryOrder
}

// The sentences of the vendor's utility for a server that lost its state.
const (
	MasterFailed = "The MASTER server is detected to have failed. Check and perform a manual recovery."
	SlaveFailed  = "The SLAVE server is detected to have failed. Check and perform a manual recovery."
)

// PlanStart decides how the own pod gets into service. A pod that does not end
// up in service by its plan observes and plans again when the plan is done.
func PlanStart(v View, o StartOptions) Plan {
	if faults := TableFaults(v.Mesh, v.Pods[v.Self]); faults != "" {
		return Plan{Name: "start", Wait: faults}
	}
	var p Plan
	if v.Self == Master {
		p = planMasterStart(v, o)
	} else {
		p = planSlaveStart(v, o)
	}
	p.prepare(v)
	if len(v.Groups) > 1 && len(p.Stages) > 0 {
		sharing := Stage{Title: "let several replications share a host"}
		for _, pod := range p.pods(Create) {
			sharing.Steps = append(sharing.Steps, Step{Do: AllowSharing, On: pod})
		}
		p.first(sharing)
	}
	return p
}

// first puts a stage before all others, unless it is empty.
func (p *Plan) first(stage Stage) {
	if len(stage.Steps) > 0 {
		p.Stages = append([]Stage{stage}, p.Stages...)
	}
}

// prepare puts before a plan what its statements need: first of all receivers that wait.
func (p *Plan) prepare(v View) {
	p.first(v.makeBeats(*p))
	p.first(awaitLocks(v.Mesh, *p))
}

// makeBeats are the beat tables that are missing where the plan makes or changes an
// object, or inserts a beat.
func (v View) makeBeats(p Plan) Stage {
	stage := Stage{Title: "make the beat tables"}
	for _, pod := range p.pods(Create, AddTables, BeginLife, BeginRecovery) {
		for g, group := range v.Groups {
			if _, exists := v.Pods[pod].Beats[group.Beat()]; !exists {
				stage.Steps = append(stage.Steps, Step{Do: MakeBeats, On: pod, Group: g})
			}
		}
	}
	return stage
}

// awaitLocks has the receivers of all servers that take part wait for locks. The property
// is gone when a server starts again.
func awaitLocks(m Mesh, p Plan) Stage {
	stage := Stage{Title: "have receivers wait for locks, and give nothing up"}
	if m.ReceiverLockTimeout == 0 {
		return stage
	}
	pods := p.pods(Create, Drop, AddTables, DropTables, Sync, SyncTables, BeginRecovery)
	if p.opens(m) && !slices.Contains(pods, m.Self) {
		pods = append(pods, m.Self)
	}
	for _, pod := range pods {
		stage.Steps = append(stage.Steps, Step{Do: AwaitLocks, On: pod})
	}
	return stage
}

// opens tells whether the plan lets users in.
func (p Plan) opens(m Mesh) bool { return slices.Contains(p.pods(Open), m.Self) }

// tableFaults says which configured tables cannot be replicated, and why.
func TableFaults(m Mesh, own Pod) string {
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

// pods are those that a plan does such things on.
func (p Plan) pods(verbs ...Verb) []int {
	var pods []int
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if slices.Contains(verbs, s.Do) && !slices.Contains(pods, s.On) {
				pods = append(pods, s.On)
			}
		}
	}
	return pods
}

// planMasterStart: the master compares only pairs with slaves that are in
// service, and waits for nobody.
func planMasterStart(v View, o StartOptions) Plan {
	p := Plan{Name: "start of the master"}
	if signs := RecoverySigns(v.Mesh, v.Pods[Master].State); len(signs) > 0 {
		return planInterrupted(v, o.Recover, signs)
	}
	var masterLost, slavesLost, partners []int
	for _, slave := range v.Peers() {
		if !v.Pods[slave].Open() {
			continue
		}
		own, theirs := v.mark(Master, slave), v.mark(slave, Master)
		switch {
		case own == none && theirs == none:
			// Never joined, or left in good order. But no slave in service is reset,
			// unless somebody is about to give this pod its copy: to open now would be
			// to open empty.
			if v.sides(slave, Master) {
				p.Wait = fmt.Sprintf("%s is in service with its pair reset: SYNC it to this pod and start the pair here, or close it (ADMIN_MODE 1)", v.PodName(slave))
				return p
			}
		case !v.included(slave):
			masterLost = append(masterLost, slave)
		case v.older(Master, slave):
			masterLost = append(masterLost, slave)
		case own != all:
			// Reset here, so that the slave joins anew: it will see that, hand over
			// what it has and leave service by itself.
		case theirs != all:
			slavesLost = append(slavesLost, slave)
		default:
			partners = append(partners, slave)
		}
	}
	switch {
	case len(masterLost) > 0:
		return planMasterLost(v, o.Recover, masterLost)
	case len(slavesLost) > 0:
		p.Human = SlaveFailed
		p.Recovery = recoverSlaves(v, slavesLost)
		return p
	}
	p.restart(v, o, partners)
	return p
}

// planSlaveStart is the table of the rules: whether a slave is joined is written
// in the XSNs of its pair with the master, on both sides.
func planSlaveStart(v View, o StartOptions) Plan {
	if master := v.Pods[Master]; !master.Open() {
		return Plan{Name: "start of a slave", Wait: fmt.Sprintf("the master %s is not in service: %s", v.PodName(Master), whyNotOpen(master))}
	}
	own, masters := v.mark(v.Self, Master), v.mark(Master, v.Self)
	joined := own == all && masters == all
	witness, setBack := v.setBack()
	changed := ""
	if joined {
		changed = v.listChanged()
	}
	if old := v.inTheWay(); len(old) > 0 && (own == none || changed != "") {
		return Plan{Name: "start of a slave", Wait: strings.Join(TellForgotten(v.Mesh, old), "; ")}
	}
	switch {
	case own == none:
		return planJoin(v)
	case setBack:
		p := planHandOver(v, true)
		p.Name += fmt.Sprintf(": %s has a beat of this pod that its database lacks, so it was set back to an earlier moment, or commits were lost with the node", v.PodName(witness))
		return p
	case v.older(Master, v.Self) && v.sides(Master, v.Self):
		return planMasterSetBack(v)
	case changed != "":
		why := v.notYet()
		if why == "" {
			return planChange(v)
		}
		p := planSlaveRestart(v, o)
		p.Undone = append(p.Undone, fmt.Sprintf("the list of tables stays as it is for now (%s): %s", changed, why))
		return p
	case joined:
		return planSlaveRestart(v, o)
	default:
		return planHandOver(v, false)
	}
}

func whyNotOpen(p Pod) string {
	if p.Err != nil {
		return p.Err.Error()
	}
	return ErrClosed.Error()
}

// planSlaveRestart: the slave has a complete copy; connect it again.
func planSlaveRestart(v View, o StartOptions) Plan {
	partners := []int{Master}
	for _, slave := range otherSlaves(v.Mesh) {
		// A higher one would wait for this pod: of the two the lower goes on.
		if slave < v.Self && v.outdated(slave) && !v.included(slave) {
			return Plan{Name: "restart of a slave", Wait: waitForOutdated(v.Mesh, slave)}
		}
		if !v.joined(slave) {
			continue
		}
		switch pod := v.Pods[slave]; {
		case pod.Open() && v.included(slave) && v.mark(slave, v.Self) == all:
			partners = append(partners, slave)
		case pod.Open():
			// One of the two joined without the other, so neither copy is sure to
			// have what the other wrote.
			return planHandOver(v, false)
		case v.included(slave):
			// Its log of this pair, and ours, wait for it.
		case pod.Closed() && slave > v.Self:
			// Each of the two joined without the other. The lower one goes on; the
			// higher one will find it open and join anew.
		case v.awaited(slave):
			return Plan{Name: "restart of a slave", Wait: fmt.Sprintf(
				"%s is joined but not in service (%s), and this pod has not yet been connected to it", v.PodName(slave), whyNotOpen(pod))}
		}
	}
	p := Plan{Name: "restart of a slave"}
	p.restart(v, o, partners)
	return p
}

// waitForOutdated says why nobody connects to a slave that is about to give up its
// copy: it would have the other one join anew as well.
func waitForOutdated(m Mesh, slave int) string {
	return m.PodName(slave) + " is to join anew; what it has not delivered would be missing here"
}

// restart connects the own pod with its partners, which are in service, leaves
// word for the joined pods that are not, delivers both ways and opens.
func (p *Plan) restart(v View, o StartOptions, partners []int) {
	align := Stage{Title: alignTitle}
	// The own START would wake them, and a sender that runs takes a second to stop.
	asleep := Stage{Title: "stop the peers' sides that have lost this pod"}
	connect := Stage{Title: "start the own sides"}
	restart := Stage{Title: "start the peers' sides"}
	for _, peer := range partners {
		for _, g := range v.groups(v.Self, peer) {
			own, _ := v.object(v.Self, peer, g)
			connect.Steps = append(connect.Steps, startOrWake(own, Step{On: v.Self, Peer: peer, Group: g})...)
			steps, theirs := v.align(peer, g)
			align.Steps = append(align.Steps, steps...)
			there := Step{On: peer, Peer: v.Self, Group: g}
			asleep.Steps = append(asleep.Steps, wake(theirs, there)...)
			restart.Steps = append(restart.Steps, begin(theirs, there)...)
		}
	}
	for _, peer := range v.Peers() {
		if v.Pods[peer].Open() {
			continue
		}
		for g := range v.Groups {
			own, exists := v.object(v.Self, peer, g)
			// A slave that is joined must hear all from the moment users are let in.
			if exists && !own.Active() && (own.XSN != Unset || v.Self != Master && v.joined(peer)) {
				connect.Steps = append(connect.Steps, Step{Do: StartRetry, On: v.Self, Peer: peer, Group: g, If: ifKept(own)})
			}
		}
	}
	p.add(align)
	p.add(asleep)
	p.add(connect)
	p.add(restart)
	if !v.Pods[v.Self].Open() {
		p.prove(v, o, partners)
	}
	p.InService = true
}

// prove opens the own pod when it is proven that what is written here arrives on every
// partner, and what is written there arrives here.
func (p *Plan) prove(v View, o StartOptions, partners []int) {
	proof := Stage{Title: "prove both ways"}
	limit := proofLimit
	if o.Flush {
		proof.Begin, proof.End = "Flush replications.", "Replication flush has ended."
		limit = o.FlushTimeout
	}
	for _, peer := range partners {
		for _, g := range v.groups(v.Self, peer) {
			proof.Steps = append(proof.Steps,
				Step{Do: Deliver, On: v.Self, Peer: peer, Group: g, For: limit, Seen: true},
				Step{Do: Deliver, On: peer, Peer: v.Self, Group: g, For: limit, Seen: true})
		}
	}
	p.add(v.beginLife())
	p.add(proof)
	if o.OpenDelay > 0 && v.Self != Master {
		p.add(Stage{Title: "delay", Steps: []Step{{Do: Delay, On: v.Self, For: o.OpenDelay}}})
	}
	p.add(Stage{Title: "let users in", Steps: []Step{{Do: Open, On: v.Self}}})
}

// proofLimit is how long a beat may take before the servers are looked at again.
const proofLimit = 60 * time.Second

// ifKept is the guard of starting an object again: one that was never started
// begins at now anyway.
func ifKept(o Object) Guard {
	if o.XSN == Unset {
		return Unguarded
	}
	return IfKept
}

// startOrWake starts a stopped sender. One that has lost its peer would look for
// it only every 60 s, and one that ended because the peer's object differed not at
// all, so it is stopped and started.
func startOrWake(o Object, at Step) []Step { return append(wake(o, at), begin(o, at)...) }

// wake stops a sender that is started and does not get on.
func wake(o Object, at Step) []Step {
	if o.Started && (o.Sender == SenderRetry || o.Sender == SenderNone) {
		return []Step{at.As(Stop, Unguarded)}
	}
	return nil
}

// begin starts a sender that is stopped, or was by wake. One that is on its way is
// waited for.
func begin(o Object, at Step) []Step {
	if o.Started && (o.Sender == SenderRunning || o.Sender == SenderSync) {
		return nil
	}
	return []Step{at.As(Start, ifKept(o))}
}

// planHandOver: the master does not know this copy any more, or a slave and this
// pod joined without each other. The own log may hold what nobody else has: deliver
// it, and only when that is proven give up the copy, so that the next plan is a join.
//
// A slave that this pod was not paired with may lack what the master gets only now.
// It is made to join anew as well, by a reset of its pair with the master. That comes
// after the delivery and goes to all that might be joining meanwhile: a copy made
// before the delivery does not last, a later one has everything.
//
// A database that was set back has nothing for a peer that has a beat of it which it
// lacks: all of its log is older than that beat. To send it again to a peer that may have
// forgotten how far it came could even undo what was changed since. To others it delivers
// by FLUSH: they may skip what it writes now, because they were told a greater number, and
// then have what they skip.
func planHandOver(v View, setBack bool) Plan {
	if v.whyKept(v.Self) != "" {
		return planKept(v)
	}
	p := Plan{Name: "hand over and give up the copy"}
	prove := Deliver
	if setBack {
		prove = Flush
	}
	again := Stage{Title: "create the recovered master's side"}
	if v.mark(v.Self, Master) != none && !(setBack && v.older(v.Self, Master)) {
		for _, g := range v.groups(v.Self, Master) {
			if _, exists := v.object(Master, v.Self, g); exists {
				continue
			}
			// A master that reset the pair still has the object. One without it is not the
			// master that this copy came from, or was recovered while this pod was away; if
			// that was from a slave that knew less than this one, users write on it all the same.
			switch {
			case v.recovered():
			case v.older(Master, v.Self) && v.heard(Master, v.Self):
				return planMasterSetBack(v)
			default:
				return planMasterAnew(v)
			}
			again.Steps = append(again.Steps, Step{Do: Create, On: Master, Peer: v.Self, Group: g})
		}
	}
	var waiting []string
	align := Stage{Title: alignTitle}
	connect := Stage{Title: "start or wake what holds unsent changes"}
	deliver := Stage{Title: "deliver what the own log holds", Begin: "Flush replications.", End: "Replication flush has ended."}
	anew := Stage{Title: "have slaves join anew that may lack what is delivered now"}
	giveUp := Stage{Title: "give up the copy", Begin: "Reset replications.", End: "Replication reset has ended."}
	forget := Stage{Title: "give up the mark of a complete copy"}
	for _, peer := range v.Peers() {
		delivers := peer == Master || v.joined(peer) && v.paired(peer)
		if peer != Master && v.mayLack(peer) {
			// One that joined without this pod waits for it to join anew while this one is in service: not both may wait.
			if peer < v.Self && v.joined(peer) && !v.Pods[peer].Open() && v.awaited(peer) && !v.outdated(v.Self) {
				waiting = append(waiting, fmt.Sprintf("%s (%s)", v.PodName(peer), whyNotOpen(v.Pods[peer])))
			}
			anew.Steps = append(anew.Steps, v.joinAnew(peer, IfHandedOver)...)
		}
		for g := range v.Groups {
			own, _ := v.object(v.Self, peer, g)
			if own.XSN == Unset {
				continue
			}
			if delivers && !(setBack && v.older(v.Self, peer)) {
				steps, _ := v.align(peer, g)
				align.Steps = append(align.Steps, steps...)
				connect.Steps = append(connect.Steps, startOrWake(own, Step{On: v.Self, Peer: peer, Group: g})...)
				deliver.Steps = append(deliver.Steps, Step{Do: prove, On: v.Self, Peer: peer, Group: g, Strict: true})
			}
			// The pair with the master is given up last: its XSN is what says that
			// this pod once was joined.
			last := &giveUp
			if peer == Master {
				last = &forget
			}
			last.Steps = append(last.Steps, Step{Do: Stop, On: v.Self, Peer: peer, Group: g},
				Step{Do: Reset, On: v.Self, Peer: peer, Group: g, If: IfHandedOver})
		}
	}
	if len(waiting) > 0 {
		p.Wait = "changes of this pod may be undelivered to " + strings.Join(waiting, ", ") + "; they must be reachable before this copy is given up"
		return p
	}
	// Also when it is closed: users may still be in, and what they write now would be lost.
	p.add(Stage{Title: "keep users out", Steps: []Step{{Do: Close, On: v.Self}}})
	p.add(again)
	p.add(align)
	p.add(connect)
	p.add(deliver)
	p.add(anew)
	p.add(giveUp)
	p.add(forget)
	return p
}

// joinAnew resets a slave's pair on the master. The slave sees that, hands over
// what it has, and makes a full join.
func (v View) joinAnew(slave int, guard Guard) []Step {
	var steps []Step
	for _, g := range v.groups(Master, slave) {
		steps = append(steps, Step{Do: Stop, On: Master, Peer: slave, Group: g},
			Step{Do: Reset, On: Master, Peer: slave, Group: g, If: guard})
	}
	return steps
}

// closeFirst keeps users out before their copy is replaced.
func (v View) closeFirst() Stage {
	stage := Stage{Title: "keep users out"}
	if v.Pods[v.Self].Open() {
		stage.Steps = []Step{{Do: Close, On: v.Self}}
	}
	return stage
}

// object is a pod's side of a pair, and whether it exists.
func (v View) object(pod, peer, group int) (Object, bool) {
	return v.Pods[pod].object(v.Groups[group].Object(PairOf(pod, peer)))
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
