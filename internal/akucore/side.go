package akucore

// Side is one pod's half of a pair: the replication objects that it holds towards a peer.
// The steps on a server alone have only On.
type Side struct{ On, Peer int }

// Back is the other half of the same pair.
func (s Side) Back() Side { return Side{s.Peer, s.On} }

// Pair is the pair of which the side is one half.
func (s Side) Pair() Pair { return PairOf(s.On, s.Peer) }

// at is a step without a verb on the side's object of a block.
func (s Side) at(block int) Step { return Step{Side: s, Block: block} }

// do is a step on the side's object of a block.
func (s Side) do(verb Verb, block int) Step { return Step{Do: verb, Side: s, Block: block} }

// on is a step on a server alone.
func on(pod int, verb Verb) Step { return Step{Do: verb, Side: Side{On: pod}} }

// here is the own side of the pair with a peer.
func (v View) here(peer int) Side { return Side{v.Self, peer} }

// there is the peer's side of the pair with it.
func (v View) there(peer int) Side { return Side{peer, v.Self} }

// object is a side's object of a block, and whether it exists.
func (v View) object(side Side, block int) (Object, bool) {
	return v.Pods[side.On].object(v.Blocks[block].Object(side.Pair()))
}
