// Command bench shows what aku costs. It measures the join and the end of a pod in the order of the vendor's
// manual and by aku, side by side on the same stand-in servers, with the waits of a real server. It also
// measures what the sidecar and the programs need.
//
// `make bench` builds what it needs, runs it and writes docs/benchmarks.md. QUICK=1 measures a little of
// everything in about five minutes. The measured sidecar runs in a mount namespace of its own, which needs
// root, or a kernel that lets users make namespaces.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"aku/internal/altibase"
)

func main() {
	quick := flag.Bool("quick", false, "measure a little of everything")
	idleFor := flag.Duration("idle", 0, "how long to watch an idle sidecar (default 10m, quick 1m)")
	limit := flag.Duration("limit", 20*time.Minute, "begin no further point of the series after this")
	only := flag.String("only", "", "measure nothing but these parts, in place of those of the last run: pods, round trip, tables, rows, counts, margins, rolling, idle")
	bundle := flag.String("bundle", ".build/bundle", "what the aku image holds")
	images := flag.String("images", ".build/images", "folder of the image archives")
	flag.BoolVar(&showSteps, "steps", false, "show what each step of aku's joins and ends took")
	docs := flag.String("docs", "docs", "folder to write benchmarks.md and benchmarks.svg to")
	keep := flag.String("results", ".build/bench.json", "file to keep all figures in")
	again := flag.Bool("again", false, "write the pages from the kept figures, measuring nothing")
	flag.Parse()
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := func() error {
		if *again {
			return writeAgain(*keep, *docs)
		}
		p := newPlan(*quick)
		if *idleFor > 0 {
			p.idleFor = *idleFor
		}
		var err error
		if p.bundle, err = filepath.Abs(*bundle); err != nil {
			return err
		}
		p.images, p.limit = *images, *limit
		p.choose(*only)
		return measure(ctx, p, *quick, *keep, *docs)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, p plan, quick bool, keep, docs string) error {
	if err := p.check(); err != nil {
		return err
	}
	ini, err := os.MkdirTemp("", "aku-bench-odbc-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(ini)
	if err := altibase.WriteODBCIni(ini, driver); err != nil {
		return err
	}
	began := time.Now()
	r, err := p.run(ctx, func(format string, args ...any) {
		fmt.Printf("%7.1f  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	})
	if err != nil {
		return err
	}
	r.Quick = quick
	if len(p.only) > 0 {
		whole, err := read(keep)
		if err != nil {
			return fmt.Errorf("parts replace those of an earlier whole run, which is missing: %w", errors.Join(err, r.print()))
		}
		r = whole.with(r)
	}
	kept, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(keep, kept, 0o644); err != nil {
		return err
	}
	return r.publish(docs)
}

func writeAgain(keep, docs string) error {
	r, err := read(keep)
	if err != nil {
		return err
	}
	return r.publish(docs)
}

// read reads the figures of an earlier run.
func read(keep string) (*results, error) {
	text, err := os.ReadFile(keep)
	if err != nil {
		return nil, err
	}
	var r results
	return &r, json.Unmarshal(text, &r)
}

func (r *results) print() error { return r.write(os.Stdout) }

// publish prints the page. Unless the run was quick, it also writes the page and its chart.
func (r *results) publish(docs string) error {
	var text, chart bytes.Buffer
	if err := errors.Join(r.write(&text), r.chart(&chart)); err != nil {
		return err
	}
	fmt.Printf("\n%s", text.Bytes())
	if r.Quick {
		fmt.Println("\nThis was not the whole: docs/benchmarks.md is left as it is.")
		return nil
	}
	return errors.Join(
		os.MkdirAll(docs, 0o755),
		os.WriteFile(filepath.Join(docs, "benchmarks.md"), text.Bytes(), 0o644),
		os.WriteFile(filepath.Join(docs, "benchmarks.svg"), chart.Bytes(), 0o644),
	)
}
