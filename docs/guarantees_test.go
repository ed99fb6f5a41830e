package docs

import (
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"aku/internal/settings"
)

var (
	testName = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	folder   = regexp.MustCompile("`((?:[a-z0-9]+/)*[a-z0-9]+)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestGuarantees_NameTestsThatExist looks for each test of the page in one of the packages that its line names.
func TestGuarantees_NameTestsThatExist(t *testing.T) {
	found := map[string]bool{} // package + name
	folders := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() != ".." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))
			folders[pkg] = true
			for _, f := range testFunc.FindAllStringSubmatch(read(t, path), -1) {
				found[pkg+" "+f[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for line := range strings.Lines(read(t, "guarantees.md")) {
		var packages []string
		for _, p := range folder.FindAllStringSubmatch(line, -1) {
			if folders[p[1]] {
				packages = append(packages, p[1])
			}
		}
		for _, name := range testName.FindAllStringSubmatch(line, -1) {
			named++
			exists := false
			for _, p := range packages {
				exists = exists || found[p+" "+name[1]]
			}
			if !exists {
				t.Errorf("%s is in none of the packages %v that its line names", name[1], packages)
			}
		}
	}
	if named < 20 {
		t.Errorf("the page names only %d tests", named)
	}
}

// TestGuarantees_NameEveryVariable finds the variable that was added without a word about how it is tested.
func TestGuarantees_NameEveryVariable(t *testing.T) {
	page := read(t, "guarantees.md")
	of := reflect.TypeFor[settings.Settings]()
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("env"), ",")
		if name != "" && !regexp.MustCompile(`(?m)^\|.*\b`+name+`\b.*\|.*Test`).MatchString(page) {
			t.Errorf("no row of the page says which test shows what %s does", name)
		}
	}
}
