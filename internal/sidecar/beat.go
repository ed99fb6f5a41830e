package sidecar

import (
	"context"
	"errors"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// beat inserts a beat into each block's table, and reads the age of each peer's newest beat.
func (s *Sidecar) beat(ctx context.Context) {
	mesh := s.Settings.Mesh()
	own := s.Servers.Server(mesh.Self)
	for _, block := range mesh.Blocks {
		beats, err := own.Beats(ctx, block.Beat())
		if errors.Is(err, akucore.ErrNoTable) {
			continue // the block is new; its table comes with the next start
		}
		if err != nil {
			s.warnBeatless(err)
			return
		}
		// Whether the own beat can be inserted does not matter to the delay of the others'.
		now := time.Now()
		for _, peer := range mesh.Peers() {
			if newest := beats[peer].Newest(); newest.Number > 0 {
				s.metrics.SetDelay(block.Object(akucore.PairOf(mesh.Self, peer)), max(0, now.Sub(time.UnixMilli(newest.At))-s.Settings.BeatEvery()))
			}
		}
		if err := s.insertBeat(ctx, own, block.Beat(), beats[mesh.Self]); err != nil {
			s.warnBeatless(err)
			return
		}
	}
	s.warnBeatless(nil)
}

// insertBeat inserts a beat into a table with these beats of the pod. A table without any was
// emptied by a person. A life above the last number then keeps the peers from taking the
// database for one that was set back.
func (s *Sidecar) insertBeat(ctx context.Context, own lifecycle.BeatTables, table akucore.Table, beats akucore.Beats) (err error) {
	pod, last := s.Settings.Mesh().Self, s.newest[table]
	var beat akucore.Beat
	if len(beats) == 0 && last > 0 {
		s.Log.Warn("somebody has emptied a beat table of this pod, which goes on above its last beat", "table", table.String())
		beat, err = own.BeginLife(ctx, table, pod, last)
	} else {
		beat, err = own.Beat(ctx, table, pod)
	}
	if err == nil {
		s.newest[table] = beat.Number
	}
	return err
}

// warnBeatless logs now and then that no beat can be inserted, and once that it is over.
func (s *Sidecar) warnBeatless(err error) {
	s.warn("no beat could be inserted, so the peers cannot tell that they hear this pod", err)
	if err == nil && s.beatless {
		s.Log.Info("beats are inserted again")
	}
	s.beatless = err != nil
}
