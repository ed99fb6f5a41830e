package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLicences_OfEveryModuleAreKnownAndPermitted checks everything that programs, tests and tools are built
// from, in each go.mod of the repository.
func TestLicences_OfEveryModuleAreKnownAndPermitted(t *testing.T) {
	files, err := output(t.Context(), "../..", "git", "ls-files", "*go.mod")
	if err != nil {
		t.Fatal(err)
	}
	unseen := map[string]bool{}
	for module := range stated {
		unseen[module] = true
	}
	for file := range strings.Lines(files) {
		folder := filepath.Dir(strings.TrimSpace(file))
		permitted := inTests
		if folder == "scripts/tools" {
			permitted = inTools
		}
		modules, err := modulesOf(t.Context(), filepath.Join("../..", folder))
		if err != nil {
			t.Fatal(err)
		}
		if len(modules) < 10 {
			t.Errorf("%s is built from %d modules only", folder, len(modules))
		}
		for module, dir := range modules {
			_, licence, err := termsOf(module, dir)
			if err == nil {
				err = permit(licence, permitted)
			}
			if err != nil {
				t.Errorf("%s is built from %s: %v", folder, module, err)
			}
			delete(unseen, module)
		}
		t.Logf("%s: %d modules", folder, len(modules))
	}
	for module := range unseen {
		t.Errorf("licences.go states the terms of %s, which nothing is built from", module)
	}
}

// modulesOf are the modules, and their folders, from which the packages of a folder, their tests and the
// tools of its go.mod are built.
func modulesOf(ctx context.Context, folder string) (map[string]string, error) {
	modules := map[string]string{}
	var lost []string // packages without a module
	// -e: a package that does not build on this platform is in no program.
	list := []string{"list", "-e", "-deps", "-tags", "integration,e2e,node,seccomp", "-f", "{{if not .Standard}}{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{else}}{{.ImportPath}} -{{end}}{{end}}"}
	for _, of := range [][]string{{"-test", "./..."}, {"tool"}} {
		lines, err := output(ctx, folder, "go", append(list, of...)...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(lines) {
			module, dir, found := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case dir == "-":
				lost = append(lost, module)
			case found:
				modules[module] = dir
			}
		}
	}
	for _, p := range lost {
		// Two spellings import one module. Go lists it under one of them.
		known := func(module string) bool { return strings.HasPrefix(strings.ToLower(p), strings.ToLower(module)) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(modules)), known) {
			return nil, fmt.Errorf("%s: the module of package %s cannot be found", folder, p)
		}
	}
	return modules, nil
}

func TestLicences_OthersAreRefusedWhereTheyWouldBeShipped(t *testing.T) {
	for _, c := range []struct {
		licence string
		where   []string
		refused string
	}{
		{"MIT AND BSD-3-Clause", inImage, ""},
		{"MPL-2.0", inTests, ""},
		{"GPL-3.0", inTools, ""},
		{"MIT AND MPL-2.0", inImage, "MPL-2.0 is not permitted"},
		{"GPL-3.0", inTests, "GPL-3.0 is not permitted"},
		{"AGPL-3.0", inTools, "AGPL-3.0 is not permitted"},
		{"", inTools, " is not permitted"},
	} {
		err := permit(c.licence, c.where)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%q: %v, want %q", c.licence, err, c.refused)
		}
	}
}
