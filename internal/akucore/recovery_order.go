package akucore

import (
	"fmt"
	"strings"
)

// RecoveryOrder is the order of a person: recover a master that lost its rows from the slave
// From, once. The zero value orders nothing.
//
// Generation says which loss is meant, so an order that stays set is not followed again. It
// consists of the number of the source and the XSN of its pair with the master:
//
//   - This XSN does not change while the master is lost. A recovery makes the pair anew, and
//     XSNs only grow. So no later loss has the same generation, and it is stored nowhere.
//   - A master that is older than the source knows may still have its side of the pair, and
//     the XSN changes. Then the generation has the number of the beat that the master lacks.
//   - A master without its side lost everything. An interrupted recovery leaves it an empty
//     beat table, so it is older, too. It is the same loss, with the same generation.
type RecoveryOrder struct {
	From       int    `json:"from"`
	Generation string `json:"generation"`
}

// generation is the present generation of a recovery from a source; "" when the pod cannot be
// the source.
func (v View) generation(source int) string {
	pair, exists := v.object(Side{source, Master}, 0)
	if !v.Pods[source].Open() || !exists || pair.XSN == Unset {
		return ""
	}
	_, runs := v.object(Side{Master, source}, 0)
	if beat, older := v.unknown(Master, source); older && runs {
		return fmt.Sprintf("%d-%d", source, beat.Number)
	}
	return fmt.Sprintf("%d-%d", source, pair.XSN)
}

// signed is the generation in the name of a sign, where a minus would need quotes.
func (o RecoveryOrder) signed() string {
	_, xsn, _ := strings.Cut(o.Generation, "-")
	return xsn
}

// planMasterLost recovers the master when that is ordered, and otherwise says what to do.
func planMasterLost(v View, order RecoveryOrder, lost []int) Plan {
	p := Plan{Name: "start of the master", Human: MasterFailed}
	var warning, refused string
	p.Recovery, warning = v.recoverByHand(lost)
	if order.From != 0 {
		now := v.generation(order.From)
		recovery := planRecover(v, order.From, order.signed(), nil)
		switch {
		case now != "" && now != order.Generation:
			refused = fmt.Sprintf("the generation %s is of another loss, this one is %s", order.Generation, now)
		case recovery.Wait != "":
			refused = recovery.Wait
		default:
			return recovery
		}
		p.Advice = fmt.Sprintf("The ordered recovery from %s (aku.recover) is not done: %s.\n", v.PodName(order.From), refused)
	}
	for _, witness := range lost {
		if v.older(Master, witness) {
			p.Advice += fmt.Sprintf("Its database is older than %s knows: it was set back to an earlier moment, or commits were lost with the node.\n", v.PodName(witness))
		}
	}
	p.Advice += warning + howToRecover(v, lost)
	return p
}

// howToRecover names the slaves that can be the source, each with its generation.
func howToRecover(v View, lost []int) string {
	var sources []string
	for _, source := range lost {
		if generation := v.generation(source); generation != "" {
			sources = append(sources, fmt.Sprintf("aku.recover.from=%d,aku.recover.generation=%s", source, generation))
		}
	}
	advice := "Recover it from a slave in service: aku-init recover --from N in this pod"
	if len(sources) > 0 {
		advice += ", or a value of the chart, " + strings.Join(sources, " or ")
	}
	return advice + "."
}

// planInterrupted goes on with the recovery of an order. A recovery by hand is left to the
// person who began it.
func planInterrupted(v View, order RecoveryOrder, signs []Sign) Plan {
	p := Plan{Name: "start of the master", Human: fmt.Sprintf(
		"The recovery of this server from %s was interrupted, so its copy is not complete: run aku-init recover --from %d --yes in this pod.",
		v.PodName(signs[0].Source), signs[0].Source)}
	for _, sign := range signs {
		if sign.generation == "" || order.From != sign.Source || order.Generation != fmt.Sprintf("%d-%s", sign.Source, sign.generation) {
			continue
		}
		recovery := planRecover(v, sign.Source, sign.generation, nil)
		if recovery.Wait == "" {
			return recovery
		}
		p.Advice = fmt.Sprintf("The ordered recovery (aku.recover) cannot go on: %s.", recovery.Wait)
	}
	return p
}
