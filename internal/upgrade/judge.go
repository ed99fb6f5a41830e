package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

// Judge returns the reasons against running the pods with the new mesh, and what could not be
// checked. A pod that cannot be asked is no reason, because the upgrade may repair it. It becomes
// one when the new configuration drops something for which the pod may hold unsent changes.
func Judge(m akucore.Mesh, f Facts) (refusals, unknown []string) {
	for _, rule := range []func(akucore.Mesh, Facts) []string{tooManyPods, keptForNobody, leftBehind, exchanged, moved, tables, foreign, password} {
		refusals = append(refusals, rule(m, f)...)
	}
	drops := dropped(m, f)
	for _, pod := range silent(f) {
		text := fmt.Sprintf("%s cannot be asked (%v)", m.PodName(pod), f.Asked[pod].Err)
		if drops == "" {
			unknown = append(unknown, text)
			continue
		}
		refusals = append(refusals, fmt.Sprintf("%s, and %s: bring it into service first, or undo that.", text, drops))
	}
	if drops != "" && f.Pods == 0 {
		refusals = append(refusals, fmt.Sprintf("no pod is there that could be asked, and %s: scale to 1 first, or undo that.", drops))
	}
	return refusals, unknown
}

// silent are the pods that did not answer.
func silent(f Facts) (pods []int) {
	for pod := range f.Pods {
		if f.Asked[pod].Err != nil {
			pods = append(pods, pod)
		}
	}
	return pods
}

// dropped names what the new configuration removes although a silent pod may hold unsent changes
// for it.
func dropped(m akucore.Mesh, f Facts) string {
	var texts []string
	if lowered(m, f) {
		texts = append(texts, fmt.Sprintf("aku.serverCount goes from %d to %d", f.Before.ServerCount, m.ServerCount))
	}
	for _, b := range goneBlocks(m, f) {
		texts = append(texts, fmt.Sprintf("aku.replications has no block %s any more", b.Prefix))
	}
	if len(texts) == 0 {
		return ""
	}
	return strings.Join(texts, ", ") + ", for which it may hold changes that are still unsent"
}

func lowered(m akucore.Mesh, f Facts) bool { return m.ServerCount < f.Before.ServerCount }

// goneBlocks are the blocks whose prefix no longer exists.
func goneBlocks(m akucore.Mesh, f Facts) (gone []akucore.Block) {
	for _, b := range f.Before.Blocks {
		if !has(m, b) {
			gone = append(gone, b)
		}
	}
	return gone
}

// has tells whether a block of this prefix exists, with these or other tables.
func has(m akucore.Mesh, b akucore.Block) bool {
	return slices.ContainsFunc(m.Blocks, func(other akucore.Block) bool { return other.Prefix == b.Prefix })
}

// tooManyPods finds pods whose number has no place any more. Such a pod would never start again,
// and the others would forget it without its changes.
func tooManyPods(m akucore.Mesh, f Facts) []string {
	if f.Pods <= m.ServerCount {
		return nil
	}
	return []string{fmt.Sprintf("aku.serverCount is %d, but %s is there: scale to %d first, and lower aku.serverCount when it has left.",
		m.ServerCount, m.PodName(f.Pods-1), m.ServerCount)}
}

// keptForNobody finds logs kept for a pod that left without an end in good order. Nobody would tidy
// up its pairs any more, so the log would be kept for ever. A pod that still exists is tooManyPods'
// case.
func keptForNobody(m akucore.Mesh, f Facts) (refusals []string) {
	if !lowered(m, f) {
		return nil
	}
	for pod := range f.Pods {
		for peer := max(m.ServerCount, f.Pods); peer < f.Before.ServerCount; peer++ {
			for _, b := range f.Before.Blocks {
				name := b.Object(akucore.PairOf(pod, peer))
				o, exists := f.Asked[pod].Objects[name]
				if pod >= m.ServerCount || !exists || !o.Started && o.XSN == akucore.Unset {
					continue
				}
				refusals = append(refusals, fmt.Sprintf("aku.serverCount is %d, but %s on %s still keeps its log for %s: scale to %d and back first, so that it leaves in good order, "+
					"or, if it is never to come back, run there: ALTER REPLICATION %s STOP; ALTER REPLICATION %s RESET;",
					m.ServerCount, name, m.PodName(pod), m.PodName(peer), peer+1, name, name))
			}
		}
	}
	return refusals
}

// leftBehind finds objects that belong to no block any more. They keep their logs and nobody starts
// them. The server also accepts no second object for the same host.
func leftBehind(m akucore.Mesh, f Facts) (refusals []string) {
	for _, b := range goneBlocks(m, f) {
		for pod := range f.Pods {
			var objects []string
			unsent := false
			for peer := range f.Before.ServerCount {
				name := b.Object(akucore.PairOf(pod, peer))
				o, exists := f.Asked[pod].Objects[name]
				if pod == peer || !exists {
					continue
				}
				objects = append(objects, name)
				unsent = unsent || o.Started || o.XSN != akucore.Unset
			}
			if len(objects) == 0 {
				continue
			}
			what := fmt.Sprintf("aku.replications has no block %s any more, but %s replicates by %s", b.Prefix, m.PodName(pod), strings.Join(objects, ", "))
			if unsent {
				refusals = append(refusals, what+", which may hold changes that are still unsent: scale to 1 first, or keep the block.")
			} else {
				refusals = append(refusals, what+": run there DROP REPLICATION "+strings.Join(objects, "; DROP REPLICATION ")+"; or keep the block.")
			}
		}
	}
	return refusals
}

// exchanged finds blocks that share no table with their old list. Pods that are replaced one by one
// need a shared table to bring a block in line.
func exchanged(m akucore.Mesh, f Facts) (refusals []string) {
	if f.Pods < 2 {
		return nil
	}
	for _, b := range m.Blocks {
		for _, before := range f.Before.Blocks {
			shares := func(t akucore.Table) bool { return slices.Contains(before.Tables, t) }
			if before.Prefix == b.Prefix && !slices.ContainsFunc(b.Tables, shares) {
				refusals = append(refusals, fmt.Sprintf("the block %s keeps none of its tables: keep one of them, and take it out in the next upgrade.", b.Prefix))
			}
		}
	}
	return refusals
}

// moved finds tables that change their block. While the pods are replaced one by one, such a table
// would be sent twice or not at all.
func moved(m akucore.Mesh, f Facts) (refusals []string) {
	before := map[akucore.Table]string{}
	for _, b := range f.Before.Blocks {
		if !has(m, b) {
			continue // leftBehind judges it
		}
		for _, t := range b.Tables {
			before[t] = b.Prefix
		}
	}
	for _, b := range m.Blocks {
		for _, t := range b.Tables {
			if was, listed := before[t]; listed && was != b.Prefix {
				refusals = append(refusals, fmt.Sprintf("table %s moves from the block %s to the block %s: take it out in one upgrade, and put it in in the next.", t, was, b.Prefix))
			}
		}
	}
	return refusals
}

// tables finds pods that lack a table. Such a pod stays out of service.
func tables(m akucore.Mesh, f Facts) (refusals []string) {
	for _, t := range m.Tables() {
		var missing, keyless []string
		for pod := range f.Pods {
			if f.Asked[pod].Err != nil {
				continue
			}
			switch f.Asked[pod].Tables[t] {
			case akucore.TableMissing:
				missing = append(missing, m.PodName(pod))
			case akucore.TableNoPrimaryKey:
				keyless = append(keyless, m.PodName(pod))
			}
		}
		if len(missing) > 0 {
			refusals = append(refusals, fmt.Sprintf("table %s does not exist on %s: create it there first.", t, strings.Join(missing, ", ")))
		}
		if len(keyless) > 0 {
			refusals = append(refusals, fmt.Sprintf("table %s has no primary key on %s: give it one first.", t, strings.Join(keyless, ", ")))
		}
	}
	return refusals
}

// foreign finds tables of users that have the name of a beat table. A pod beside one stays out of service.
func foreign(m akucore.Mesh, f Facts) (refusals []string) {
	for pod := range f.Pods {
		for _, table := range f.Foreign[pod] {
			refusals = append(refusals, fmt.Sprintf("%s on %s is a table of yours with the name of aku's own: rename it, or give the block another namePrefix.", table, m.PodName(pod)))
		}
	}
	return refusals
}

// password finds pods whose server refuses the password of another Secret. They would stay out of
// service. With the same Secret, the upgrade may be what corrects the password.
func password(m akucore.Mesh, f Facts) (refusals []string) {
	for pod := range f.Pods {
		if f.OtherSecret && altibase.PasswordRefused(f.Asked[pod].Err) {
			refusals = append(refusals, fmt.Sprintf("%s refuses the password in the Secret that auth names now: change it there first (ALTER USER SYS IDENTIFIED BY …), or correct the Secret.",
				m.PodName(pod)))
		}
	}
	return refusals
}

// Renamed refuses a release that has StatefulSets, but none of this name.
func Renamed(name string, others []string) (refusals []string) {
	for _, other := range others {
		refusals = append(refusals, fmt.Sprintf("the StatefulSet of this release is called %s, but with these values it would be %s, and new pods would start empty: "+
			"keep nameOverride and fullnameOverride as they were.", other, name))
	}
	return refusals
}
