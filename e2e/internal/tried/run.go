// Package tried records the runs of the suites: what they ran on, and the outcome. Each run writes a file.
// `make tried` folds these files into docs/tried.json, and makes the page docs/proof.md and the table of the
// chart's README from it.
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

// The recorded suites.
const (
	EndToEnd    = "end-to-end"
	Conformance = "conformance"
)

// VersionStatement asks a server for its version. It has not run on a real server yet. The run of a server
// that refuses it is not recorded.
const VersionStatement = "SELECT PRODUCT_VERSION FROM V$VERSION"

// A Run is one run of a whole suite.
type Run struct {
	Suite      string    `json:"suite"`
	Server     string    `json:"server"`               // its version, by its own word
	Image      string    `json:"image,omitempty"`      // of the server; "" when it ran outside of pods
	Kubernetes string    `json:"kubernetes,omitempty"` // by the API server's word; "" without a cluster
	Helm       string    `json:"helm,omitempty"`
	Passed     int       `json:"passed"`
	Failed     int       `json:"failed"`
	Faults     *Faults   `json:"faults,omitempty"`
	Date       time.Time `json:"date"`
	Commit     string    `json:"commit,omitempty"` // "" outside of a checkout
}

// Faults are the faults that were caused under writers.
type Faults struct {
	Begun    int `json:"begun"`
	Survived int `json:"survived"` // afterwards, every acknowledged row was on every pod
	Written  int `json:"written"`  // changes acknowledged around the survived faults
}

// StandIn tells whether the server was the stand-in. The server's own word counts, because an image can have
// any name.
func (r Run) StandIn() bool { return strings.Contains(r.Server, "altisim") }

// Mark begins the line in which a suite in a pod prints its run as JSON for the program outside.
const Mark = "tried: "

// Folder is the folder of runs in the checkout at top.
func Folder(top string) string { return filepath.Join(top, ".build/tried") }

// Write adds date and commit, and writes the run to a file of its own in the checkout of the working folder.
func (r Run) Write() error {
	if r.Server == "" {
		return errors.New("the run is not recorded: no server gave its version")
	}
	top, err := checkout.Top()
	if err != nil {
		return fmt.Errorf("the run is not recorded: %w", err)
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
