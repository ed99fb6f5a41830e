package akuconf

import (
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"aku/internal/settings"
)

// schema is the part of the chart's schema that can hold limits.
type schema struct {
	Ref              string `json:"$ref"`
	Definitions      map[string]schema
	Properties       map[string]schema
	Minimum, Maximum *int64
	MaxLength        int
	Pattern          string
	Enum             []any
}

const chart = "../../charts/altibase"

func chartSchema(t *testing.T) schema {
	t.Helper()
	file, err := os.ReadFile(path.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(file, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestLimits_AreThoseOfTheChart(t *testing.T) {
	t.Parallel()
	root := chartSchema(t)
	compare := func(name string, l limits, of schema) {
		t.Helper()
		if of.Ref != "" {
			of = root.Definitions[path.Base(of.Ref)]
		}
		switch {
		case len(of.Enum) > 0:
			numbers := 0
			for _, one := range of.Enum {
				if n, ok := one.(float64); ok {
					numbers++
					if int64(n) < l.least || int64(n) > l.most {
						t.Errorf("%s: the chart takes %v, too", name, n)
					}
				}
			}
			if int64(numbers) != l.most-l.least+1 {
				t.Errorf("%s: %d to %d, and the chart takes %v", name, l.least, l.most, of.Enum)
			}
		case of.Minimum == nil || of.Maximum == nil:
			t.Errorf("%s: the chart has no limits for %s", name, l.value)
		case *of.Minimum != l.least || *of.Maximum != l.most:
			t.Errorf("%s: %d to %d, and the chart takes %d to %d", name, l.least, l.most, *of.Minimum, *of.Maximum)
		}
	}
	for name, l := range properties {
		if l.value == "" {
			continue
		}
		block, value, _ := strings.Cut(l.value, ".")
		compare(name, l, root.Properties[block].Properties[value])
	}
	block := root.Definitions["replication"]
	compare("SYNC_PARALLEL_COUNT", parallel, block.Properties[parallel.value])
	if prefix := block.Properties["namePrefix"]; prefix.MaxLength != settings.MaxPrefixBytes || prefix.Pattern != settings.PrefixForm.String() {
		t.Errorf("the chart's prefix is %+v", prefix)
	}
}

func TestNames_AreThoseOfTheChart(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(path.Join(chart, "templates", "_rules.tpl"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(rules), "{{- $name := `"+nameForm+"` }}") {
		t.Error("the chart takes other names")
	}
}
