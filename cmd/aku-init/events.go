package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"aku/internal/akucore"
	"aku/internal/events"
	"aku/internal/process"
	"aku/internal/pulse"
	"aku/internal/settings"
)

const eventsHelp = `events [options]

Prints what the sidecar of a pod sees and does, first what it has kept, then what
happens, until stopped.
`

// showEvents prints what sidecars see and do, until stopped.
func showEvents(ctx context.Context, args []string) error {
	flags := newFlags("events", eventsHelp)
	output := outputFlag(flags, "text")
	pod := flags.String("pod", "", "pod number, or all; the own pod unless this is in none")
	follow := flags.Bool("follow", true, "go on with what happens; false: only what is kept")
	if goOn, err := parse(flags, args, output.known); !goOn {
		return err
	}
	return withMesh(func(s settings.Settings) error {
		mesh := s.Mesh()
		pods := []int{mesh.Self}
		switch number, err := strconv.Atoi(*pod); {
		case err == nil && number >= 0 && number < mesh.ServerCount:
			pods = []int{number}
		case *pod == "all" || *pod == "" && mesh.Self == akucore.Outside:
			pods = nil
			for pod := range mesh.ServerCount {
				pods = append(pods, pod)
			}
		case *pod != "":
			return process.Usage(fmt.Sprintf("--pod is %q, it must be 0 to %d or all", *pod, mesh.ServerCount-1))
		}
		var mu sync.Mutex
		lines := json.NewEncoder(os.Stdout)
		show := func(e events.Entry) {
			mu.Lock()
			defer mu.Unlock()
			if output.json() {
				_ = lines.Encode(e) // as with print, nothing can be done
				return
			}
			fmt.Println(e)
		}
		errs := make([]error, len(pods))
		var wg sync.WaitGroup
		for i, pod := range pods {
			wg.Go(func() { errs[i] = followPod(ctx, mesh.PodName(pod), healthAddress(s)(pod), *follow, show) })
		}
		wg.Wait()
		return errors.Join(errs...)
	})
}

// followPod follows one sidecar, again where it left off when the stream breaks.
func followPod(ctx context.Context, pod, address string, follow bool, show func(events.Entry)) error {
	var last time.Time
	said := ""
	for ctx.Err() == nil {
		err := events.Follow(ctx, address, last, follow, func(e events.Entry) {
			last, said = e.Time, ""
			show(e)
		})
		if err == nil {
			return nil
		}
		if !follow {
			return fmt.Errorf("events of %s: %w", pod, err)
		}
		if why := err.Error(); why != said && ctx.Err() == nil {
			said = why
			fmt.Fprintf(os.Stderr, "%s: %s, trying again\n", pod, why)
		}
		_ = pulse.Sleep(ctx, observeAgain) // the loop asks the context
	}
	return nil
}
