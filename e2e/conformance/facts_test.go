package conformance

import (
	"os"
	"testing"
)

// TestFacts_EachIsShownByACase holds the list of facts and the cases against each other.
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
