package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"aku/internal/akucore"
	"aku/internal/footnote"
	"aku/internal/lifecycle"
	"aku/internal/settings"
	"aku/internal/wiring"
)

// info prints the mesh as it is configured, from the variables alone, and then what the
// servers hold of it, where they answer. The password is never part of it.
func info(ctx context.Context) error {
	return withMesh(func(s settings.Settings) error {
		printConfigured(os.Stdout, s)
		servers, disconnect, err := wiring.Connect(s)
		if err != nil {
			fmt.Printf("\nWhat the servers hold is not known: %v\n", err)
			return nil
		}
		defer disconnect()
		// An own server that does not answer is part of the picture.
		view, _ := lifecycle.Observe(ctx, s.Mesh(), servers, wiring.Unasked)
		printHeld(os.Stdout, s.Mesh(), view)
		return nil
	})
}

// printConfigured prints the replications that every server is to have.
func printConfigured(to io.Writer, s settings.Settings) {
	mesh := s.Mesh()
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	defer table.Flush()
	pod := "-"
	if mesh.Self != akucore.Outside {
		pod = mesh.PodName(mesh.Self)
	}
	fmt.Fprintf(table, "pod\t%s\nservers\t%d\nport\t%d\nreplication port\t%d\nSYS password\t***\n",
		pod, mesh.ServerCount, s.Port, mesh.ReplicationPort)
	for _, b := range mesh.Blocks {
		fmt.Fprintf(table, "\n%s\tSYNC PARALLEL %d\n", b.Prefix, b.Parallel)
		for _, t := range b.Tables {
			fmt.Fprintf(table, "\t%s\n", t)
		}
	}
	fmt.Fprintf(table, "\nCONFIGURED\tHOST\tREPLICATION\tPEER\tITEMS\n")
	for pod := range mesh.ServerCount {
		for peer := range mesh.ServerCount {
			if peer == pod {
				continue
			}
			for _, b := range mesh.Blocks {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s,%d\t%d\n", mesh.PodName(pod), mesh.Host(pod),
					b.Object(akucore.PairOf(pod, peer)), mesh.Host(peer), mesh.ReplicationPort, len(b.Items()))
			}
		}
	}
}

// printHeld prints what the servers have.
func printHeld(to io.Writer, mesh akucore.Mesh, view akucore.View) {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	var notes footnote.Notes
	fmt.Fprintf(table, "\nSERVER\tSTATE\tREPLICATION\tSTARTED\tXSN\tPEER\tITEMS\n")
	for pod := range mesh.ServerCount {
		p := view.Pods[pod]
		state := "open"
		switch {
		case p.Err != nil:
			state = notes.Cell(p.Err.Error())
		case p.Closed():
			state = "closed (ADMIN_MODE 1)"
		}
		if len(p.Objects) == 0 {
			fmt.Fprintf(table, "%s\t%s\t-\t-\t-\t-\t-\n", mesh.PodName(pod), state)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Objects)) {
			o := p.Objects[name]
			fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%d\t%s,%d\t%d\n", mesh.PodName(pod), state, o.Name, o.Started, o.XSN, o.Host, o.Port, len(o.Tables))
		}
	}
	table.Flush()
	_ = notes.Print(to) // as with the rest, nothing can be done
}
