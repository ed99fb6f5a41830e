package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFacts_EachIsShownByACase compares the list of facts with the cases.
func TestFacts_EachIsShownByACase(t *testing.T) {
	facts, err := Facts(os.DirFS("."), "facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	files, err := Load(Cases())
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]int{}
	cases := 0
	for _, f := range files {
		for _, c := range f.Cases {
			cases++
			switch {
			case c.Unseen != "" && len(c.Shows) > 0:
				t.Errorf("%s.txt:%d %s is unseen and shows a fact", f.Name, c.Line, c.Name)
			case c.Unseen == "" && len(c.Shows) == 0:
				t.Errorf("%s.txt:%d %s shows no fact: say which (shows: NAME), or add it to facts.txt", f.Name, c.Line, c.Name)
			}
			for _, name := range c.Shows {
				shown[name]++
			}
		}
	}
	known := map[string]bool{}
	for _, fact := range facts {
		switch {
		case known[fact.Name]:
			t.Errorf("the fact %s is there twice", fact.Name)
		case fact.NotStated == "" && shown[fact.Name] == 0:
			t.Errorf("no case shows the fact %s: %s", fact.Name, fact.Text)
		case fact.NotStated != "" && shown[fact.Name] > 0:
			t.Errorf("the fact %s is shown, and said not to be stated: %s", fact.Name, fact.NotStated)
		}
		known[fact.Name] = true
	}
	for name := range shown {
		if !known[name] {
			t.Errorf("a case shows %s, which is no fact of facts.txt", name)
		}
	}
	t.Logf("%d cases show %d facts", cases, len(shown))
}

var (
	// A name, and whether the row says that no case states it.
	inQuotes = regexp.MustCompile("`([^`]+)`( \\(no case\\))?")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// surprising is the number of rows of the README's table. Fewer would hide what was learnt.
const surprising = 18

// TestReadme_NamesFactsAndTestsThatExist compares the README's table of surprising facts with the list of
// facts and the tests. Each row has a fact that a case states, and a test. A fact that no case states is
// marked.
func TestReadme_NamesFactsAndTestsThatExist(t *testing.T) {
	facts, err := Facts(os.DirFS("."), "facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	stated, tests := map[string]bool{}, map[string]bool{}
	for _, f := range facts {
		stated[f.Name] = f.NotStated == ""
	}
	for _, pattern := range []string{"../altisim/*_test.go", "../altisim/engine/*_test.go", "../integration/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range testFunc.FindAllStringSubmatch(string(text), -1) {
				tests[f[1]] = true
			}
		}
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Surprising behaviour")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		names := inQuotes.FindAllStringSubmatch(line, -1)
		if len(names) == 0 {
			continue // the head
		}
		facts, shown := 0, 0
		for _, name := range names {
			is, fact := stated[name[1]]
			switch marked := name[2] != ""; {
			case !fact && !tests[name[1]]:
				t.Errorf("%s is no fact and no test", name[1])
			case !fact:
				shown++
			case is == marked:
				t.Errorf("a case states %s: %t; the table says so (no case): %t", name[1], is, marked)
			case is:
				facts++
			}
		}
		if facts == 0 || shown == 0 {
			t.Errorf("the row has %d facts that a case states and %d tests: %s", facts, shown, line)
		}
		rows++
	}
	if rows < surprising {
		t.Errorf("the table has only %d rows that name something, want %d", rows, surprising)
	}
}
