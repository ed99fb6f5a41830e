package charts

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aku/internal/metrics/metricstest"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestHowTo_ValuesAreTakenByTheChart renders every piece of values that a page tells people to use.
func TestHowTo_ValuesAreTakenByTheChart(t *testing.T) {
	pages, err := filepath.Glob("../docs/how-to/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("%v: no pages", err)
	}
	plain := render(t, least, "replicaCount: 3").text
	for _, page := range pages {
		blocks := yamlBlock.FindAllStringSubmatch(readFile(t, page), -1)
		if len(blocks) == 0 {
			t.Errorf("%s names no values", page)
		}
		for _, block := range blocks {
			if render(t, least, "replicaCount: 3", block[1]).text == plain {
				t.Errorf("%s: nothing changes with\n%s", page, block[1])
			}
		}
		if lines := strings.Count(readFile(t, page), "\n"); lines > 60 {
			t.Errorf("%s has %d lines, more than a screen", page, lines)
		}
	}
}

func TestHowTo_MonitoringListsEveryMetric(t *testing.T) {
	page := readFile(t, "../docs/how-to/monitoring.md")
	for _, name := range metricstest.Names() {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("%s is not in the list", name)
		}
	}
}
