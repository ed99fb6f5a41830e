// Command demo shows the main job of the chart on a Kubernetes cluster. It installs one pod and scales to
// three and back, while writers insert and update rows on every open pod. Then it compares the rows of the
// pods with what the writers were told.
//
// `make demo` runs it on a cluster of its own; -h shows how to use another one.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aku/e2e/internal/trial"
)

const usage = `usage: demo [-rows N] [-rate N]
Installs the Helm chart, scales it 1 - 3 - 1 with a writer on every open pod, and compares the rows.
Exits 1 when an acknowledged row is lost or the pods differ.

Environment:
  KUBECONFIG, DEMO_KUBECONFIG   the cluster; the second one wins
  SERVER_IMAGE                  image of the database server, if other than docker.io/library/altisim:dev, the stand-in
  SERVER_VALUES                 file of chart values that fit that image: see docs/any-server.md
  SERVER_PATIENCE               how many times as long as usual everything may take
  AKU_IMAGE                     image of aku, if other than docker.io/library/aku:dev
  CLIENT_IMAGE                  image of the writers, if other than docker.io/library/e2e-client:dev
  KEEP=1                        leave everything running to look around
The demo makes a namespace of its own and removes it at the end. "make images" builds the images.

Flags:
`

func main() {
	rows := flag.Int64("rows", 10_000, "rows that are loaded at first")
	rate := flag.Float64("rate", 200, "statements a second of each writer, 0 for as many as possible")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if err := run(ctx, *rows, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rows int64, rate float64) error {
	kubeconfig := cmp.Or(os.Getenv("DEMO_KUBECONFIG"), os.Getenv("KUBECONFIG"))
	if kubeconfig == "" {
		return errors.New("no cluster: run `make demo`, or set KUBECONFIG (see -h)")
	}
	cluster, err := trial.NewCluster(kubeconfig, trial.ImagesOfEnvironment())
	if err != nil {
		return err
	}
	space, err := cluster.Open(ctx, "aku-demo")
	if err != nil {
		return err
	}
	fmt.Printf("The chart runs in namespace %s, the server is %s.\n", space.Namespace, cluster.Images.Server)
	// The writers never leave by themselves, so there is nothing to wait for.
	job := trial.Job{Space: space, Rows: rows, Rate: rate, Out: os.Stdout, Values: trial.Values{"aku": trial.Values{"drainTime": 1}}}
	result, err := job.Run(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "\n%s", space.Diagnose())
	} else {
		err = summarise(result)
	}
	return errors.Join(err, finish(space, kubeconfig, err))
}

// summarise prints the result.
func summarise(result trial.Result) error {
	fmt.Printf("\n%d inserts and %d updates were acknowledged in %s.\n",
		result.Written.Inserted, result.Written.Updated, result.Took.Round(time.Second))
	for _, fault := range result.Faults {
		fmt.Println("FAULT:", fault)
	}
	if len(result.Faults) > 0 {
		return fmt.Errorf("%d faults", len(result.Faults))
	}
	fmt.Println("Not one of them was lost, all pods held the same rows, and no pod was restarted by scaling.")
	return nil
}

// finish removes the demo, unless it is to be kept, and prints what to try next.
func finish(space *trial.Space, kubeconfig string, went error) error {
	kept := os.Getenv("KEEP") == "1"
	var err error
	if kept {
		space.Leave()
	} else {
		// The context may have ended by Ctrl-C.
		err = space.Close(context.Background())
	}
	if kept || went == nil {
		fmt.Print("\n", whatNow(kept, kubeconfig, space.Namespace))
	}
	return err
}
