//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"aku/e2e/internal/trial"
)

func TestTwoReleases_InOneFolder_TheSecondStaysOut_TheFirstLosesNothing(t *testing.T) {
	t.Parallel()
	first, second := open(t), open(t)
	must(t, first.Install(t.Context()))
	must(t, first.StartClient(t.Context()))
	must(t, first.AwaitReady(t.Context(), startLimit, trial.Pod(0)))
	writer, err := first.StartWriter("first", 0, 1, 50)
	must(t, err)

	volume, err := second.ShareVolume(t.Context(), 0, first)
	t.Cleanup(func() {
		if _, err := second.Kubectl(context.Background(), "", "delete", "pv", volume, "--wait=false"); err != nil {
			t.Error(err)
		}
	})
	must(t, err)
	must(t, second.Install(t.Context()))
	must(t, second.AwaitPods(t.Context(), startLimit, "the refusal of the folder", func(pods trial.Pods) string {
		if said := claimSaid(pods); !strings.Contains(said, "is the data of pod "+trial.Pod(0)+" of namespace "+first.Namespace) ||
			!strings.Contains(said, "two servers on the same files destroy them") {
			return pods.Describe(trial.Pod(0)) + ": " + said
		}
		return ""
	}))
	if c := trial.Container(second.Pods()[trial.Pod(0)], trial.Database); c.State.Running != nil || c.State.Terminated != nil {
		t.Errorf("a second server was started on the files of the first one: %+v", c.State)
	}
	mustDescribe(t, second, trial.Pod(0), "FolderInUse")
	must(t, writer.AwaitMore(t.Context(), healLimit, enough))
	mustBeUndisturbed(t, writer)
	if _, err := writer.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	verdicts, err := first.Verify(t.Context(), 1)
	must(t, err)
	if v := verdicts[0]; v.Acknowledged < enough || v.Missing+v.Stale+v.Extra > 0 {
		t.Errorf("the first release has not what it acknowledged: %+v", v)
	}

	// An end in good order releases the folder.
	must(t, first.Uninstall(t.Context()))
	must(t, first.AwaitGone(t.Context(), healLimit, trial.Pod(0)))
	must(t, second.DeletePods(t.Context(), trial.Pod(0))) // its container may wait for its next try
	must(t, second.AwaitPods(t.Context(), healLimit, "the folder that nobody uses any more", func(pods trial.Pods) string {
		if trial.Container(pods[trial.Pod(0)], trial.Database).State.Running == nil {
			return pods.Describe(trial.Pod(0)) + ": " + claimSaid(pods)
		}
		return ""
	}))
}

// claimSaid is the last message of the container that claims the folders.
func claimSaid(pods trial.Pods) string {
	c := trial.Container(pods[trial.Pod(0)], trial.Claim)
	for _, ended := range []*corev1.ContainerStateTerminated{c.State.Terminated, c.LastTerminationState.Terminated} {
		if ended != nil {
			return ended.Message
		}
	}
	return ""
}

func TestPod_DeletedByForce_ItsFolderIsWaitedForUntilItIsQuiet(t *testing.T) {
	t.Parallel()
	space := open(t)
	must(t, space.Install(t.Context()))
	must(t, space.AwaitReady(t.Context(), startLimit, trial.Pod(0)))

	// A sidecar that lives on gives the folder back once its server has ended. This one cannot.
	must(t, space.Freeze(t.Context(), trial.Pod(0), trial.Sidecar))
	before := space.Pods()
	must(t, space.DeleteByForce(t.Context(), trial.Pod(0)))
	must(t, space.AwaitReplaced(t.Context(), healLimit, before, trial.Pod(0)))
	if took := mustTakeTheFolder(t, space); took < 25*time.Second {
		t.Errorf("the folder was taken after %s, when the earlier pod may still have run", took)
	}

	// After an end in good order nobody waits.
	before = space.Pods()
	must(t, space.DeletePods(t.Context(), trial.Pod(0)))
	must(t, space.AwaitReplaced(t.Context(), healLimit, before, trial.Pod(0)))
	if took := mustTakeTheFolder(t, space); took > 20*time.Second {
		t.Errorf("it took %s to take the folder of a pod that had ended in good order", took)
	}
}

// mustTakeTheFolder is how long the pod waited until its folder was its own.
func mustTakeTheFolder(t *testing.T, space *trial.Space) time.Duration {
	t.Helper()
	claim := trial.Container(space.Pods()[trial.Pod(0)], trial.Claim).State.Terminated
	if claim == nil {
		t.Fatalf("no end of %s", trial.Claim)
	}
	return claim.FinishedAt.Sub(claim.StartedAt.Time)
}
