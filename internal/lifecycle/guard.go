package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/avast/retry-go/v4"

	"aku/internal/akucore"
)

// errReset: the object has no XSN any more.
var errReset = errors.New("refused: it was reset meanwhile")

// permit checks a step's guard. A step that its guard refuses is not tried again.
func (r *Runner) permit(ctx context.Context, s akucore.Step) error {
	err := r.check(ctx, s)
	if err == nil || s.If == akucore.IfKept && !errors.Is(err, errReset) {
		return err // the step destroys nothing: observe again
	}
	return retry.Unrecoverable(err)
}

// check checks the guard of a step on the servers, right before the statement.
func (r *Runner) check(ctx context.Context, s akucore.Step) error {
	switch s.If {
	case akucore.IfAway:
		return r.checkAway(ctx, s)
	case akucore.IfKept:
		return r.checkKept(ctx, s)
	case akucore.IfOnlyThere:
		return r.checkOnlyThere(ctx, s)
	case akucore.IfStopped:
		return r.checkStopped(ctx, s)
	case akucore.IfNotJoined:
		return r.checkNotJoined(ctx)
	case akucore.IfHandedOver:
		return r.checkHandedOver(ctx)
	case akucore.IfRecovering:
		return r.checkRecovering(ctx, s)
	}
	return nil
}

func (r *Runner) checkAway(ctx context.Context, s akucore.Step) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerLimit)
	defer cancel()
	if _, err := r.Servers.Server(s.Peer).Brief(ctx); !akucore.Away(err) {
		return fmt.Errorf("refused: %s is back", r.Mesh.PodName(s.Peer))
	}
	return nil
}

func (r *Runner) checkKept(ctx context.Context, s akucore.Step) error {
	state, err := checked(r.Servers.Server(s.On).Brief(ctx))
	if err != nil {
		return err
	}
	if o, exists := state.Objects[s.Object(r.Mesh)]; !exists || o.XSN == akucore.Unset {
		return errReset
	}
	return nil
}

func (r *Runner) checkOnlyThere(ctx context.Context, s akucore.Step) error {
	own, err := checked(r.Servers.Server(r.Mesh.Self).State(ctx, Want{Listed: []string{s.Object(r.Mesh)}}))
	if err != nil {
		return err
	}
	if both := own.Objects[s.Object(r.Mesh)].Has(s.Tables); len(both) > 0 {
		return fmt.Errorf("refused: %s on %s has %s, too", s.Object(r.Mesh), r.Mesh.PodName(r.Mesh.Self), akucore.FewNames(both))
	}
	return nil
}

func (r *Runner) checkStopped(ctx context.Context, s akucore.Step) error {
	own, err := checked(r.Servers.Server(r.Mesh.Self).Brief(ctx))
	if err == nil && own.Objects[s.Object(r.Mesh)].Started {
		return fmt.Errorf("refused: %s is started", s.Object(r.Mesh))
	}
	return err
}

func (r *Runner) checkNotJoined(ctx context.Context) error {
	own, err := r.ownClosed(ctx)
	if err != nil {
		return err
	}
	for _, b := range r.Mesh.Blocks {
		if o, ok := own.Objects[b.Object(akucore.PairOf(r.Mesh.Self, akucore.Master))]; ok && o.XSN != akucore.Unset {
			return fmt.Errorf("refused: the copy counts as complete, %s has XSN %d", o.Name, o.XSN)
		}
	}
	return nil
}

func (r *Runner) checkHandedOver(ctx context.Context) error {
	own, err := r.ownClosed(ctx)
	if err != nil {
		return err
	}
	if err := r.allDelivered(); err != nil {
		return err
	}
	if lacking := own.Lacking(r.Mesh, r.Mesh.Self); len(lacking) > 0 {
		return fmt.Errorf("refused: %w on %s", ErrGivenUp, r.Mesh.PodName(lacking[0]))
	}
	users, err := checked(r.Servers.Server(r.Mesh.Self).UserSessions(ctx))
	if err == nil && len(users) > 0 {
		return fmt.Errorf("refused: %w: %s", errUsersStay, whoStays(users))
	}
	return err
}

func (r *Runner) checkRecovering(ctx context.Context, s akucore.Step) error {
	master, err := r.ownClosed(ctx)
	if err != nil {
		return err
	}
	signs := r.Mesh.RecoverySigns(master)
	if len(signs) != 1 {
		return fmt.Errorf("refused: %s has %d signs of a recovery, it must have one", r.Mesh.PodName(akucore.Master), len(signs))
	}
	source := signs[0].Source
	if err := r.allDelivered(); err != nil {
		return err
	}
	state, err := checked(r.Servers.Server(source).Brief(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("the source %s: %w", r.Mesh.PodName(source), err)
	case !(akucore.Pod{State: state}).Open():
		return fmt.Errorf("refused: the source %s is not in service", r.Mesh.PodName(source))
	case s.On != akucore.Master && s.On != source:
		return fmt.Errorf("refused: %s is not the source", r.Mesh.PodName(s.On))
	}
	return nil
}

// ownClosed is the state of the pod's own server, which must be closed to users.
func (r *Runner) ownClosed(ctx context.Context) (akucore.State, error) {
	own, err := checked(r.Servers.Server(r.Mesh.Self).Brief(ctx))
	if err == nil && (akucore.Pod{State: own}).Open() {
		err = fmt.Errorf("refused: %s is open to users", r.Mesh.PodName(r.Mesh.Self))
	}
	return own, err
}

// allDelivered returns an error unless all deliveries of this run were proven.
func (r *Runner) allDelivered() error {
	var first error
	r.undelivered.Range(func(step, _ any) bool {
		first = fmt.Errorf("refused: not proven: %v", step)
		return false
	})
	return first
}

// checked marks an error of the check before a statement: the statement was not sent.
func checked[T any](seen T, err error) (T, error) {
	if err != nil {
		err = fmt.Errorf("check before it: %w", err)
	}
	return seen, err
}
