package akucore

import (
	"fmt"
	"slices"
	"strings"
)

// is tells whether an item of an object is this configured table. A server may list
// a table that was configured as a whole partition by partition.
func (t Table) is(item Table) bool {
	return t.User == item.User && t.Name == item.Name && (t.Partition == "" || t.Partition == item.Partition)
}

// carries tells whether the object replicates exactly these tables.
func (o Object) carries(tables []Table) bool {
	for _, t := range tables {
		if !slices.ContainsFunc(o.Tables, t.is) {
			return false
		}
	}
	return !slices.ContainsFunc(o.Tables, func(item Table) bool {
		return !slices.ContainsFunc(tables, func(t Table) bool { return t.is(item) })
	})
}

// fits tells whether the object is as it would be created.
func (o Object) fits(spec ObjectSpec) bool {
	return o.Host == spec.Host && o.Port == spec.Port && o.carries(spec.Tables)
}

// changedTables says which of the own objects towards the master carry other tables
// than the configuration wants, "" for none. The pairs with the other slaves follow
// what those share with the master.
func (v View) changedTables(m Mesh) string {
	for g, group := range m.Groups {
		for _, pod := range []int{m.Self, Master} {
			o, exists := v.object(m, pod, PairOf(Master, m.Self).other(pod), g)
			if exists && !o.carries(group.Tables) {
				return fmt.Sprintf("%s on %s replicates %s, and the configuration wants %s", o.Name, m.PodName(pod), names(o.Tables), names(group.Tables))
			}
		}
	}
	return ""
}

// allPaired tells whether every other joined slave is in service and paired with the
// own pod. Only then a copy is given up for a changed list, which nobody is in need
// of: everything is delivered to all, and nobody has to join anew for it. Until then
// the pod goes on with the list that it has, and looks again while it is in service.
func (v View) allPaired(m Mesh) bool {
	for _, slave := range otherSlaves(m) {
		if v.joined(m, slave) && !v.paired(m, slave) {
			return false
		}
	}
	return true
}

// shared are the tables of the own configuration that another slave shares with the
// master in a group. While a new table list goes round, a slave that still has the
// old one lacks what is new: rows that its users put there reach nobody, and are
// gone when it joins anew. A table may go from one group to another meanwhile; the
// pair has it where the other slave has it, so that it is in none of the pairs twice
// and is missing in none.
func (v View) shared(m Mesh, slave, group int) []Table {
	toMaster, _ := v.object(m, Master, slave, group)
	var tables []Table
	for _, t := range m.Tables() {
		if slices.ContainsFunc(toMaster.Tables, t.is) {
			tables = append(tables, t)
		}
	}
	return tables
}

// forgotten are the objects of the own server that go to pods of this StatefulSet and
// that the configuration does not know: of a block that was removed or renamed, or
// for a pod beyond the server count. Nobody starts, stops or resets them.
func (v View) forgotten(m Mesh) []Object {
	known := map[string]bool{}
	for _, g := range m.Groups {
		for _, peer := range m.Peers() {
			known[g.Object(PairOf(m.Self, peer))] = true
		}
	}
	var objects []Object
	for name, o := range v.Pods[m.Self].Objects {
		if !known[name] && strings.HasPrefix(o.Host, m.StatefulSet+"-") {
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return objects
}

// tellForgotten says for each forgotten object what it does and how to be rid of it.
func tellForgotten(m Mesh, objects []Object) []string {
	var texts []string
	for _, o := range objects {
		text := fmt.Sprintf("replication %s to %s with %s is not in the configuration", o.Name, o.Host, names(o.Tables))
		if o.XSN != Unset {
			text += fmt.Sprintf(", and keeps the log of %s from %d on, which fills the disk", m.PodName(m.Self), o.XSN)
		}
		texts = append(texts, text+fmt.Sprintf(": put it back into the configuration, or, when what it holds is delivered, ALTER REPLICATION %[1]s STOP; DROP REPLICATION %[1]s", o.Name))
	}
	return texts
}

// inTheWay are the forgotten objects that may hold undelivered changes of the tables
// that a join would empty.
func (v View) inTheWay(m Mesh) []Object {
	return slices.DeleteFunc(v.forgotten(m), func(o Object) bool {
		return o.XSN == Unset || m.ownPrefix(o.Name) || !slices.ContainsFunc(m.Tables(), func(t Table) bool { return slices.ContainsFunc(o.Tables, t.is) })
	})
}

// ownPrefix tells whether a name is that of a configured group for some pair, be it
// beyond the server count.
func (m Mesh) ownPrefix(name string) bool {
	return slices.ContainsFunc(m.Groups, func(g Group) bool {
		return len(name) == len(g.Object(Pair{})) && strings.HasPrefix(name, g.Prefix+"_")
	})
}
