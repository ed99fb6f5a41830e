// Command aku-prestop takes the Altibase server of its pod out of replication. It
// is the preStop hook of the database container: it keeps users out, delivers
// what is unsent, stops both sides of every pair and, when the pod leaves for
// good, resets them.
//
//	aku-prestop            do it
//	aku-prestop --dry-run  print what it would do now; changes nothing
//
// It resets nothing before every peer is proven to have everything. When it runs out
// of time, it logs one line that begins with TIMEOUT and names each step that was left
// undone: deliveries that were not proven, STOPs and RESETs.
//
// Exit codes: 0 done, 1 failed or not in time, 2 the configuration is wrong.
//
// # Environment
//
// All variables of aku-init, and:
//
//	AKU_FLUSH_AT_END              1   deliver what is unsent (slaves and master);
//	                                  a pod that resets delivers in any case
//	AKU_REPLICATION_RESET_AT_END  1   slaves: 1 = reset after the end, so that the next
//	                                  start is a full join; 0 = never; auto = only at a
//	                                  scale-down (spec.replicas of the StatefulSet, from
//	                                  the Kubernetes API)
//	AKU_END_TIMEOUT               90  hard limit for the whole end, in seconds; 10 or more.
//	                                  The chart derives it from the grace period.
//	AKU_DRAIN_TIME                5   seconds that users have to leave before their
//	                                  sessions are closed
//	AKU_SHUTDOWN_AT_END           0   1 = stop the server cleanly afterwards
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"aku/internal/akucore"
	"aku/internal/hook"
	"aku/internal/process"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/wiring"
)

func main() {
	os.Exit(process.ExitCode(run(process.Context(), os.Args[1:])))
}

const usage = `usage: aku-prestop [--dry-run | -v]
Takes the server of this pod out of replication (also -p end, -p stop).
--dry-run prints what it would do now, changing nothing.
The AKU_ environment variables are described in the package comment and docs.`

func run(ctx context.Context, args []string) error {
	dry := false
	switch strings.Join(args, " ") {
	case "", "-p end", "-p stop":
	case "--dry-run":
		dry = true
	case "-v", "version":
		fmt.Println("aku-prestop", process.Version())
		return nil
	case "-h", "--help":
		fmt.Println(usage)
		return nil
	default:
		return process.Usage(usage)
	}
	s, err := settings.Read()
	if errors.Is(err, akucore.ErrSurplus) && !dry {
		fmt.Println("there is nothing to end:", err)
		return nil
	}
	if err != nil {
		return process.Misconfigured(err)
	}
	if dry {
		return wiring.PrintPlan(ctx, s, os.Stdout, func(v akucore.View) akucore.Plan { return akucore.PlanEnd(v, wiring.EndOptions(s)) })
	}
	out, closeLog := hook.Output(rundir.Dir(s.RunDir))
	defer closeLog()
	log := process.Logger(s.LogFormat, out)
	servers, disconnect, err := wiring.Connect(s)
	if err != nil {
		return process.Misconfigured(err)
	}
	defer disconnect()
	// Whatever hangs, be it the log, the process is gone before the kubelet kills the
	// container.
	time.AfterFunc(s.EndLimit()+time.Second, func() {
		log.Error("TIMEOUT: aku-prestop did not come back and ends itself")
		os.Exit(process.Failed)
	})
	time.AfterFunc(s.EndLimit()+2*time.Second, func() { os.Exit(process.Failed) })
	return hook.Run(ctx, s, servers, log)
}
