package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
	"aku/internal/pulse"
)

// errUsersStay: users are still in after their time to leave, although their sessions were
// closed.
var errUsersStay = errors.New("user sessions are still open")

// closeLimit is how long a closed session may take to end: it rolls back first.
const closeLimit = 10 * time.Second

// closePoll is the longest interval between two checks whether users are out.
const closePoll = 100 * time.Millisecond

// close keeps new users out, gives those inside time to leave, and closes the rest. It first
// opens every session that later steps need, because ADMIN_MODE 1 lets in no new ones. When
// the server has no spare sessions, close shuts users out all the same.
func (r *Runner) close(ctx context.Context, own Users, pod int) error {
	sessions := len(r.Mesh.Blocks)*len(r.Mesh.Peers()) + 1
	if err := own.Reserve(ctx, sessions); err != nil && !errors.Is(err, akucore.ErrClosed) {
		r.Log.Warn("sessions could not be opened in advance", "error", err)
	}
	if err := own.SetAdminMode(ctx, true); err != nil {
		return err
	}
	drained, gone := r.forUsers(ctx, pod)
	told := false
	for poll := pollFirst; ; poll = min(2*poll, closePoll) {
		users, err := own.UserSessions(ctx)
		if err != nil {
			return err
		}
		if len(users) == 0 {
			r.closing.Delete(pod)
			return nil
		}
		now := time.Now()
		if !now.Before(drained) {
			if !told {
				told = true
				r.Log.Info("closing the sessions of users that did not leave", "sessions", len(users))
			}
			if err := own.CloseUserSessions(ctx); err != nil {
				return err
			}
		}
		if now.After(gone) {
			return retry.Unrecoverable(fmt.Errorf("%w: %s", errUsersStay, whoStays(users)))
		}
		if err := pulse.Sleep(ctx, poll); err != nil {
			return fmt.Errorf("%w: %s: %w", errUsersStay, whoStays(users), err)
		}
	}
}

// forUsers is the time until which users may leave by themselves, and the time until which
// closed sessions may take to end. When the end has less time, they get half of it and three
// quarters of it. The rest is for the delivery and for STOP.
func (r *Runner) forUsers(ctx context.Context, pod int) (drained, gone time.Time) {
	stored, _ := r.closing.LoadOrStore(pod, time.Now())
	began := stored.(time.Time)
	drain, all := r.DrainTime, r.DrainTime+closeLimit
	if deadline, ok := ctx.Deadline(); ok {
		end := deadline.Sub(began)
		drain, all = DrainOf(end, drain), min(all, end*3/4)
	}
	return began.Add(drain), began.Add(all)
}

// DrainOf is how long users may take to leave by themselves in an end of this length.
func DrainOf(end, drain time.Duration) time.Duration { return min(drain, end/2) }

// whoStays names the sessions of the users that are still in.
func whoStays(users []Session) string {
	texts := make([]string, len(users))
	for i, u := range users {
		texts[i] = fmt.Sprintf("%d (%s, %s)", u.ID, u.User, u.From)
	}
	return akucore.Few(texts)
}
