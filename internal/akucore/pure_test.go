package akucore

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules do nothing: no package of ours, no I/O, no goroutine, no clock.
func TestRules_ImportNothingThatActs(t *testing.T) {
	allowed := []string{"cmp", "errors", "fmt", "slices", "strconv", "strings", "time"}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if path, err := strconv.Unquote(i.Path.Value); err != nil || !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", file.Name(), i.Path.Value)
			}
		}
		for _, clock := range []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "go func"} {
			if strings.Contains(string(text), clock) {
				t.Errorf("%s has %s", file.Name(), clock)
			}
		}
	}
}
