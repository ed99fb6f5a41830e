package charts

import (
	"regexp"
	"strings"
	"testing"
)

// TestChangelog_TheNewestVersionSaysFirstWhatItIsAboutAndWhatToDo: these are the notes of a release, too.
func TestChangelog_TheNewestVersionSaysFirstWhatItIsAboutAndWhatToDo(t *testing.T) {
	_, newest, _ := strings.Cut(readFile(t, "altibase/CHANGELOG.md"), "\n## ")
	newest, _, _ = strings.Cut(newest, "\n## ")
	_, said, _ := strings.Cut(newest, "\n\n")
	about, rest, found := strings.Cut(said, "\n\n**To do at the upgrade**\n\n")
	if !found || len(about) < 100 || strings.HasPrefix(about, "*") {
		t.Errorf("it is about %q", about)
	}
	todo, list, found := strings.Cut(rest, "\n\n**What is new**\n\n")
	if !found || !regexp.MustCompile(`^(1\. |Nothing\.)`).MatchString(todo) {
		t.Errorf("what to do is %q", todo)
	}
	for line := range strings.Lines(list) {
		if ok := regexp.MustCompile(`^(\* (Added|Changed|Fixed|Removed): |  \S|\n)`).MatchString(line); !ok {
			t.Errorf("neither added, changed, fixed nor removed: %s", line)
		}
	}
}
