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
	// FlushTimeout bounds the delivery of each pair; 0: no bound of its own
	// (AKU_FLUSH_TIMEOUT_AT_START).
	FlushTimeout time.Duration
	// OpenDelay is the delay before a slave opens (AKU_DELAY_START_COMPLETE_TIME).
	OpenDelay time.Duration
	// Recover is what to do about a master that lost its state (AKU_RECOVER_FILE).
	Recover RecoveryOrder
}

// The sentences of the vendor's utility for a server that lost its state.
const (
	MasterFailed = "The MASTER server is detected to have failed. Check and perform a manual recovery."
	SlaveFailed  = "The SLAVE server is detected to have failed. Check and perform a manual recovery."
)

// PlanStart decides how the own pod gets into service. When the plan does not lead there,
// the pod observes and plans again afterwards.
func PlanStart(v View, o StartOptions) Plan {
	if faults := v.TableFaults(); faults != "" {
		return Plan{Name: "start", Wait: faults}
	}
	p := v.planStart(o).prepared(v)
	if len(v.Blocks) > 1 && len(p.Stages) > 0 {
		sharing := Stage{Title: "let several replications share a host"}
		for _, pod := range p.pods(Create) {
			sharing.Steps = append(sharing.Steps, on(pod, AllowSharing))
		}
		p = p.after(sharing)
	}
	return p
}

func (v View) planStart(o StartOptions) Plan {
	if v.Self == Master {
		return planMasterStart(v, o)
	}
	return planSlaveStart(v, o)
}

// planMasterStart compares the pairs with slaves in service only, and waits for nobody.
func planMasterStart(v View, o StartOptions) Plan {
	if signs := v.RecoverySigns(v.Pods[Master].State); len(signs) > 0 {
		return planInterrupted(v, o.Recover, signs)
	}
	const name = "start of the master"
	beside := v.compareSlaves()
	switch {
	case beside.wait != "":
		return Plan{Name: name, Wait: beside.wait}
	case len(beside.masterLost) > 0:
		return planMasterLost(v, o.Recover, beside.masterLost)
	case len(beside.slavesLost) > 0:
		return Plan{Name: name, Human: SlaveFailed, Recovery: recoverSlaves(v, beside.slavesLost)}
	}
	if skipped := v.skipped(); len(skipped) > 0 {
		return planSkipped(v, skipped)
	}
	return restart{v, o, beside.partners}.plan(name)
}

// comparison lists the slaves in service by what the pair shows: the master lost its state,
// the slave lost its state, or the slave can be a partner.
type comparison struct {
	masterLost, slavesLost, partners []int
	wait                             string
}

func (v View) compareSlaves() (c comparison) {
	for _, slave := range v.Peers() {
		if !v.Pods[slave].Open() {
			continue
		}
		own, theirs := v.xsns(v.here(slave)), v.xsns(v.there(slave))
		switch {
		case own == none && theirs == none && !v.has(v.there(slave)):
			// It never joined, or left in good order.
		case own == none && theirs == none:
			// A slave in service is not reset, unless a person is about to give this pod the
			// slave's copy. Opening now would open an empty master.
			c.wait = fmt.Sprintf("%s is in service with its pair reset: SYNC it to this pod and start the pair here, or close it (ADMIN_MODE 1)", v.PodName(slave))
			return c
		case !v.has(v.here(slave)) || v.older(Master, slave):
			c.masterLost = append(c.masterLost, slave)
		case own != all:
			// The pair was reset here to make the slave join anew. The slave sees that, hands
			// over what it has and leaves service by itself.
		case theirs != all:
			c.slavesLost = append(c.slavesLost, slave)
		default:
			c.partners = append(c.partners, slave)
		}
	}
	return c
}

// planSlaveStart is the table of design.md 4.1: the XSNs of the pair with the master, on
// both sides, say whether a slave is joined.
func planSlaveStart(v View, o StartOptions) Plan {
	const name = "start of a slave"
	if master := v.Pods[Master]; !master.Open() {
		return Plan{Name: name, Wait: fmt.Sprintf("the master %s is not in service: %s", v.PodName(Master), master.WhyNotOpen())}
	}
	own, masters := v.xsns(v.here(Master)), v.xsns(v.there(Master))
	joined := own == all && masters == all
	var changed string
	var skipped []Side
	if joined {
		changed, skipped = v.listChanged(), v.skipped()
	}
	if old := v.inTheWay(); len(old) > 0 && (own == none || changed != "") {
		return Plan{Name: name, Wait: strings.Join(v.TellForgotten(old), "; ")}
	}
	witness, setBack := v.setBack()
	switch {
	case own == none:
		return planJoin(v)
	case setBack:
		why := "it was set back to an earlier moment, or commits were lost with the node"
		if table := v.emptied(); table != (Table{}) {
			why = fmt.Sprintf("somebody emptied its %s", table)
		}
		p := planHandOver(v, true)
		p.Name += fmt.Sprintf(": %s has a beat of this pod that its database lacks, so %s", v.PodName(witness), why)
		return p
	case v.older(Master, v.Self) && v.has(v.there(Master)):
		return planMasterSetBack(v)
	case len(skipped) > 0:
		return planSkipped(v, skipped) // a changed list would wait for its deliveries for ever
	case changed != "":
		return planChangeOrWait(v, o, changed)
	case joined:
		return planSlaveRestart(v, o)
	default:
		return planHandOver(v, false)
	}
}

// planChangeOrWait changes the tables, or goes on with the present tables while the slave
// cannot change them.
func planChangeOrWait(v View, o StartOptions, changed string) Plan {
	why := v.notYet()
	if why == "" {
		return planChange(v)
	}
	p := planSlaveRestart(v, o)
	p.Undone = append(p.Undone, fmt.Sprintf("the list of tables stays as it is for now (%s): %s", changed, why))
	return p
}

// waitForOutdated is the reason not to connect to a slave that is about to give up its copy:
// the slave would make this pod join anew as well.
func (v View) waitForOutdated(slave int) string {
	return v.PodName(slave) + " is to join anew; what it has not delivered would be missing here"
}

// TableFaults names the configured tables that cannot be replicated, and the reasons.
func (v View) TableFaults() string {
	var faults []string
	for _, t := range v.Tables() {
		switch v.Pods[v.Self].Tables[t] {
		case TableMissing:
			faults = append(faults, fmt.Sprintf("table %s does not exist on %s: create it", t, v.PodName(v.Self)))
		case TableNoPrimaryKey:
			faults = append(faults, fmt.Sprintf("table %s on %s has no primary key: a replicated table must have one", t, v.PodName(v.Self)))
		}
	}
	return strings.Join(faults, "; ")
}

// prepared is the plan with the steps that its statements need before them. The first makes
// receivers wait for locks.
func (p Plan) prepared(v View) Plan {
	return p.after(v.makeBeats(p)).after(v.awaitLocks(p))
}

// makeBeats makes the missing beat tables where the plan makes or changes an object, or
// inserts a beat.
func (v View) makeBeats(p Plan) Stage {
	stage := Stage{Title: "make the beat tables"}
	for _, pod := range p.pods(Create, AddTables, BeginLife, BeginRecovery) {
		for b, block := range v.Blocks {
			if _, exists := v.Pods[pod].Beats[block.Beat()]; !exists {
				stage.Steps = append(stage.Steps, Side{On: pod}.do(MakeBeats, b))
			}
		}
	}
	return stage
}

// awaitLocks makes the receivers of all servers that take part wait for locks. A server
// loses the property when it restarts.
func (v View) awaitLocks(p Plan) Stage {
	stage := Stage{Title: "have receivers wait for locks, and give nothing up"}
	if v.ReceiverLockTimeout == 0 {
		return stage
	}
	pods := p.pods(Create, Drop, AddTables, DropTables, Sync, SyncTables, BeginRecovery)
	if slices.Contains(p.pods(Open), v.Self) && !slices.Contains(pods, v.Self) {
		pods = append(pods, v.Self)
	}
	for _, pod := range pods {
		stage.Steps = append(stage.Steps, on(pod, AwaitLocks))
	}
	return stage
}
