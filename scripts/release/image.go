package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// An image is a written image.
type image struct {
	version string
	name    string // with registry and tag
	digest  v1.Hash
}

func (i image) String() string { return i.name + "@" + i.digest.String() }

// writeImage writes the OCI layout of the aku image: the output of images/rootfs.sh, and the licences of its
// content.
func writeImage(s *source, o order, folder string) (image, error) {
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	made = mutate.ConfigMediaType(made, types.OCIConfigJSON)
	config, err := made.ConfigFile()
	if err != nil {
		return image{}, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, _ = strings.Cut(o.platform, "/")
	config.Created = v1.Time{Time: s.when}
	config.Config = v1.Config{
		Entrypoint: []string{"/opt/aku/bin/aku-init"},
		User:       "65532:65532",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "aku",
			"org.opencontainers.image.version":  o.version,
			"org.opencontainers.image.revision": s.commit,
			"org.opencontainers.image.licenses": "Apache-2.0 AND LGPL-2.1-or-later",
		},
	}
	if made, err = mutate.ConfigFile(made, config); err != nil {
		return image{}, err
	}
	for _, part := range []struct{ from, to, what string }{
		{s.path(".build/rootfs/aku"), ".", "aku and its libraries"},
		{s.path("licences"), "licences", "licences"},
	} {
		packed, err := pack(part.from, part.to, s.when)
		if err != nil {
			return image{}, err
		}
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil },
			tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return image{}, err
		}
		made, err = mutate.Append(made, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: s.when}, Comment: part.what}})
		if err != nil {
			return image{}, err
		}
	}
	index, err := layout.Write(folder, empty.Index)
	if err != nil {
		return image{}, err
	}
	if err := index.AppendImage(made, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": o.version})); err != nil {
		return image{}, err
	}
	digest, err := made.Digest()
	name := fmt.Sprintf("aku:%s", o.version)
	if o.registry != "" {
		name = o.registry + "/" + name
	}
	return image{version: o.version, name: name, digest: digest}, err
}

// pack archives a folder without the packer's name, time and umask.
func pack(folder, to string, when time.Time) ([]byte, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		if name = path.Join(to, filepath.ToSlash(name)); name == "." {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		link := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if link, err = os.Readlink(file); err != nil {
				return err
			}
		}
		header, err := tar.FileInfoHeader(info, link)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		switch {
		case info.Mode()&fs.ModeSticky != 0:
			mode = 0o1777
		case info.IsDir() || info.Mode()&0o100 != 0:
			mode = 0o755
		}
		*header = tar.Header{Typeflag: header.Typeflag, Name: name, Linkname: link, Size: header.Size, Mode: mode, ModTime: when}
		if info.IsDir() {
			header.Name += "/"
		}
		if err := writer.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = writer.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return packed.Bytes(), writer.Close()
}
