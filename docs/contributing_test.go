package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inCode = regexp.MustCompile("`([^`\n]+)`")
	target = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)`)
)

// TestContributing_NamesWhatIsThere looks for each file, folder, test and make target that the page names.
func TestContributing_NamesWhatIsThere(t *testing.T) {
	page, makefile := read(t, "../CONTRIBUTING.md"), read(t, "../Makefile")
	named := 0
	for _, words := range inCode.FindAllStringSubmatch(page, -1) {
		for word := range strings.FieldsSeq(words[1]) {
			top, _, isPath := strings.Cut(strings.TrimPrefix(word, "./"), "/")
			if _, err := os.Stat(filepath.Join("..", top)); !isPath || err != nil && !strings.Contains(word, ".") {
				continue
			}
			named++
			if strings.HasPrefix(word, ".build/") {
				continue // made by make setup
			}
			if _, err := os.Stat(filepath.Join("..", word)); err != nil {
				t.Errorf("%s is not there", word)
			}
		}
	}
	for _, made := range target.FindAllStringSubmatch(page, -1) {
		named++
		if !strings.Contains(makefile, "\n"+made[1]+":") {
			t.Errorf("make has no target %s", made[1])
		}
	}
	if named < 30 {
		t.Errorf("only %d things are named", named)
	}
}
