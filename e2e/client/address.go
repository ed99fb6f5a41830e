package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// awaitAddress waits until a name leads to an address and to no other one.
func awaitAddress(ctx context.Context, args []string) error {
	flags := newFlags("await-address")
	limit := flags.Duration("limit", 2*time.Minute, "give up after this time")
	args, err := parse(flags, args, 2, 2)
	if err != nil {
		return err
	}
	name, want := args[0], args[1]
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	for {
		found, err := net.DefaultResolver.LookupHost(ctx, name)
		if err == nil && slices.Equal(found, []string{want}) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not lead to %s within %s, but to %v: %w", name, want, *limit, found, errors.Join(err, ctx.Err()))
		case <-time.After(againDelay):
		}
	}
}
