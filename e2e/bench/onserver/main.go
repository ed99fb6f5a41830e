// Command onserver measures aku on pods of any server's image: joins, a restart, a rolling update and an end.
// Every open pod has a writer, and every acknowledged row is counted. The times come from aku's own log.
//
// `make bench SERVER_IMAGE=… SERVER_VALUES=…` runs it beside a cluster. It lists what command bench measures
// and it does not.
package main

import (
	"bytes"
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

func main() {
	quick := flag.Bool("quick", false, "measure with few tables only")
	page := flag.String("page", ".build/bench-server.md", "file to write the figures to")
	flag.Parse()
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if err := run(ctx, *quick, *page); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// leftOut is what command bench measures and this command does not.
var leftOut = []string{
	"the order of the vendor's manual beside aku's: command bench follows it in its own process, on stand-ins",
	"round trips of 5 and 20 ms between the pods: command bench puts them between stand-ins on loopback",
	"logins and statements of a join: they are counted in the log of the stand-in",
	"the idle sidecar by parts of its memory: it does not depend on the server",
}

func run(ctx context.Context, quick bool, page string) error {
	cluster, err := trial.NewCluster(cmp.Or(os.Getenv("DEMO_KUBECONFIG"), os.Getenv("KUBECONFIG")), trial.ImagesOfEnvironment())
	if err != nil {
		return err
	}
	tables := []int{10, 1001}
	if quick {
		tables = tables[:1]
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "Server: %s\n\n| tables | rows of each pod at the end | what | seconds | of it |\n|---|---|---|---|---|\n", cluster.Images.Server)
	lost := 0
	for _, n := range tables {
		m := measurement{cluster: cluster, tables: n}
		err := m.run(ctx)
		lost += m.lost
		for _, r := range m.results {
			fmt.Fprintf(&text, "| %d | %d | %s | %.1f | %s |\n", n, m.rows, r.what, r.took.Seconds(), r.parts())
		}
		if err != nil {
			fmt.Print(text.String())
			return fmt.Errorf("with %d tables: %w", n, err)
		}
		fmt.Fprintf(&text, "\nWith %d tables %d changes were acknowledged, %d of them were lost.\n\n", n, m.written, m.lost)
	}
	for _, what := range leftOut {
		fmt.Fprintf(&text, "* left out: %s\n", what)
	}
	fmt.Print(text.String())
	if lost > 0 {
		return fmt.Errorf("%d acknowledged rows are lost", lost)
	}
	return os.WriteFile(page, text.Bytes(), 0o644)
}

// run measures with one number of tables, in a namespace of its own.
func (m *measurement) run(ctx context.Context) (err error) {
	if m.space, err = m.cluster.Open(ctx, "bench"); err != nil {
		return err
	}
	began := time.Now()
	m.say = func(format string, args ...any) {
		fmt.Printf("%7.1f  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	defer func() {
		if err != nil {
			fmt.Fprint(os.Stderr, m.space.Diagnose())
		}
		err = errors.Join(err, m.space.Close(context.Background())) // the context may have ended by Ctrl-C
	}()
	for _, step := range []func(context.Context) error{m.first, m.join, m.restart, m.roll, m.end, m.count} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
