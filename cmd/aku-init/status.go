package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/term"

	"aku/internal/akucore"
	"aku/internal/events"
	"aku/internal/process"
	"aku/internal/settings"
	"aku/internal/status"
	"aku/internal/wiring"
)

// lookAgain is the time between two looks of status --watch and two tries of events.
const lookAgain = 2 * time.Second

// showStatus prints the mesh, once or again and again.
func showStatus(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("status", flag.ContinueOnError)
	output := flags.String("o", "table", "table or json")
	watch := flags.Bool("watch", false, "print it again every 2 s until stopped")
	if goOn, err := parse(flags, args, func() bool { return *output == "table" || *output == "json" }); !goOn {
		return err
	}
	return withMesh(func(s settings.Settings) error {
		servers, disconnect, err := wiring.Connect(s)
		if err != nil {
			return process.Misconfigured(err)
		}
		defer disconnect()
		terminal := term.IsTerminal(int(os.Stdout.Fd()))
		for {
			seen := status.Look(ctx, s.Mesh(), servers, s.BeatEvery(), healthAddress(s))
			// A session that is left would be one of the users that an end waits for.
			servers.CloseIdle()
			if *output == "json" {
				err = json.NewEncoder(os.Stdout).Encode(seen)
			} else {
				if *watch && terminal {
					fmt.Print("\x1b[H\x1b[2J")
				}
				err = seen.Print(os.Stdout, terminal && os.Getenv("NO_COLOR") == "")
			}
			if err != nil || !*watch {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(lookAgain):
			}
		}
	})
}

// healthAddress is where a pod's sidecar answers.
func healthAddress(s settings.Settings) func(pod int) string {
	mesh := s.Mesh()
	return func(pod int) string {
		host := mesh.Host(pod)
		if pod == mesh.Self {
			host = "127.0.0.1"
		}
		return net.JoinHostPort(host, strconv.Itoa(s.HealthPort))
	}
}

// showEvents prints what sidecars see and do, until stopped.
func showEvents(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("events", flag.ContinueOnError)
	output := flags.String("o", "text", "text or json")
	pod := flags.String("pod", "", "pod number, or all; the own pod unless this is in none")
	follow := flags.Bool("follow", true, "go on with what happens; false: only what is kept")
	if goOn, err := parse(flags, args, func() bool { return *output == "text" || *output == "json" }); !goOn {
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
		show := func(e events.Event) {
			mu.Lock()
			defer mu.Unlock()
			if *output == "json" {
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
func followPod(ctx context.Context, pod, address string, follow bool, show func(events.Event)) error {
	var last time.Time
	said := ""
	for ctx.Err() == nil {
		err := events.Follow(ctx, address, last, follow, func(e events.Event) {
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
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
	return nil
}
