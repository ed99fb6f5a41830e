// Command tried folds the runs in .build/tried into docs/tried.json, and makes docs/proof.md and the table of
// the chart's README from it. `make tried` runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"aku/e2e/internal/tried"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "tried:", err)
		os.Exit(1)
	}
}

func run(top string) error {
	list := filepath.Join(top, "docs/tried.json")
	kept, err := tried.Load(list)
	if err != nil {
		return err
	}
	added, err := tried.LoadFolder(tried.Folder(top))
	if err != nil {
		return err
	}
	runs := tried.Fold(append(kept, added...)...)
	text, err := tried.Encode(runs)
	if err != nil {
		return err
	}
	pages, err := pages(top, runs)
	if err != nil {
		return err
	}
	pages["docs/tried.json"] = string(text)
	for file, text := range pages {
		if err := os.WriteFile(filepath.Join(top, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages are the texts made from the runs, by their file.
func pages(top string, runs []tried.Run) (map[string]string, error) {
	pages := map[string]string{"docs/proof.md": tried.Proof(runs)}
	// helm-docs would also make the README from the template, and keeps the table.
	for _, file := range []string{"charts/altibase/README.md.gotmpl", "charts/altibase/README.md"} {
		page, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			return nil, err
		}
		if pages[file], err = tried.PutMatrix(string(page), runs); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return pages, nil
}
