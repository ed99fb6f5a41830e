package charts

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"aku/internal/akuconf"
)

// TestImportedValues_AreTakenByTheChart renders the chart with what every form of
// aku.conf becomes, and has aku read the result.
func TestImportedValues_AreTakenByTheChart(t *testing.T) {
	files, err := filepath.Glob("../internal/akuconf/testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			conf, err := akuconf.Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			r := render(t, "aku: {image: {registry: example.org}}", conf.Values())
			variables := environment(t, r.container(t, "aku"))
			mesh := acceptedBy(t, variables).Mesh()
			if len(mesh.Blocks) != len(conf.Replications) {
				t.Fatalf("%d replications became %d", len(conf.Replications), len(mesh.Blocks))
			}
			for i, g := range mesh.Blocks {
				if len(g.Tables) != len(conf.Replications[i].Tables) {
					t.Errorf("tables %q became %v", conf.Replications[i].Tables, g.Tables)
				}
			}
			for _, name := range []string{"AKU_PORT_NO", "AKU_REPLICATION_PORT_NO", "AKU_SERVER_COUNT", "AKU_QUERY_TIMEOUT", "AKU_QUERY_RETRY_COUNT",
				"AKU_QUERY_RETRY_DELAY_MSEC", "AKU_ADDRESS_CHECK_COUNT", "AKU_DELAY_START_COMPLETE_TIME", "AKU_REPLICATION_RESET_AT_END",
				"AKU_FLUSH_AT_START", "AKU_FLUSH_AT_END", "AKU_FLUSH_TIMEOUT_AT_START"} {
				want, set := conf.Properties[name]
				if !set {
					continue
				}
				n, err := strconv.Atoi(want.Value)
				if got := variables[name]; err != nil || got != strconv.Itoa(n) {
					t.Errorf("%s = %s became %q", name, want.Value, got)
				}
			}
		})
	}
}
