package main

import (
	"context"

	"aku/internal/bundle"
	"aku/internal/process"
)

// install copies the bundle, so that other containers can run it from a shared volume.
func install(_ context.Context, args []string) error {
	if len(args) != 1 {
		return process.Usage(usage())
	}
	return bundle.Install(args[0])
}
