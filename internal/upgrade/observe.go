// Package upgrade checks a release before it is upgraded. It refuses an upgrade that would
// lose rows, or leave pods that cannot get into service again.
package upgrade

import (
	"context"
	"fmt"
	"log/slog"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/kube"
	"aku/internal/lifecycle"
	"aku/internal/settings"
)

// The chart's names of the sidecar and of the volume with the password.
const sidecar, passwordVolume = "aku", "aku-auth"

// Facts are the state before the upgrade.
type Facts struct {
	// Before is the present configuration of the pods, without servers and blocks when it is not
	// understood.
	Before akucore.Mesh
	// Pods is the number of pods that exist or are wanted, counted up to the highest number.
	Pods int
	// Asked are the answers of their servers.
	Asked map[int]akucore.Pod
	// Foreign are tables with the name of a beat table and other columns, by pod.
	Foreign map[int][]akucore.Table
	// OtherSecret: the password comes from another Secret or key than before.
	OtherSecret bool
}

// Observe gathers the facts. It returns nil without an error when there is no StatefulSet yet. secret
// is the new place of the password, as "name/key".
func Observe(ctx context.Context, log *slog.Logger, set kube.StatefulSet, m akucore.Mesh, servers lifecycle.Servers, secret string) (*Facts, error) {
	present, exists, err := set.Present(ctx, log, sidecar, passwordVolume, settings.MaxServers)
	if err != nil || !exists {
		return nil, err
	}
	f := &Facts{Pods: present.Replicas, OtherSecret: present.Secret != "" && secret != "" && present.Secret != secret}
	for _, number := range present.Pods {
		f.Pods = max(f.Pods, number+1)
	}
	if before, err := settings.MeshFrom(present.Variables); err != nil {
		log.Warn("the configuration of the pods cannot be read, so it is not compared", "error", err)
	} else {
		f.Before = before.Mesh()
	}
	f.Asked, f.Foreign = ask(ctx, m, servers, f.Pods)
	return f, nil
}

// ask asks all servers at the same time. It sends a password only once, because a wrong one must
// not be repeated.
func ask(ctx context.Context, m akucore.Mesh, servers lifecycle.Servers, pods int) (asked map[int]akucore.Pod, foreign map[int][]akucore.Table) {
	type answer struct {
		akucore.State
		foreign []akucore.Table
	}
	answers, errs := lifecycle.AskPods(ctx, pods, pods, lifecycle.AnswerLimit, func(ctx context.Context, pod int) (answer, error) {
		state, err := servers.Server(pod).State(ctx, lifecycle.Want{Tables: m.Tables()})
		if pod := (akucore.Pod{State: state}); err == nil && !pod.Open() {
			err = akucore.ErrClosed
		}
		a := answer{State: state}
		for _, table := range m.Beats() {
			if err != nil {
				break
			}
			// Pods of an older aku have no beat table yet.
			if _, unread := servers.Server(pod).Beats(ctx, table); altibase.UnknownColumn(unread) {
				a.foreign = append(a.foreign, table)
			}
		}
		return a, err
	})
	asked, foreign = make(map[int]akucore.Pod, pods), map[int][]akucore.Table{}
	for pod, a := range answers {
		asked[pod] = akucore.Pod{State: a.State, Err: errs[pod]}
		foreign[pod] = a.foreign
	}
	return asked, foreign
}

// Error is the list of reasons against an upgrade, a sentence each.
type Error []string

func (e Error) Error() string {
	text := "this upgrade is refused:"
	for _, sentence := range e {
		text += "\n- " + sentence
	}
	return text + fmt.Sprintf("\nNothing was changed. %s upgrades without this check.", SkipValue)
}

// SkipValue switches the check off.
const SkipValue = "hooks.checkUpgrade.enabled=false"
