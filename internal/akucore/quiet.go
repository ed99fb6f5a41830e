package akucore

import (
	"context"
	"sync"
	"time"
)

// A receiver's number follows a log record that is not sent, as CREATE REPLICATION
// and START write them, only with the keep-alive, up to 6 s later. A plan that writes
// such records would wait for that before each of its deliveries, also when no user
// has written anything. The sender's counts say so at once.

// lookTime bounds the look at the counts before a plan runs.
const lookTime = time.Second

// before is what a sender had sent before a plan ran.
type before struct {
	sent Sent
	upTo int64 // the last number of the log, read after the counts
	ddl  int64 // how much DDL of the plan comes before the delivery
}

type delivery struct{ on, peer, group int }

func at(s Step) delivery { return delivery{s.On, s.Peer, s.Group} }

// lookBefore notes what the senders of a plan's deliveries have sent so far. Where
// that cannot be seen, the delivery goes without it.
func (r *Runner) lookBefore(ctx context.Context, p Plan) {
	r.before.Clear()
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var wg sync.WaitGroup
	ddl := map[int]int64{}
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			switch s.Do {
			case Create, Drop, Reset:
				ddl[s.On]++
			case AddTables, DropTables, SetHost:
				ddl[s.On] += int64(max(2, len(s.Tables)))
			case Deliver:
				b := before{ddl: ddl[s.On]}
				wg.Go(func() {
					object := r.Mesh.Groups[s.Group].Object(PairOf(s.On, s.Peer))
					server := r.Servers.Server(s.On)
					var ok bool
					var err error
					if b.sent, ok, err = server.Sent(ctx, object); err != nil || !ok || b.sent.Open > 0 {
						return
					}
					gap, ok, err := server.Gap(ctx, object)
					if err != nil || !ok {
						return
					}
					b.upTo = gap.LastSN
					r.before.Store(at(s), b)
				})
			}
		}
	}
	wg.Wait()
}

// quiet tells whether nothing was written for the peer since the plan began, and all
// from before is applied. Then all up to target is.
//
// Why that is so: before.upTo was read after the counts, so all that they count is
// applied once the peer has applied up to it, and no transaction was half-way then.
// The sender raises the counts of a record before it says that it has read it, so
// after it has read up to target they count all up to there. A transaction that
// committed in between has changes that were sent either before, so that it would
// have been half-way, or since, so that the count of rows has moved.
//
// The count of records guards against rows that are counted otherwise: each
// transaction adds two at least, the plan's own DDL one each. A new connection, or a
// count that began anew, proves nothing.
func (r *Runner) quiet(ctx context.Context, s Step, object string, known any, applied, target int64) bool {
	b, ok := known.(before)
	if !ok || applied < b.upTo {
		return false
	}
	sender := r.Servers.Server(s.On)
	gap, ok, err := sender.Gap(ctx, object)
	if err != nil || !ok || gap.ReadSN < target {
		return false
	}
	now, ok, err := sender.Sent(ctx, object)
	if err != nil || !ok || r.Uncounted {
		return r.Uncounted
	}
	logs := now.Logs - b.sent.Logs
	return now.Link == b.sent.Link && now.Read >= b.sent.Read && now.Rows == b.sent.Rows && 0 <= logs && logs <= b.ddl
}
