package main

import (
	"context"
	"os"
	"strconv"

	"aku/internal/lifecycle"
	"aku/internal/process"
	"aku/internal/recovery"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/wiring"
)

const recoverHelp = `recover --from N [--without N]... [--dry-run | --yes]

For a master (pod 0) that lost its rows and says "The MASTER server is detected to
have failed": empties its replicated tables and copies those of pod N. All slaves go on meanwhile;
the others deliver to pod N first, and join anew when the master is in service. One
that is not in service cannot deliver: --without N goes on, and what only that pod has
is lost when it joins anew. Runs in the pod of the master:

  kubectl exec altibase-0 -c aku -- /opt/aku/bin/aku-init recover --from 1 --dry-run

Without --yes it only prints what it would do, and to which rows. It refuses unless
pod N is in service and the master is not. Interrupted at any point, the master stays
closed; run it again. Exit code 0: done, or printed with --dry-run; 1: refused or
failed; 2: wrong options or configuration.
`

// recoverMaster gives a lost master the copy of a slave.
func recoverMaster(ctx context.Context, args []string) error {
	flags := newFlags("recover", recoverHelp)
	from := flags.Int("from", 0, "pod number of the slave whose rows are right")
	dryRun := flags.Bool("dry-run", false, "only print what would be done")
	yes := flags.Bool("yes", false, "do it")
	var without []int
	flags.Func("without", "pod number of a slave that need not deliver first; may be given again", func(text string) error {
		pod, err := strconv.Atoi(text)
		without = append(without, pod)
		return err
	})
	right := func() bool { return *from >= 1 && !(*dryRun && *yes) }
	if goOn, err := parse(flags, args, right); !goOn {
		return err
	}
	return withSettings(func(s settings.Settings) error {
		servers, disconnect, err := wiring.Connect(s)
		if err != nil {
			return process.Misconfigured(err)
		}
		defer disconnect()
		log := process.Logger(s.LogFormat, os.Stdout)
		r := recovery.Recovery{Settings: s, Servers: servers, Log: log, Source: *from, Without: without, Report: func(e lifecycle.Event) {
			if e.Kind != lifecycle.GivenUp {
				return
			}
			if err := rundir.Dir(s.RunDir).NoteGivenUp(e.Err.Error()); err != nil {
				log.Warn("this is not in the metrics", "error", err)
			}
		}}
		if *yes {
			return r.Run(ctx, os.Stdout)
		}
		if err := r.Preview(ctx, os.Stdout); err != nil || *dryRun {
			return err
		}
		return process.Usage("nothing was done: --yes does it")
	})
}
