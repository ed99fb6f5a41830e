package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // storage in memory
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestRelease_IsFetchedFromARegistryByDigest pushes image and chart to a registry on loopback, as a publisher
// does. It fetches both as a user does: the chart by its version, the image by the name in that chart.
func TestRelease_IsFetchedFromARegistryByDigest(t *testing.T) {
	app := handlers.NewApp(t.Context(), &configuration.Configuration{Storage: configuration.Storage{"inmemory": configuration.Parameters{}}})
	server := httptest.NewServer(app)
	defer server.Close()
	registry := strings.TrimPrefix(server.URL, "http://") + "/team"
	o, out := released(t, registry)

	printed, err := output(t.Context(), "", "go", "run", "./publish", "-folder", out, "-plain-http")
	if err != nil {
		t.Fatal(err)
	}
	_, digest, found := strings.Cut(strings.Split(printed, "\n")[0], "image "+registry+"/aku@")
	if !found {
		t.Fatalf("publish printed %s", printed)
	}
	charts, pulled := "oci://"+registry+"/charts", t.TempDir()
	helm(t, "pull", charts+"/altibase", "--version", o.version, "--plain-http", "--destination", pulled)
	chart := filepath.Join(pulled, "altibase-"+o.version+".tgz")

	rendered := helm(t, "template", "altibase", chart, "--set", "auth.existingSecret=s,aku.replications[0].namePrefix=R,aku.replications[0].tables[0]=SYS.T1")
	want := registry + "/aku:" + o.version + "@" + digest
	if !strings.Contains(rendered, want) {
		t.Fatalf("the chart does not run %s by default:\n%s", want, rendered)
	}
	reference, err := name.ParseReference(registry + "/aku@" + digest)
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := remote.Image(reference)
	if err != nil {
		t.Fatal(err)
	}
	config, err := fetched.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != "amd64" || config.Config.Labels["org.opencontainers.image.version"] != o.version {
		t.Errorf("fetched an image of %s with %v", config.Architecture, config.Config.Labels)
	}
	layers, err := fetched.Layers()
	if err != nil || len(layers) != 2 {
		t.Errorf("%d layers, want aku and the licences: %v", len(layers), err)
	}
}

// helm runs Helm 4 with a home of its own.
func helm(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("../../.build/cluster/bin/helm", args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("helm %s: %v (without helm: run scripts/setup.sh)\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return string(out)
}
