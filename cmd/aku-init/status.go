package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"

	"aku/internal/process"
	"aku/internal/pulse"
	"aku/internal/settings"
	"aku/internal/status"
	"aku/internal/wiring"
)

const statusHelp = `status [options]

Prints the mesh as a table: a row for each pod that sends, a column for each that
receives. A pod that does not answer is part of the table, and no failure; one above the
number of replicas is left out when nothing is kept for it.
`

// observeAgain is the time between two tables of status --watch and two tries of events.
const observeAgain = 2 * time.Second

// showStatus prints the mesh, once or again and again.
func showStatus(ctx context.Context, args []string) error {
	flags := newFlags("status", statusHelp)
	output := outputFlag(flags, "table")
	watch := flags.Bool("watch", false, "print it again every 2 s until stopped")
	if goOn, err := parse(flags, args, output.known); !goOn {
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
			replicas, _ := wiring.Replicas(ctx, s) // all are shown where that is not known
			seen := status.Observe(ctx, s.Mesh(), servers, s.BeatEvery(), healthAddress(s)).Of(replicas)
			// A session that is left would be one of the users that an end waits for.
			servers.CloseIdle()
			if output.json() {
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
			if pulse.Sleep(ctx, observeAgain) != nil {
				return nil
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
