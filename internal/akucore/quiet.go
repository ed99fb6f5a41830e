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
//
// Where they do not, the keep-alive is waited for: a connection that has carried rows or
// DDL, and records that are not sent in the 6 s before the plan began.

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
					object := s.Object(r.Mesh)
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
	sender := r.Servers.Server(s.On)
	b, ok := known.(before)
	if !ok || applied < b.upTo {
		return r.unused(ctx, sender, object, target)
	}
	if !hasRead(ctx, sender, object, target) {
		return false
	}
	now, ok, err := sender.Sent(ctx, object)
	if err != nil || !ok || r.Uncounted {
		return r.Uncounted
	}
	logs := now.Logs - b.sent.Logs
	return now.Link == b.sent.Link && now.Read >= b.sent.Read && now.Rows == b.sent.Rows && 0 <= logs && logs <= b.ddl
}

// unused tells whether the sender has had nothing to send since it has its present
// connection, although it has read up to target. Then all up to target is applied. It is
// what an end right after a join finds: no look before it can tell anything, because the
// receiver has not yet followed the records that the join itself has left in the log.
//
// Why that is so: a connection begins to read where its object's XSN is, and everything
// before that was acknowledged, or is in the copy that the object was started with. What
// was sent over an earlier connection without an acknowledgement lies behind the XSN, so
// it is sent, and counted, again. As in quiet, a sender that has read up to target counts
// all up to there; that is none, so none was for the peer.
//
// The connection is looked at before and after the number that was read: a new one begins
// to count anew, and would have the number of the old one. DDL counts as a record, so
// after a CREATE or a RESET this proves nothing, as is right: it cannot be told from a
// transaction then. That no count began anew over one connection follows from the server's
// source, as that each connection begins at zero does.
func (r *Runner) unused(ctx context.Context, sender Server, object string, target int64) bool {
	first, ok, err := sender.Sent(ctx, object)
	if err != nil || !ok || !first.none() && !r.Uncounted {
		return false
	}
	if !hasRead(ctx, sender, object, target) {
		return false
	}
	now, ok, err := sender.Sent(ctx, object)
	if err != nil || !ok || r.Uncounted {
		return r.Uncounted
	}
	return now.Link == first.Link && now.Read >= first.Read && now.none()
}

// hasRead tells whether a sender has read its log up to the number.
func hasRead(ctx context.Context, sender Server, object string, target int64) bool {
	gap, ok, err := sender.Gap(ctx, object)
	return err == nil && ok && gap.ReadSN >= target
}

// none tells that nothing was sent, and that no transaction is half-way.
func (s Sent) none() bool { return s.Rows == 0 && s.Logs == 0 && s.Open == 0 }
