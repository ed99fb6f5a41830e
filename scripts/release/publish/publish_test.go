package main

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // storage in memory
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/util"
	"sigs.k8s.io/yaml"
)

// newRegistry starts a registry on loopback, and returns HOST/PATH.
func newRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(handlers.NewApp(t.Context(), &configuration.Configuration{Storage: configuration.Storage{"inmemory": configuration.Parameters{}}}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team"
}

// newRelease is a folder with a chart and its image, both as small as possible.
func newRelease(t *testing.T, registry string) (folder, digest string) {
	t.Helper()
	folder = t.TempDir()
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	index, err := layout.Write(filepath.Join(folder, "aku-1.2.3.oci"), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := index.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	hash, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	host, path, _ := strings.Cut(registry, "/")
	values := map[string]any{"registry": host, "repository": strings.TrimPrefix(path+"/aku", "/"), "tag": "1.2.3", "digest": hash.String()}
	chart := &v2.Chart{
		Metadata: &v2.Metadata{APIVersion: v2.APIVersionV2, Name: "altibase", Version: "1.2.3"},
		Values:   map[string]any{"aku": map[string]any{"image": values}},
	}
	valuesYAML, err := yaml.Marshal(chart.Values)
	if err != nil {
		t.Fatal(err)
	}
	chart.Raw = []*common.File{{Name: util.ValuesfileName, Data: valuesYAML}}
	if _, err := util.Save(chart, folder); err != nil {
		t.Fatal(err)
	}
	return folder, hash.String()
}

func TestPublish_PushesTheImageThatTheChartNames_AndSignsTheChart(t *testing.T) {
	registry := newRegistry(t)
	folder, digest := newRelease(t, registry)
	private, public := newKey(t, "open sesame")
	var said strings.Builder
	if err := run(t.Context(), order{folder: folder, key: private, passphrase: "open sesame", plainHTTP: true}, &said); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(said.String(), "\n")
	if want := "image " + registry + "/aku@" + digest; lines[0] != want {
		t.Errorf("printed %q, want %q", lines[0], want)
	}
	charts := registry + "/charts/altibase"
	pushed, err := remote.Get(reference(t, charts+":1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "chart " + charts + "@" + pushed.Digest.String(); lines[1] != want {
		t.Errorf("printed %q, want %q", lines[1], want)
	}
	for _, name := range []string{registry + "/aku@" + digest, registry + "/aku:1.2.3"} {
		if found, err := remote.Get(reference(t, name)); err != nil || found.Digest.String() != digest {
			t.Errorf("%s: %v", name, err)
		}
	}
	pulled := t.TempDir()
	if out, err := helm(t, "pull", "oci://"+charts, "--version=1.2.3", "--plain-http", "--verify", "--keyring="+public, "--destination="+pulled); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	_, strangers := newKey(t, "")
	if out, err := helm(t, "pull", "oci://"+charts, "--version=1.2.3", "--plain-http", "--verify", "--keyring="+strangers, "--destination="+t.TempDir()); err == nil {
		t.Errorf("another's key verifies it:\n%s", out)
	}
	same, err := os.ReadFile(filepath.Join(folder, "altibase-1.2.3.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := os.ReadFile(filepath.Join(pulled, "altibase-1.2.3.tgz"))
	if err != nil || !cmp.Equal(same, fetched) {
		t.Errorf("what is pulled is not what was pushed: %v", err)
	}
}

func TestPublish_WhatCannotBePublishedIsRefused(t *testing.T) {
	registry := newRegistry(t)
	private, public := newKey(t, "open sesame")
	good, _ := newRelease(t, registry)
	nowhere, _ := newRelease(t, "")
	without, _ := newRelease(t, registry)
	if err := os.RemoveAll(filepath.Join(without, "aku-1.2.3.oci", "blobs")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		order order
		want  string
	}{
		"no release":            {order{folder: t.TempDir()}, "give the folder that make release has made"},
		"no registry":           {order{folder: nowhere}, "make the release with REGISTRY=HOST/PATH"},
		"no image":              {order{folder: without}, "push " + registry + "/aku@sha256:"},
		"another passphrase":    {order{folder: good, key: private, passphrase: "sesame"}, "sign " + good},
		"a key that only looks": {order{folder: good, key: public}, "not a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			c.order.plainHTTP = true
			var said strings.Builder
			if err := run(t.Context(), c.order, &said); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if said.Len() > 0 {
				t.Errorf("something was pushed: %s", &said)
			}
		})
	}
}

func reference(t *testing.T, text string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newKey makes a key and writes its two halves to files.
func newKey(t *testing.T, passphrase string) (private, public string) {
	t.Helper()
	entity, err := openpgp.NewEntity("test", "", "test@localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := entity.EncryptPrivateKeys([]byte(passphrase), nil); err != nil {
			t.Fatal(err)
		}
	}
	save := func(kind string, serialize func(io.Writer) error) string {
		var text bytes.Buffer
		armored, err := armor.Encode(&text, kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(serialize(armored), armored.Close()); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "key.asc")
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	private = save(openpgp.PrivateKeyType, func(w io.Writer) error { return entity.SerializePrivateWithoutSigning(w, nil) })
	return private, save(openpgp.PublicKeyType, entity.Serialize)
}

// helm runs Helm 4 with a home of its own.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	command := exec.Command("../../../.build/cluster/bin/helm", args...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=")
	out, err := command.CombinedOutput()
	return string(out), err
}
