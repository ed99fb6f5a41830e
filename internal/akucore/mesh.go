package akucore

import (
	"fmt"
	"strings"
	"time"
)

// Master is the pod number of the pod that every other pod copies from.
const Master = 0

// Outside is the own pod number of a process that runs in none of the pods. It observes
// them and has no plans.
const Outside = -1

// Table is one replicated table, or one partition of it. The names are as the
// server stores them: upper case unless they were quoted.
type Table struct {
	User, Name, Partition string
}

func (t Table) String() string {
	if t.Partition == "" {
		return t.User + "." + t.Name
	}
	return t.User + "." + t.Name + " PARTITION " + t.Partition
}

// Pair is the replication between two pods, Low < High.
type Pair struct {
	Low, High int
}

// PairOf is the pair of two pods, in either order.
func PairOf(a, b int) Pair {
	if a > b {
		a, b = b, a
	}
	return Pair{a, b}
}

// Block is one REPLICATIONS block: tables that are replicated together by one
// replication object per pair.
type Block struct {
	Prefix   string
	Parallel int // SYNC PARALLEL n, 1-100
	Tables   []Table
}

// Object is the name of the block's replication object for a pair, such as
// AKU_REP_01. Both servers of the pair use the same name.
func (b Block) Object(p Pair) string {
	return fmt.Sprintf("%s_%d%d", b.Prefix, p.Low, p.High)
}

// Mesh is what the configuration says about the pods and their replications.
type Mesh struct {
	StatefulSet string
	Service     string
	HostSuffix  string // appended to every host name, "" for none
	Self        int    // own pod number, or Outside
	ServerCount int    // 1-6 pods at most

	ReplicationPort int
	Blocks          []Block

	// ReceiverLockTimeout is how long receivers wait for a lock before they give a row up
	// (AKU_REPLICATION_LOCK_TIMEOUT); 0 leaves that as it is.
	ReceiverLockTimeout time.Duration
}

// PodName is the name of a pod of the StatefulSet.
func (m Mesh) PodName(pod int) string {
	return fmt.Sprintf("%s-%d", m.StatefulSet, pod)
}

// Host is the DNS name under which the other pods reach a pod.
func (m Mesh) Host(pod int) string {
	return m.PodName(pod) + "." + m.Service + m.HostSuffix
}

// Peers are the pod numbers of all pods but the own, in order.
func (m Mesh) Peers() []int {
	return m.Others(m.Self)
}

// Others are the pod numbers of all pods but one.
func (m Mesh) Others(pod int) []int {
	var others []int
	for other := range m.ServerCount {
		if other != pod {
			others = append(others, other)
		}
	}
	return others
}

// ObjectsOf are the names of all replication objects of a pod.
func (m Mesh) ObjectsOf(pod int) []string {
	var names []string
	for _, peer := range m.Others(pod) {
		for _, b := range m.Blocks {
			names = append(names, b.Object(PairOf(pod, peer)))
		}
	}
	return names
}

// Tables are the users' tables of all blocks.
func (m Mesh) Tables() []Table {
	var all []Table
	for _, b := range m.Blocks {
		all = append(all, b.Tables...)
	}
	return all
}

// Items are all replicated tables: those of the users and the beat tables.
func (m Mesh) Items() []Table { return append(m.Tables(), m.Beats()...) }

// Spec is the replication object of a block as a pod must hold it.
func (m Mesh) Spec(b Block, pod, peer int) ObjectSpec {
	return ObjectSpec{
		Name:   b.Object(PairOf(pod, peer)),
		Host:   m.Host(peer),
		Port:   m.ReplicationPort,
		Tables: b.Items(),
	}
}

// FewNames joins at most eight things for a line, and counts the rest.
func FewNames[T fmt.Stringer](things []T) string { return Few(texts(things)) }

func texts[T fmt.Stringer](things []T) []string {
	texts := make([]string, len(things))
	for i, t := range things {
		texts[i] = t.String()
	}
	return texts
}

// Few joins at most eight texts for a line, and counts the rest.
func Few(texts []string) string {
	const most = 8
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
}
