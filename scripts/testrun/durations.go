package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// durationsFile holds how long the stages took when they last passed here.
const durationsFile = ".build/test/durations.json"

// durations are in seconds, by the stage's name.
type durations map[string]float64

// loadDurations returns nothing when the file is missing or cannot be read, because it only serves a
// forecast.
func loadDurations(file string) durations {
	known := durations{}
	if text, err := os.ReadFile(file); err != nil || json.Unmarshal(text, &known) != nil {
		return durations{}
	}
	return known
}

// add stores the durations of stages that passed. A stage that fails early would give too short a forecast.
func (d durations) add(results ...result) {
	for _, r := range results {
		if r.ok() {
			d[r.stage] = r.took.Seconds()
		}
	}
}

func (d durations) save(file string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, append(text, '\n'), 0o644))
}

// announce prints what will run, how long it took last time, and the command for each stage alone.
func announce(w io.Writer, chosen []stage, d durations) {
	var total time.Duration
	all := true
	fmt.Fprintf(w, "%-12s %10s  %-22s %s\n", "stage", "last time", "alone", "does")
	for _, s := range chosen {
		last := "-"
		seconds, known := d[s.name]
		if known {
			took := time.Duration(seconds * float64(time.Second))
			total += took
			last = short(took)
		}
		all = all && known
		fmt.Fprintf(w, "%-12s %10s  %-22s %s\n", s.name, last, s.alone(), s.does)
	}
	switch {
	case len(chosen) == 1:
	case all:
		fmt.Fprintf(w, "%-12s %10s\n", "all", short(total))
	case total > 0:
		fmt.Fprintf(w, "%-12s %10s  and what did not pass here before\n", "all", short(total))
	default:
		fmt.Fprintf(w, "Nothing passed here before. With empty caches all of it takes most of an hour on two processors.\n")
	}
}

// short is a duration for people: "8 s", "12 min".
func short(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}
