package akucore

import (
	"fmt"
	"slices"
	"strings"
)

// carries tells whether the object replicates exactly these tables.
func (o Object) carries(tables []Table) bool {
	if slices.Equal(o.Tables, tables) {
		return true
	}
	return len(o.Lacks(tables)) == 0 && len(o.exceeds(tables)) == 0
}

// Fits tells whether the object is as it would be created.
func (o Object) Fits(spec ObjectSpec) bool {
	return o.goesTo(spec) && o.carries(spec.Tables)
}

// goesTo tells whether the object goes to the host of the spec, and to no other.
func (o Object) goesTo(spec ObjectSpec) bool { return o.Host == spec.Host && o.Port == spec.Port }

// whole is the table of a partition. A server may list a table that was configured as a
// whole partition by partition.
func (t Table) whole() Table { return Table{User: t.User, Name: t.Name} }

// split divides tables into those that the object replicates and those that it lacks.
func (o Object) split(tables []Table) (held, lacking []Table) {
	known := make(map[Table]bool, len(o.Tables)) // there may be a thousand tables
	for _, t := range o.Tables {
		known[t], known[t.whole()] = true, true
	}
	for _, t := range tables {
		if known[t] {
			held = append(held, t)
		} else {
			lacking = append(lacking, t)
		}
	}
	return held, lacking
}

// Has are those of the tables that the object replicates.
func (o Object) Has(tables []Table) []Table {
	held, _ := o.split(tables)
	return held
}

// Lacks are those of the tables that the object does not replicate.
func (o Object) Lacks(tables []Table) []Table {
	_, lacking := o.split(tables)
	return lacking
}

// exceeds are the tables that the object replicates beyond these.
func (o Object) exceeds(tables []Table) []Table {
	var more []Table
	wanted := make(map[Table]bool, len(tables))
	for _, t := range tables {
		wanted[t] = true
	}
	for _, item := range o.Tables {
		if !wanted[item] && !wanted[item.whole()] {
			more = append(more, item)
		}
	}
	return more
}

// wanted are the tables that the own pod's pair with a peer must replicate in a block: with
// the master all tables of the block, with another slave those that both share with the master.
func (v View) wanted(peer, block int) []Table {
	if peer == Master {
		return v.Blocks[block].Items()
	}
	return v.shared(peer, block)
}

// unlessAll are the tables that a CREATE names: none when they are all of the block.
func (m Mesh) unlessAll(tables []Table, block int) []Table {
	if slices.Equal(tables, m.Blocks[block].Items()) {
		return nil
	}
	return tables
}

// replicates tells whether a slave has the block's pair with the master.
func (v View) replicates(slave, block int) bool {
	_, exists := v.object(Side{Master, slave}, block)
	return exists
}

// listChanged names the pair of a joined slave whose tables differ from the wanted ones; ""
// when there is none. It leaves out peers that cannot be observed.
func (v View) listChanged() string {
	for _, peer := range v.Peers() {
		if peer != Master && !v.joined(peer) || !v.Pods[peer].Known() {
			continue
		}
		pair := v.blocks(v.here(peer))
		for b := range v.Blocks {
			own, exists := v.object(v.here(peer), b)
			want := v.wanted(peer, b)
			switch {
			case !slices.Contains(pair, b) && len(want) > 0:
				return fmt.Sprintf("%s is new, and must replicate %s", own.Name, FewNames(want))
			case exists && !own.carries(want):
				return fmt.Sprintf("%s replicates %s, and must replicate %s", own.Name, FewNames(own.Tables), FewNames(want))
			}
		}
	}
	return ""
}

// notYet is the reason why the own pod cannot change its tables now; "" when it can. All
// joined slaves take part in a change. The highest pod goes first, as in a rolling update, so
// only one pod changes at a time.
func (v View) notYet() string {
	if kept := v.whyKept(v.Self); kept != "" {
		return kept // the change would give up the mark of its copy
	}
	for _, slave := range v.otherSlaves() {
		switch {
		case v.outdated(slave):
			return v.waitForOutdated(slave)
		case !v.joined(slave):
			continue
		case !v.paired(slave):
			return fmt.Sprintf("%s is not in service and connected with this pod", v.PodName(slave))
		}
		for b, block := range v.Blocks {
			if toMaster, _ := v.object(Side{Master, slave}, b); slave > v.Self && !toMaster.carries(block.Items()) {
				return fmt.Sprintf("%s goes first: its %s has the tables [%s]", v.PodName(slave), toMaster.Name, FewNames(toMaster.Tables))
			}
			if v.replicates(slave, b) && !v.sharesAny(v.shared(slave, b)) {
				return v.nothingShared(slave, b)
			}
		}
	}
	return ""
}

// sharesAny reports whether a table of users is among those that two slaves share.
func (v View) sharesAny(shared []Table) bool {
	beats := v.Beats()
	return slices.ContainsFunc(shared, func(t Table) bool { return !slices.Contains(beats, t) })
}

func (v View) nothingShared(slave, block int) string {
	return fmt.Sprintf("%s replicates none of the tables of the configuration in %s: keep one of them there, and take it out in a second step",
		v.PodName(slave), v.Blocks[block].Prefix)
}

// shared are the tables of the own configuration that another slave shares with the master
// in a block. A slave with the old list does not replicate the new tables: rows that its
// users write there reach no other pod, and are lost when it joins anew. A table may move from
// one block to another meanwhile. The pair has it in the block in which the other slave has it,
// so no pair has it twice, and none lacks it.
func (v View) shared(slave, block int) []Table {
	toMaster, _ := v.object(Side{Master, slave}, block)
	return toMaster.Has(v.Items())
}

// Forgotten are the objects of the own server that lead to pods of this StatefulSet but are not
// in the configuration: those of a removed or renamed block, or those for a pod beyond the
// server count. aku does not start, stop or reset them.
func (v View) Forgotten() []Object {
	known := v.ObjectsOf(v.Self)
	var objects []Object
	for name, o := range v.Pods[v.Self].Objects {
		if !slices.Contains(known, name) && strings.HasPrefix(o.Host, v.StatefulSet+"-") {
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return objects
}

// TellForgotten says for each forgotten object what it does and how to remove it.
func (v View) TellForgotten(objects []Object) []string {
	var texts []string
	for _, o := range objects {
		text := fmt.Sprintf("replication %s to %s with %s is not in the configuration", o.Name, o.Host, FewNames(o.Tables))
		if o.XSN != Unset {
			text += fmt.Sprintf(", and keeps the log of %s from %d on, which fills the disk", v.PodName(v.Self), o.XSN)
		}
		texts = append(texts, text+fmt.Sprintf(": put it back into the configuration, or, when what it holds is delivered, ALTER REPLICATION %[1]s STOP; DROP REPLICATION %[1]s", o.Name))
	}
	return texts
}

// inTheWay are the forgotten objects that may hold undelivered changes of the tables
// that a join would empty.
func (v View) inTheWay() []Object {
	return slices.DeleteFunc(v.Forgotten(), func(o Object) bool {
		return o.XSN == Unset || v.ownPrefix(o.Name) || len(o.Has(v.Tables())) == 0
	})
}

// ownPrefix reports whether a name belongs to a configured block for some pair, even one
// beyond the server count.
func (m Mesh) ownPrefix(name string) bool {
	return slices.ContainsFunc(m.Blocks, func(b Block) bool {
		return len(name) == len(b.Object(Pair{})) && strings.HasPrefix(name, b.Prefix+"_")
	})
}
