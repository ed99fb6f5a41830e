package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"aku/internal/kube"
	"aku/internal/process"
	"aku/internal/settings"
	"aku/internal/upgrade"
	"aku/internal/wiring"
)

const checkUpgradeHelp = `check-upgrade [options]

Tells, before an upgrade changes anything, whether the pods can go on with this
configuration: it looks at the StatefulSet AKU_STS_NAME and its pods by the
Kubernetes API, and asks their servers. It changes nothing. Exit code 0: nothing
speaks against it; 1: refused, a sentence for each reason; 2: wrong options or
configuration.

Pods that cannot be asked are named and do not keep an upgrade from being done,
unless it drops something for which they may still hold changes.
`

// checkUpgrade looks before Helm changes anything.
func checkUpgrade(ctx context.Context, args []string) error {
	flags := newFlags("check-upgrade", checkUpgradeHelp)
	limit := flags.Duration("timeout", time.Minute, "longest time for the whole look")
	secret := flags.String("secret", "", "where the password comes from, name/key of a Secret, to see whether that changes")
	release := flags.String("release", "", "which release this is, to see whether it has a StatefulSet by another name")
	chart := flags.String("chart", "altibase", "which chart it is made from")
	if goOn, err := parse(flags, args, func() bool { return *limit > 0 }); !goOn {
		return err
	}
	return withMesh(func(s settings.Settings) error {
		servers, disconnect, err := wiring.ConnectAsUser(s)
		if err != nil {
			return process.Misconfigured(err)
		}
		defer disconnect()
		ctx, cancel := context.WithTimeout(ctx, *limit)
		defer cancel()
		log := process.Logger(s.LogFormat, os.Stdout)
		set := kube.StatefulSet{Name: s.StatefulSet}
		facts, err := upgrade.Observe(ctx, log, set, s.Mesh(), servers, *secret)
		var others []string
		if err == nil && facts == nil && *release != "" {
			others, err = set.Others(ctx, log, *release, *chart)
		}
		if err != nil {
			return fmt.Errorf("the release cannot be checked, so it is not known whether this upgrade is safe: %w (%s upgrades without this check)", err, upgrade.SkipValue)
		}
		if len(others) > 0 {
			return upgrade.Error(upgrade.Renamed(s.StatefulSet, others))
		}
		if facts == nil {
			log.Info("there is no StatefulSet yet, so there is nothing to lose", "statefulset", s.StatefulSet)
			return nil
		}
		refusals, unknown := upgrade.Judge(s.Mesh(), *facts)
		for _, text := range unknown {
			log.Warn("not checked", "reason", text)
		}
		if len(refusals) > 0 {
			return upgrade.Error(refusals)
		}
		log.Info("the check found nothing against this upgrade", "pods", facts.Pods, "asked", facts.Pods-len(unknown))
		return nil
	})
}
