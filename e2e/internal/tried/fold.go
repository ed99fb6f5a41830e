package tried

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Load reads the list of runs in docs/tried.json.
func Load(file string) ([]Run, error) {
	var runs []Run
	return runs, decode(file, &runs)
}

// LoadFolder reads the runs that suites have written to a folder. It may be empty.
func LoadFolder(folder string) ([]Run, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(files))
	for i, file := range files {
		if err := decode(file, &runs[i]); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

func decode(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Fold keeps the newest run of each suite on each server, Kubernetes and Helm, passed or failed.
func Fold(runs ...Run) []Run {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(compare(a, b), b.Date.Compare(a.Date))
	})
	return slices.CompactFunc(runs, func(a, b Run) bool { return compare(a, b) == 0 })
}

// compare compares what was tried, not the outcome.
func compare(a, b Run) int {
	return cmp.Or(
		cmp.Compare(b.Suite, a.Suite), // end-to-end first
		cmp.Compare(a.Kubernetes, b.Kubernetes),
		cmp.Compare(a.Helm, b.Helm),
		cmp.Compare(a.Server, b.Server),
		cmp.Compare(a.Image, b.Image),
	)
}

// Encode is the text of docs/tried.json.
func Encode(runs []Run) ([]byte, error) {
	text, err := json.MarshalIndent(append([]Run{}, runs...), "", "  ") // [] instead of null when there are none
	return append(text, '\n'), err
}
