package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestProvenance_SaysAllThatMakeReleaseWasGiven(t *testing.T) {
	const commit, address = "0123456789abcdef0123456789abcdef01234567", "https://example.org/aku"
	out := t.TempDir()
	image := image{name: "example.org/aku:1.2.3", digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}}
	o := order{version: "1.2.3", registry: "example.org", source: address, platform: "linux/amd64"}
	if err := writeProvenance(&source{commit: commit}, o, nil, image, filepath.Join(out, "provenance.json")); err != nil {
		t.Fatal(err)
	}
	type material struct {
		Name, URI string
		Digest    map[string]string
	}
	var got struct {
		Predicate struct {
			BuildDefinition struct {
				ExternalParameters   map[string]string
				ResolvedDependencies []material
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, out, "provenance.json")), &got); err != nil {
		t.Fatal(err)
	}
	made := got.Predicate.BuildDefinition
	want := map[string]string{"version": "1.2.3", "registry": "example.org", "platform": "linux/amd64", "source": address}
	if diff := cmp.Diff(want, made.ExternalParameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	from := []material{{"source", address, map[string]string{"gitCommit": commit}}}
	if diff := cmp.Diff(from, made.ResolvedDependencies); diff != "" {
		t.Errorf("made from (-want +got):\n%s", diff)
	}
}
