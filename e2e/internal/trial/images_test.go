package trial

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImageNames_AreCutIntoTheChartsValues(t *testing.T) {
	tests := []struct{ image, registry, repository, tag, digest string }{
		{"aku", "", "aku", "", ""},
		{"library/aku:dev", "", "library/aku", "dev", ""},
		{"localhost/aku", "localhost", "aku", "", ""},
		{"docker.io/library/aku:dev", "docker.io", "library/aku", "dev", ""},
		{"localhost:5000/aku", "localhost:5000", "aku", "", ""},
		{"localhost:5000/aku:1.0", "localhost:5000", "aku", "1.0", ""},
		{"example.org/aku@sha256:ab", "example.org", "aku", "", "sha256:ab"},
		{"example.org/aku:1@sha256:ab", "example.org", "aku", "1", "sha256:ab"},
	}
	for _, test := range tests {
		want := Values{"registry": test.registry, "repository": test.repository, "tag": test.tag, "digest": test.digest}
		if diff := cmp.Diff(want, imageValues(test.image)); diff != "" {
			t.Errorf("%s: %s", test.image, diff)
		}
	}
}
