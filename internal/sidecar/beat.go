package sidecar

import (
	"context"
	"errors"
	"time"

	"aku/internal/akucore"
)

// beat inserts a beat into each block's table, and reads the age of each peer's newest beat.
func (s *Sidecar) beat(ctx context.Context) {
	mesh := s.Settings.Mesh()
	own := s.Servers.Server(mesh.Self)
	for _, block := range mesh.Blocks {
		_, err := own.Beat(ctx, block.Beat(), mesh.Self)
		if errors.Is(err, akucore.ErrNoTable) {
			continue // the block is new; its table comes with the next start
		}
		beats, readErr := own.Beats(ctx, block.Beat())
		if err = errors.Join(err, readErr); err != nil {
			s.warnBeatless(err)
			return
		}
		now := time.Now()
		for _, peer := range mesh.Peers() {
			if newest := beats[peer].Newest(); newest.Number > 0 {
				s.metrics.SetDelay(block.Object(akucore.PairOf(mesh.Self, peer)), max(0, now.Sub(time.UnixMilli(newest.At))-s.Settings.BeatEvery()))
			}
		}
	}
	s.warnBeatless(nil)
}

// warnBeatless logs now and then that no beat can be inserted, and once that it is over.
func (s *Sidecar) warnBeatless(err error) {
	s.warn("no beat could be inserted, so the peers cannot tell that they hear this pod", err)
	if err == nil && s.beatless {
		s.Log.Info("beats are inserted again")
	}
	s.beatless = err != nil
}
