// Testrun runs the project's tests stage by stage, shows how they get on, and ends with one summary.
//
//	testrun [STAGE...]
//
// Without arguments it runs every stage. A stage that needs what the stage setup brings has setup before it, where that is not there. It says first what it will do and how long that took last time. It exits 1 when anything failed, when a test was skipped, or when a stage
// found no tests: what did not run proves nothing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	chosen, err := choose(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !runAll(ctx, prepared(chosen, exists)) {
		os.Exit(1)
	}
}

func choose(names []string) ([]stage, error) {
	if len(names) == 0 {
		return stages, nil
	}
	var chosen []stage
	for _, name := range names {
		found := false
		for _, s := range stages {
			if s.name == name {
				chosen = append(chosen, s)
				found = true
			}
		}
		if !found {
			var known []string
			for _, s := range stages {
				known = append(known, s.name)
			}
			return nil, fmt.Errorf("no stage is named %q: there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// runAll runs the stages in order and reports whether all is well. The later stages run also after a failure,
// unless they need the failed stage.
func runAll(ctx context.Context, chosen []stage) bool {
	known := loadDurations(durationsFile)
	announce(os.Stdout, chosen, known)
	var results []result
	for _, s := range chosen {
		fmt.Printf("\n== %s\n", s.name)
		began := time.Now()
		r := result{stage: s.name}
		if err := s.run(ctx, &r); err != nil {
			r.faults = append(r.faults, err.Error())
			fmt.Printf("   %v\n", err)
		}
		r.took = time.Since(began)
		results = append(results, r)
		known.add(r)
		if err := known.save(durationsFile); err != nil {
			fmt.Fprintln(os.Stderr, "testrun:", err)
		}
		if ctx.Err() != nil || (s.required && !r.ok()) {
			break
		}
	}
	for _, s := range chosen[len(results):] {
		results = append(results, result{stage: s.name, faults: []string{"not run"}})
	}
	return summarise(os.Stdout, results)
}
