package simulation

import "time"

// die is the purpose of a roll. Each die counts its rolls, so that the result does not depend on the order in
// which things at one moment run.
type die int

const (
	dieLatency die = iota
	dieGhost
	dieLink
	dieBatch
	dieKeepAlive
	dieStop
	dieLinger
	dieBoot
	dieBackoff
	diePostStart
	dieWrite
	dieCutSync
	dieReplicas
	dieTruncate
	dieClose
	dieRecover
	dieStart
	dieLock
)

type dieKey struct {
	kind    die
	a, b, c int
}

// roll returns a number that depends on the seed, the die, who rolls it, and how often it was rolled. Callers
// hold the lock.
func (w *world) roll(kind die, a, b, c int) uint64 {
	k := dieKey{kind, a, b, c}
	w.dice[k]++
	x := w.seed*0x9E3779B97F4A7C15 + uint64(kind)<<56 + uint64(a)<<44 + uint64(b)<<32 + uint64(c)<<20 + w.dice[k]
	return mix(x)
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// between returns a time of [from, to), with nanoseconds that make it unique.
func (w *world) between(kind die, a, b, c int, from, to time.Duration) time.Duration {
	return from + time.Duration(w.roll(kind, a, b, c)%uint64(to-from))
}

// chance is true in that percentage of rolls.
func (w *world) chance(percent int, kind die, a, b, c int) bool {
	return w.roll(kind, a, b, c)%100 < uint64(percent)
}
