package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"aku/internal/kube"
	"aku/internal/process"
	"aku/internal/settings"
)

// scaleToZeroLimit is shorter than what Helm waits for a hook (5 min), so that the
// reason is said before Helm gives up.
const scaleToZeroLimit = 270 * time.Second

// scaleToZero ends all pods of the release in order, before it is deleted. It asks the
// Kubernetes API alone and needs none of the servers.
func scaleToZero(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("scale-to-zero", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	limit := flags.Duration("timeout", scaleToZeroLimit, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *limit <= 0 {
		return process.Usage(usage())
	}
	name := os.Getenv("AKU_STS_NAME")
	if name == "" {
		return process.Misconfigured(errors.New("AKU_STS_NAME is not set, it must name the StatefulSet"))
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	log := process.Logger(os.Getenv("AKU_LOG_FORMAT"), os.Stdout)
	return kube.StatefulSet{Name: name}.ScaleToZero(ctx, log, settings.MaxServers)
}
