package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"aku/internal/process"
	"aku/internal/settings"
	"aku/internal/verify"
	"aku/internal/wiring"
)

const verifyHelp = `verify [options]

Tells whether all pods are in service and hold the same rows. It can run anywhere
and changes nothing. Exit code 0: equal, 1: not, 2: wrong options or configuration.

Without -checksums the rows of each table are counted; where counts do not agree,
because users write, the contents of that table are compared. Columns that cannot be
compared (LOB, GEOMETRY, what server or driver cannot give as a value) are named; a
table whose rows are not found again by their key is not called equal.

It repairs nothing. To repair, decide which pod is right, and
  - write the right rows once more, by UPDATE or DELETE and INSERT, on the pod that
    has them: that is replicated; or on the other pod only, after ALTER SESSION SET
    REPLICATION = FALSE; or
  - have a wrong slave N copied anew: take the highest pods away down to N
    (helm upgrade --set replicaCount=N), and bring them back; or
  - when the master lost its rows: aku-init recover -h.
`

// errNotEqual is the verdict; the report says why.
var errNotEqual = errors.New("the pods are not equal")

// verifyPods compares the pods.
func verifyPods(ctx context.Context, args []string) error {
	var o verify.Options
	flags := newFlags("verify", verifyHelp)
	flags.IntVar(&o.Replicas, "replicas", 0, "how many pods there have to be, 1-6; 0 = all up to the last one that answers, at least two")
	flags.DurationVar(&o.Timeout, "timeout", 120*time.Second, "how long to wait for service and for delivery, each time")
	flags.BoolVar(&o.Checksums, "checksums", false, "compare the contents of all tables, not only counts")
	flags.IntVar(&o.Page, "page", 500, "rows that are read at once from each pod, 2-10000")
	flags.DurationVar(&o.Pause, "pause", 10*time.Millisecond, "time between two pages")
	rows := flags.Int("rows", 20, "how many differing rows of each table to print")
	output := outputFlag(flags, "text")
	right := func() bool {
		return o.Replicas >= 0 && o.Timeout > 0 && o.Page >= 2 && o.Page <= 10000 && o.Pause >= 0 && *rows >= 0 && output.known()
	}
	if goOn, err := parse(flags, args, right); !goOn {
		return err
	}
	return withMesh(func(s settings.Settings) error {
		if o.Replicas > s.ServerCount {
			return process.Usage(fmt.Sprintf("-replicas is %d, but AKU_SERVER_COUNT allows only %d pods", o.Replicas, s.ServerCount))
		}
		servers, disconnect, err := wiring.ConnectAsUser(s)
		if err != nil {
			return process.Misconfigured(err)
		}
		defer disconnect()
		report, err := verify.Run(ctx, s.Mesh(), servers, o)
		if output.json() {
			encoder := json.NewEncoder(os.Stdout)
			encoder.SetIndent("", "  ")
			err = errors.Join(err, encoder.Encode(report))
		} else {
			report.Print(os.Stdout, *rows)
		}
		if err == nil && !report.Equal {
			err = errNotEqual
		}
		return err
	})
}
