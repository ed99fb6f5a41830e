package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"helm.sh/helm/v4/pkg/chart/v2"
)

// An image is a chart's default image.
type image struct{ registry, repository, tag, digest string }

// imageOf reads the image from the chart, so that the pushed image is the one that will be pulled.
func imageOf(chart *v2.Chart) (image, error) {
	aku, _ := chart.Values["aku"].(map[string]any)
	values, _ := aku["image"].(map[string]any)
	text := func(key string) string { s, _ := values[key].(string); return s }
	i := image{registry: text("registry"), repository: text("repository"), tag: text("tag"), digest: text("digest")}
	if i.registry == "" || i.digest == "" {
		return image{}, errors.New("its chart names no registry or no digest of the image: make the release with REGISTRY=HOST/PATH")
	}
	return i, nil
}

func (i image) String() string { return i.registry + "/" + i.repository + "@" + i.digest }

// charts is the chart's repository, beside the image.
func (i image) charts() string {
	path := i.repository[:len(i.repository)-len("aku")]
	return i.registry + "/" + path + "charts"
}

// push pushes the image of that digest from an OCI layout.
func (i image) push(ctx context.Context, folder string) error {
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return err
	}
	digest, err := v1.NewHash(i.digest)
	if err != nil {
		return err
	}
	made, err := index.Image(digest)
	if err != nil {
		return fmt.Errorf("the chart's default image is not in %s: %w", folder, err)
	}
	tag, err := name.NewTag(i.registry + "/" + i.repository + ":" + i.tag)
	if err != nil {
		return err
	}
	return remote.Write(tag, made, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
}
