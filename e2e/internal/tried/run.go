// Package tried keeps what the suites were run on, and what came of it. Each run writes a file of its own; `make tried` folds them
// into docs/tried.json, and makes of that the page docs/proof.md and the table of the chart's README.
package tried

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"aku/e2e/internal/checkout"
)

// The suites whose runs are kept.
const (
	EndToEnd    = "end-to-end"
	Conformance = "conformance"
)

// VersionStatement asks a server for its version. No real server was asked yet; the run of one that refuses it is not kept.
const VersionStatement = "SELECT PRODUCT_VERSION FROM V$VERSION"

// A Run is one run of a whole suite.
type Run struct {
	Suite      string    `json:"suite"`
	Server     string    `json:"server"`               // its version, as it says itself
	Image      string    `json:"image,omitempty"`      // of the server; "" when it ran outside of pods
	Kubernetes string    `json:"kubernetes,omitempty"` // as the API server says it; "" without a cluster
	Helm       string    `json:"helm,omitempty"`
	Passed     int       `json:"passed"`
	Failed     int       `json:"failed"`
	Faults     *Faults   `json:"faults,omitempty"`
	Date       time.Time `json:"date"`
	Commit     string    `json:"commit,omitempty"` // "" outside of a checkout
}

// Faults are those that were made to happen under writers.
type Faults struct {
	Begun    int `json:"begun"`
	Survived int `json:"survived"` // every acknowledged row was found on every pod afterwards
	Written  int `json:"written"`  // changes that were acknowledged around those that were survived
}

// StandIn tells whether the server was the stand-in. It is the server's own word that counts: an image can have any name.
func (r Run) StandIn() bool { return strings.Contains(r.Server, "altisim") }

// Mark begins the line in which a suite that runs in a pod prints its run as JSON, for the program outside.
const Mark = "tried: "

// Folder is where runs are written, in the checkout at top.
func Folder(top string) string { return filepath.Join(top, ".build/tried") }

// Write adds date and commit, and writes the run to a file of its own below the checkout of the working folder.
func (r Run) Write() error {
	if r.Server == "" {
		return errors.New("the run is not kept: no server has said its version")
	}
	top, err := checkout.Top()
	if err != nil {
		return fmt.Errorf("the run is not kept: %w", err)
	}
	r.Date = time.Now().UTC().Truncate(time.Second)
	// Without git, or in an unpacked archive, there is no commit to name.
	if commit, err := exec.Command("git", "-C", top, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12").Output(); err == nil {
		r.Commit = strings.TrimSpace(string(commit))
	}
	return r.writeTo(Folder(top))
}

func (r Run) writeTo(folder string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, r.Suite+"-"+r.Date.Format("20060102T150405Z")+".json"), append(text, '\n'), 0o644)
}
