package main

import (
	"errors"
	"os"
	"path/filepath"

	"helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/provenance"
	"helm.sh/helm/v4/pkg/registry"
	"sigs.k8s.io/yaml"
)

// sign writes the provenance file beside the chart's archive, like helm package --sign.
func sign(archive string, chart *v2.Chart, key, passphrase string) error {
	signatory, err := provenance.NewFromKeyring(key, "")
	if err != nil {
		return err
	}
	if len(signatory.KeyRing) == 0 {
		return errors.New("there is no key in the file of -key")
	}
	signatory.Entity = signatory.KeyRing[0]
	if err := signatory.DecryptKey(func(string) ([]byte, error) { return []byte(passphrase), nil }); err != nil {
		return err
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	metadata, err := yaml.Marshal(chart.Metadata)
	if err != nil {
		return err
	}
	signed, err := signatory.ClearSign(content, filepath.Base(archive), metadata)
	if err != nil {
		return err
	}
	return os.WriteFile(archive+".prov", []byte(signed), 0o644)
}

// pushChart pushes the archive, with its provenance file if there is one, and returns its name with its
// digest.
func pushChart(archive string, chart *v2.Chart, to string, plainHTTP bool) (string, error) {
	content, err := os.ReadFile(archive)
	if err != nil {
		return "", err
	}
	var client []registry.ClientOption
	if plainHTTP {
		client = append(client, registry.ClientOptPlainHTTP())
	}
	var push []registry.PushOption
	switch signed, err := os.ReadFile(archive + ".prov"); {
	case err == nil:
		push = append(push, registry.PushOptProvData(signed))
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	c, err := registry.NewClient(client...)
	if err != nil {
		return "", err
	}
	reference := to + "/" + chart.Metadata.Name
	pushed, err := c.Push(content, reference+":"+chart.Metadata.Version, push...)
	if err != nil {
		return "", err
	}
	return reference + "@" + pushed.Manifest.Digest, nil
}
