package main

import (
	"context"
	"errors"
	"os"
	"time"

	"aku/internal/kube"
	"aku/internal/process"
	"aku/internal/settings"
)

const scaleToZeroHelp = `scale-to-zero [options]

Scales the StatefulSet AKU_STS_NAME to 0 and waits until its pods have ended in order,
before an uninstall. It asks the Kubernetes API alone.
`

// scaleToZeroLimit is shorter than what Helm waits for a hook (5 min), so that the
// reason is said before Helm gives up.
const scaleToZeroLimit = 270 * time.Second

// rollbacks is how many rollbacks in a row are looked behind for Helm's record of the
// release. The chart gives the right to read as many of them.
const rollbacks = 15

// scaleToZero ends all pods of the release in order, before it is deleted. It asks the
// Kubernetes API alone and needs none of the servers. Told which release of Helm it
// belongs to, it proves first that this one is being uninstalled: something that knows
// no hooks may have applied its Job as a plain object.
func scaleToZero(ctx context.Context, args []string) error {
	flags := newFlags("scale-to-zero", scaleToZeroHelp)
	limit := flags.Duration("timeout", scaleToZeroLimit, "for all pods together")
	release := flags.String("uninstalled-by-helm", "", "touch nothing unless Helm is uninstalling this release")
	revision := flags.Int("revision", 1, "the release's revision")
	if goOn, err := parse(flags, args, func() bool { return *limit > 0 && *revision > 0 }); !goOn {
		return err
	}
	name := os.Getenv("AKU_STS_NAME")
	if name == "" {
		return process.Misconfigured(errors.New("AKU_STS_NAME is not set, it must name the StatefulSet"))
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	log := process.Logger(os.Getenv("AKU_LOG_FORMAT"), os.Stdout)
	set := kube.StatefulSet{Name: name}
	if *release == "" {
		return set.ScaleToZero(ctx, log, settings.MaxServers)
	}
	return set.EndWith(ctx, log, kube.Release{Name: *release, First: *revision, Last: *revision + rollbacks}, settings.MaxServers)
}
