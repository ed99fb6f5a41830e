package main

import (
	"context"

	"aku/internal/bundle"
)

// install copies the client to a volume from where a container of the server's image runs it, as aku is
// installed.
func install(_ context.Context, args []string) error {
	args, err := parse(newFlags("install"), args, 1, 1)
	if err != nil {
		return err
	}
	return bundle.Install(args[0])
}
