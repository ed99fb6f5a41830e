package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

// Judge says what speaks against running the pods with the mesh, and what could not be
// looked at. A pod that cannot be asked is no obstacle, for the upgrade may be what
// brings it back; only where the configuration drops something that such a pod may
// still hold changes for, the upgrade waits for it.
func Judge(m akucore.Mesh, f Facts) (refusals, unknown []string) {
	for _, rule := range []func(akucore.Mesh, Facts) []string{tooManyPods, keptForNobody, leftBehind, exchanged, moved, tables, password} {
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

// dropped says what the new configuration takes away from under pods that may hold
// unsent changes for it.
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

// goneBlocks are the blocks whose prefix is no longer there.
func goneBlocks(m akucore.Mesh, f Facts) (gone []akucore.Block) {
	for _, b := range f.Before.Blocks {
		if !slices.ContainsFunc(m.Blocks, func(other akucore.Block) bool { return other.Prefix == b.Prefix }) {
			gone = append(gone, b)
		}
	}
	return gone
}

// tooManyPods: a pod with a number that is not to be any more would never start again,
// and the others would forget it without its changes.
func tooManyPods(m akucore.Mesh, f Facts) []string {
	if f.Pods <= m.ServerCount {
		return nil
	}
	return []string{fmt.Sprintf("aku.serverCount is %d, but %s is there: scale to %d first, and lower aku.serverCount when it has left.",
		m.ServerCount, m.PodName(f.Pods-1), m.ServerCount)}
}

// keptForNobody: the log that is kept for a pod that left without an end in good order
// would be kept for ever, for nobody looks after its pairs any more. A pod that is still
// there is one too many, and has its log for good reason.
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

// leftBehind: objects that no block names any more keep their logs and are started by
// nobody, and the server takes no other object to the same host beside them.
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

// exchanged: pods that are replaced one by one bring a block in line with its list where
// they share some of its tables.
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

// moved: while the pods are replaced one by one, a table that is in two blocks, or in
// none, would be sent twice or not at all.
func moved(m akucore.Mesh, f Facts) (refusals []string) {
	gone := goneBlocks(m, f) // judged as a whole
	before := map[akucore.Table]string{}
	for _, b := range f.Before.Blocks {
		for _, t := range b.Tables {
			if !slices.ContainsFunc(gone, func(other akucore.Block) bool { return other.Prefix == b.Prefix }) {
				before[t] = b.Prefix
			}
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

// tables: a pod that lacks a table stays out of service.
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

// password: pods with a Secret that their servers do not know stay out of service. When
// the Secret stays the same, its password may be what the upgrade corrects.
func password(m akucore.Mesh, f Facts) (refusals []string) {
	for pod := range f.Pods {
		if f.OtherSecret && altibase.PasswordRefused(f.Asked[pod].Err) {
			refusals = append(refusals, fmt.Sprintf("%s refuses the password in the Secret that auth names now: change it there first (ALTER USER SYS IDENTIFIED BY …), or correct the Secret.",
				m.PodName(pod)))
		}
	}
	return refusals
}

// Renamed says that there is no StatefulSet of this name, while the release has others.
func Renamed(name string, others []string) (refusals []string) {
	for _, other := range others {
		refusals = append(refusals, fmt.Sprintf("the StatefulSet of this release is called %s, but with these values it would be %s, and new pods would start empty: "+
			"keep nameOverride and fullnameOverride as they were.", other, name))
	}
	return refusals
}
