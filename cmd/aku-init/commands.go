package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"aku/internal/akucore"
	"aku/internal/bundle"
	"aku/internal/foreign"
	"aku/internal/process"
	"aku/internal/settings"
	"aku/internal/sidecar"
	"aku/internal/wiring"
)

// A command is one word of the command line with its arguments.
type command struct {
	name, args string
	help       string
	run        func(ctx context.Context, args []string) error
}

// commands are all that there are, in the order in which -h lists them.
func commands() []command {
	return []command{
		{"start", "", "join and open once (also -p start)", bare(once((*sidecar.Sidecar).Start))},
		{"clean", "", "stop and drop the own replication objects, and the beat tables (also -p clean)", bare(once((*sidecar.Sidecar).Clean))},
		{"info", "", "print the configured mesh, and what the servers hold (also -i)", bare(info)},
		{"status", "[-o json] [--watch]", "print the whole mesh as a table", showStatus},
		{"events", "[--pod N|all] [-o json]", "follow what the sidecars see and do", showEvents},
		{"plan", "start|end|clean", "print what that would do now, changing nothing", plain(plan)},
		{"verify", "[-h]", "tell whether all pods are in service and hold the same rows", verifyPods},
		{"recover", "--from N [--dry-run|--yes]", "give a master that lost its rows the copy of slave N (-h: more)", recoverMaster},
		{"import", "FILE", "print an aku.conf of the vendor's utility as values of the chart", one(importConf)},
		{"probe", "", "exit 0 when the start is complete", bare(probe)},
		{"clear-marker", "", "forget a completed start", bare(func(context.Context) error { return runDir().Renew() })},
		{"scale-to-zero", "[--timeout 270s]", "end all pods in order, before an uninstall", scaleToZero},
		{"check-upgrade", "[-h]", "tell whether the pods can go on with this configuration", checkUpgrade},
		{"claim", "", "keep the folders of the data for this pod, or say which pod has them", bare(claim)},
		{"install", "DIR", "copy the bundle into DIR", one(bundle.Install)},
		{"version", "", "(also -v)", bare(version)},
		{"-h", "", "print this", bare(help)},
	}
}

// bare is a command without arguments.
func bare(do func(context.Context) error) func(context.Context, []string) error {
	return plain(func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return process.Usage(usage())
		}
		return do(ctx)
	})
}

// one is a command with one argument.
func one(do func(string) error) func(context.Context, []string) error {
	return plain(func(_ context.Context, args []string) error {
		if len(args) != 1 {
			return process.Usage(usage())
		}
		return do(args[0])
	})
}

// plain is a command without options, but for -h.
func plain(do func(context.Context, []string) error) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
			return help(ctx)
		}
		return do(ctx, args)
	}
}

func usage() string {
	var text strings.Builder
	text.WriteString("usage: aku-init [command]\n")
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "  (none)\tjoin, open and watch until SIGTERM\n")
	for _, c := range commands() {
		fmt.Fprintf(table, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	table.Flush()
	text.WriteString("The AKU_ environment variables are described in the package comment and docs.")
	return text.String()
}

// once does one thing of a sidecar.
func once(do func(*sidecar.Sidecar, context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return withSettings(func(s settings.Settings) error {
			return withSidecar(s, func(c *sidecar.Sidecar) error { return do(c, ctx) })
		})
	}
}

// plan prints what would be done now.
func plan(ctx context.Context, args []string) error {
	rules := map[string]func(settings.Settings, akucore.View) akucore.Plan{
		"start": func(s settings.Settings, v akucore.View) akucore.Plan {
			options, _ := wiring.StartOptions(s)
			return akucore.PlanStart(v, options)
		},
		"end": func(s settings.Settings, v akucore.View) akucore.Plan {
			return akucore.PlanEnd(v, wiring.EndOptions(s))
		},
		"clean": func(s settings.Settings, v akucore.View) akucore.Plan { return akucore.PlanClean(v) },
	}
	if len(args) != 1 || rules[args[0]] == nil {
		return process.Usage(usage())
	}
	return withSettings(func(s settings.Settings) error {
		if _, err := wiring.StartOptions(s); err != nil {
			fmt.Println(err) // the plan goes on without the order
		}
		return wiring.PrintPlan(ctx, s, os.Stdout, func(v akucore.View) akucore.Plan { return rules[args[0]](s, v) })
	})
}

func probe(context.Context) error { return probeIn("/") }

// probeIn is probe in the container that has this root folder. It is the one command that
// runs again and again in the database container while that starts, so it also looks there
// for what the sidecar cannot see.
func probeIn(root string) error {
	if found := foreign.Seen(root); found != "" {
		return errors.Join(errors.New(found), runDir().NoteForeign(found))
	}
	if !runDir().Marked() {
		return errors.New("the start is not complete")
	}
	return nil
}

func version(context.Context) error {
	fmt.Println("aku-init", process.Version())
	return nil
}

func help(context.Context) error {
	fmt.Println(usage())
	return nil
}
