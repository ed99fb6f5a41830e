package engine_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"aku/e2e/altisim/engine"
)

// A SYNC that begins and a read of V$REPSENDER need the same two locks of the server.
func TestSync_BeginsBesideReadsOfItsSender(t *testing.T) {
	syncs := func(s engine.SenderState) bool { return s.Name == "MJ" && s.Status == engine.SenderSyncs }
	mesh(t, func(_ *testing.T, master, _, _ *node) {
		for range 20 {
			ctx, cut := context.WithCancel(context.Background())
			defer cut()
			var all sync.WaitGroup
			all.Go(func() { _ = master.Sync(ctx, "MJ", engine.SyncOptions{}) })
			for range 4 {
				all.Go(func() {
					for !slices.ContainsFunc(master.Senders(), syncs) && ctx.Err() == nil {
					}
					cut()
				})
			}
			all.Wait()
		}
	})
}
