package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rhysd/actionlint"
)

// mayWrite are the rights beyond reading that a job of a workflow needs, with the reason.
var mayWrite = map[string][]string{
	"release.yaml publish":  {"id-token", "packages"}, // keyless signatures; image and chart
	"release.yaml announce": {"contents"},             // the release's page
}

func TestWorkflows_AreSoundAndGiveNothingAway(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v: workflows %v", err, files)
	}
	unseen := maps.Clone(mayWrite)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faultsOf(t, filepath.Base(file), text) {
			t.Errorf("%s: %s", filepath.Base(file), fault)
		}
		maps.DeleteFunc(unseen, func(job string, _ []string) bool { return strings.HasPrefix(job, filepath.Base(file)+" ") })
	}
	for job := range unseen {
		t.Errorf("there is no %s", job)
	}
}

var (
	locked  = regexp.MustCompile(`^[^@]+:[^@]+@sha256:[0-9a-f]{64}$`)
	pinned  = regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`)
	version = regexp.MustCompile(`(?m)uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	uses    = regexp.MustCompile(`(?m)uses: `)
)

// faultsOf checks a workflow with actionlint, with shellcheck for its scripts, and with rules of our own.
func faultsOf(t *testing.T, file string, text []byte) (faults []string) {
	t.Helper()
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: "shellcheck"})
	if err != nil {
		t.Fatal(err)
	}
	found, err := linter.Lint(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		faults = append(faults, fmt.Sprintf("line %d: %s", f.Line, f.Message))
	}
	workflow, _ := actionlint.Parse(text)
	if workflow == nil {
		return append(faults, "cannot be read")
	}
	if len(uses.FindAll(text, -1)) != len(version.FindAll(text, -1)) {
		faults = append(faults, "an action without its version in a comment: `uses: NAME@DIGEST # vX.Y.Z`")
	}
	for _, event := range workflow.On {
		if name := event.EventName(); name == "pull_request_target" || name == "workflow_run" {
			faults = append(faults, name+" runs strangers' code with the rights of this repository")
		}
	}
	if workflow.Permissions == nil || len(written(workflow.Permissions)) > 0 {
		faults = append(faults, "the workflow itself gives rights: say `permissions: {}` or what is read")
	}
	for _, id := range slices.Sorted(maps.Keys(workflow.Jobs)) {
		for _, fault := range faultsOfJob(file, id, workflow.Jobs[id]) {
			faults = append(faults, "job "+id+": "+fault)
		}
	}
	return faults
}

func faultsOfJob(file, id string, job *actionlint.Job) (faults []string) {
	if got := written(job.Permissions); !slices.Equal(got, mayWrite[file+" "+id]) {
		faults = append(faults, fmt.Sprintf("may write %v, want %v", got, mayWrite[file+" "+id]))
	}
	if job.TimeoutMinutes == nil {
		faults = append(faults, "has no timeout-minutes")
	}
	if job.Container != nil && !locked.MatchString(job.Container.Image.Value) {
		faults = append(faults, "its image "+job.Container.Image.Value+" is not pinned: NAME:TAG@sha256:DIGEST")
	}
	for _, step := range job.Steps {
		switch exec := step.Exec.(type) {
		case *actionlint.ExecRun:
			// A name or branch that a stranger chooses would become part of the script. A variable is data.
			if strings.Contains(exec.Run.Value, "${{") {
				faults = append(faults, "an expression in a script: give it by env: "+strings.TrimSpace(exec.Run.Value))
			}
		case *actionlint.ExecAction:
			action := exec.Uses.Value
			if !pinned.MatchString(action) {
				faults = append(faults, action+" is not pinned by its digest")
			}
			input := func(name string) string {
				if i := exec.Inputs[name]; i != nil {
					return i.Value.Value
				}
				return ""
			}
			if strings.HasPrefix(action, "actions/checkout@") && input("persist-credentials") != "false" {
				faults = append(faults, "the checkout leaves the token in the folder: persist-credentials: false")
			}
			// What another run left in the cache must not get into a release.
			if strings.HasPrefix(action, "actions/setup-go@") && file == "release.yaml" && input("cache") != "false" {
				faults = append(faults, "a release from a cache: cache: false")
			}
		}
	}
	return faults
}

// written are the scopes with write access, or "everything".
func written(p *actionlint.Permissions) []string {
	var scopes []string
	if p == nil {
		return nil
	}
	if p.All != nil && p.All.Value != "read-all" {
		return []string{"everything"}
	}
	for name, scope := range p.Scopes {
		if scope.Value.Value == "write" {
			scopes = append(scopes, name)
		}
	}
	slices.Sort(scopes)
	return scopes
}

func TestWorkflows_WhatGivesSomethingAwayIsFound(t *testing.T) {
	const digest = "0123456789012345678901234567890123456789"
	good := `on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@` + digest + ` # v5.0.0
        with: {persist-credentials: false}
      - run: echo "$GITHUB_REF_NAME"
`
	if faults := faultsOf(t, "good.yaml", []byte(good)); len(faults) > 0 {
		t.Errorf("a sound workflow: %v", faults)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a tag":                    {digest + " # v5.0.0", "v5", "not pinned by its digest"},
		"a digest without version": {" # v5.0.0", "", "without its version in a comment"},
		"the token in the folder":  {"persist-credentials: false", "fetch-depth: 0", "leaves the token"},
		"rights for all jobs":      {"permissions: {}", "permissions: {contents: write}", "the workflow itself gives rights"},
		"default rights":           {"permissions: {}\n", "", "the workflow itself gives rights"},
		"rights for a job":         {"timeout-minutes: 5", "timeout-minutes: 5\n    permissions: {packages: write}", "may write [packages]"},
		"all rights for a job":     {"timeout-minutes: 5", "timeout-minutes: 5\n    permissions: write-all", "may write [everything]"},
		"an image by its tag":      {"timeout-minutes: 5", "timeout-minutes: 5\n    container: golang:1.26", "its image golang:1.26 is not pinned"},
		"no limit":                 {"    timeout-minutes: 5\n", "", "no timeout-minutes"},
		"an expression":            {`"$GITHUB_REF_NAME"`, "${{ github.ref_name }}", "an expression in a script"},
		"code of strangers":        {"on: push", "on: pull_request_target", "strangers' code"},
		"a fault of the shell":     {`"$GITHUB_REF_NAME"`, "$GITHUB_REF_NAME", "SC2086"},
		"an unknown key":           {"steps:", "step:", "unexpected key"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("there is no %s", c.old)
			}
			faults := faultsOf(t, "bad.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
			if !strings.Contains(strings.Join(faults, "\n"), c.want) {
				t.Errorf("want %s (-want +got):\n%s", c.want, cmp.Diff([]string{c.want}, faults))
			}
		})
	}
}

// TestDockerfiles_BuildInTheImageOfTheRelease checks that all places name the same image, because it is
// renewed by hand.
func TestDockerfiles_BuildInTheImageOfTheRelease(t *testing.T) {
	read := func(file string) []byte {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	workflow, _ := actionlint.Parse(read("../../.github/workflows/release.yaml"))
	want := "FROM " + workflow.Jobs["make"].Container.Image.Value + " AS build\n"
	files, err := filepath.Glob("../../images/*/Dockerfile")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v: %v", err, files)
	}
	for _, file := range files {
		if !strings.Contains(string(read(file)), want) {
			t.Errorf("%s has no %s", file, want)
		}
	}
}
