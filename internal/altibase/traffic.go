package altibase

import (
	"context"

	"aku/internal/akucore"
)

// Traffic reads this server's side of every replication object, on one session.
func (s *Server) Traffic(ctx context.Context) (map[string]akucore.Traffic, error) {
	return read(ctx, s, quickTimeout, (*session).traffic)
}

func (c *session) traffic(ctx context.Context) (map[string]akucore.Traffic, error) {
	sides, err := c.sides(ctx)
	if err != nil {
		return nil, err
	}
	traffic := make(map[string]akucore.Traffic, len(sides))
	if len(sides) == 0 {
		return traffic, nil
	}
	gaps, err := c.query(ctx, "SELECT REP_NAME, REP_LAST_SN, REP_SN, REP_GAP_SIZE FROM V$REPGAP")
	if err != nil {
		return nil, err
	}
	receivers, err := c.query(ctx, "SELECT REP_NAME, APPLY_XSN, INSERT_SUCCESS_COUNT, UPDATE_SUCCESS_COUNT, DELETE_SUCCESS_COUNT, "+
		"INSERT_FAILURE_COUNT, UPDATE_FAILURE_COUNT, DELETE_FAILURE_COUNT, PEER_PORT FROM V$REPRECEIVER")
	if err != nil {
		return nil, err
	}
	for name, side := range sides {
		traffic[name] = akucore.Traffic{Started: side.Started, XSN: side.XSN, Items: side.Items, Sender: side.Sender}
	}
	for _, r := range gaps {
		// Without a position the sender never had a peer, and the other figures mean nothing.
		if t, ok := traffic[r.text(0)]; ok && r.int(2) >= 0 {
			t.Gap = &akucore.Gap{LastSN: r.int(1), Bytes: r.int(3)}
			traffic[r.text(0)] = t
		}
	}
	for _, r := range receivers {
		if t, ok := traffic[r.text(0)]; ok {
			t.Receiver = addReceiver(t.Receiver, akucore.Received{
				Link:      r.text(8),
				AppliedSN: r.int(1),
				Applied:   akucore.Changes{Inserts: r.int(2), Updates: r.int(3), Deletes: r.int(4)},
				Failed:    akucore.Changes{Inserts: r.int(5), Updates: r.int(6), Deletes: r.int(7)},
			})
			traffic[r.text(0)] = t
		}
	}
	return traffic, nil
}

// addReceiver sums the rows of a parallel receiver. Its position is that of the slowest part.
func addReceiver(sum *akucore.Received, r akucore.Received) *akucore.Received {
	if sum == nil {
		return &r
	}
	add := func(a, b akucore.Changes) akucore.Changes {
		return akucore.Changes{Inserts: a.Inserts + b.Inserts, Updates: a.Updates + b.Updates, Deletes: a.Deletes + b.Deletes}
	}
	return &akucore.Received{
		Link: sum.Link, AppliedSN: min(sum.AppliedSN, r.AppliedSN), Applied: add(sum.Applied, r.Applied), Failed: add(sum.Failed, r.Failed),
	}
}
