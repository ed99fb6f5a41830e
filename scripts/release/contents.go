package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A part is something of others in the image: a Go module in the programs, or a package of the distribution
// whose libraries are beside them.
type part struct {
	name, version, licence string
	url                    string   // package URL
	texts                  []string // files with the licence
	files                  []string // in the bundle; empty for a Go module
	programs               []string // that contain the Go module
}

// contents is everything in the image, in a fixed order.
type contents []part

func (s *source) contents(ctx context.Context) (contents, error) {
	modules, err := s.modules(ctx)
	if err != nil {
		return nil, err
	}
	packages, err := s.packages(ctx)
	return append(modules, packages...), err
}

var programs = []string{"aku-init", "aku-prestop"}

func (s *source) bundle(name string) string {
	return s.path(filepath.Join(".build/rootfs/aku/opt/aku", name))
}

// modules are the Go modules that the programs name, and the standard library.
func (s *source) modules(ctx context.Context) (contents, error) {
	in := map[string][]string{} // path@version → programs
	for _, program := range programs {
		info, err := buildinfo.ReadFile(s.bundle("bin/" + program))
		if err != nil {
			return nil, err
		}
		for _, module := range info.Deps {
			in[module.Path+"@"+module.Version] = append(in[module.Path+"@"+module.Version], program)
		}
	}
	version, err := output(ctx, s.folder, "go", "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	root, err := output(ctx, s.folder, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	version = strings.TrimPrefix(version, "go")
	licence := filepath.Join(root, "LICENSE")
	found, err := licenceOf(licence)
	if err != nil {
		return nil, err
	}
	parts := contents{{name: "std", version: version, licence: found, url: "pkg:golang/std@" + version, texts: []string{licence}, programs: programs}}
	for _, module := range slices.Sorted(maps.Keys(in)) {
		name, version, _ := strings.Cut(module, "@")
		listed, err := output(ctx, s.folder, "go", "list", "-m", "-json", name)
		if err != nil {
			return nil, err
		}
		var where struct{ Dir string }
		if err := json.Unmarshal([]byte(listed), &where); err != nil {
			return nil, err
		}
		texts, licence, err := termsOf(name, where.Dir)
		if err == nil {
			err = permit(licence, inImage)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", module, err)
		}
		parts = append(parts, part{name: name, version: version, licence: licence, url: "pkg:golang/" + module, texts: texts, programs: in[module]})
	}
	return parts, nil
}

// terms are the licences of the libraries as their authors state them. The distribution's texts cover whole
// source packages.
var terms = map[string]string{
	"glibc":    "LGPL-2.1-or-later",
	"unixodbc": "LGPL-2.1-or-later",
	"libtool":  "LGPL-2.0-or-later",
}

// packages are the distribution's packages of the libraries. Each file must be unchanged.
func (s *source) packages(ctx context.Context) (contents, error) {
	found := map[string]*part{}
	err := filepath.WalkDir(s.bundle("lib"), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == "gconv-modules" { // the list of the four modules
			return err
		}
		owner, err := ownerOf(ctx, file)
		if err != nil {
			return err
		}
		fields, err := output(ctx, "", "dpkg-query", "--show", "--showformat", "${Version}\t${Architecture}\t${source:Package}\t${source:Version}", owner)
		if err != nil {
			return err
		}
		f := strings.Split(fields, "\t")
		licence := terms[f[2]]
		if licence == "" {
			return fmt.Errorf("%s is from %s, whose terms are not known here: add them to contents.go", entry.Name(), f[2])
		}
		name, _, _ := strings.Cut(owner, ":")
		if found[name] == nil {
			found[name] = &part{
				name: name, version: f[0], licence: licence,
				url:   fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&upstream=%s%%40%s", name, strings.ReplaceAll(f[0], "+", "%2B"), f[1], f[2], strings.ReplaceAll(f[3], "+", "%2B")),
				texts: []string{"/usr/share/doc/" + name + "/copyright", "/usr/share/common-licenses/" + map[bool]string{true: "LGPL-2.1", false: "LGPL-2"}[strings.Contains(licence, "2.1")]},
			}
		}
		inBundle, err := filepath.Rel(s.bundle(""), file)
		found[name].files = append(found[name].files, filepath.ToSlash(inBundle))
		return err
	})
	if err != nil {
		return nil, err
	}
	var parts contents
	for _, name := range slices.Sorted(maps.Keys(found)) {
		parts = append(parts, *found[name])
	}
	return parts, nil
}

// ownerOf is the package with a file of that name and content.
func ownerOf(ctx context.Context, file string) (string, error) {
	want, err := sha256Of(file)
	if err != nil {
		return "", err
	}
	lines, err := output(ctx, "", "dpkg-query", "--search", "*/"+filepath.Base(file))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(lines) {
		owner, candidate, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if sum, err := sha256Of(candidate); err == nil && sum == want {
			return owner, nil
		}
	}
	return "", fmt.Errorf("no installed package has %s with the content that the bundle has", filepath.Base(file))
}

// writeLicences writes the licence texts of every part to a folder of its name.
func (c contents) writeLicences(folder string) error {
	for _, p := range c {
		for _, text := range p.texts {
			content, err := os.ReadFile(text)
			if err != nil {
				return err
			}
			file := filepath.Join(folder, filepath.FromSlash(p.name), filepath.Base(text))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
