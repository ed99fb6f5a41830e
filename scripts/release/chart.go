package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/chart/v2/util"
)

const chartFolder = "charts/altibase"

// changes is the section of the chart's changelog for a version.
func (s *source) changes(version string) (string, error) {
	text, err := os.ReadFile(s.path(chartFolder + "/CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	_, section, found := strings.Cut(string(text), "\n## "+version+"\n")
	if !found {
		return "", fmt.Errorf("%s/CHANGELOG.md has no heading %q: say there what is new, and commit it", chartFolder, "## "+version)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return strings.TrimSpace(section), nil
}

// setVersion makes the chart's version also aku's, and removes the mark of a development version, which a
// checkout's chart carries.
func (s *source) setVersion(version string) error {
	file := chartFolder + "/Chart.yaml"
	text, err := os.ReadFile(s.path(file))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), "\nversion: "+version+"\n") {
		return fmt.Errorf("%s has another version than %s: change it there, and commit it", file, version)
	}
	if err := s.edit(file, `(?m)^  # A release takes this line out\..*\n  development: "true"\n`, ""); err != nil {
		return err
	}
	return s.edit(file, `(?m)^appVersion: .*$`, `appVersion: "`+version+`"`)
}

// setSource adds the address of the source, which catalogues show. A checkout has no address.
func (s *source) setSource(address string) error {
	if address == "" {
		return nil
	}
	return s.edit(chartFolder+"/Chart.yaml", `(?m)^maintainers:$`, fmt.Sprintf("home: %[1]q\nsources:\n  - %[1]q\nmaintainers:", address))
}

// setImage makes the image of the release the chart's default.
func (s *source) setImage(o order, image image) error {
	host, path, _ := strings.Cut(o.registry, "/")
	repository := strings.TrimPrefix(path+"/aku", "/")
	values := chartFolder + "/values.yaml"
	for _, set := range [][2]string{{"registry", host}, {"repository", repository}, {"tag", o.version}, {"digest", image.digest.String()}} {
		// The block of aku.image is the only one at the second level.
		key := fmt.Sprintf(`(?m)(\n  image:\n(?:    .*\n)*?    %s: ).*$`, set[0])
		if err := s.edit(values, key, fmt.Sprintf("${1}%q", set[1])); err != nil {
			return err
		}
	}
	return s.edit(chartFolder+"/Chart.yaml", `(?m)^(  artifacthub.io/images: \|\n)`,
		fmt.Sprintf("${1}    - name: aku\n      image: %s\n", image))
}

// edit changes the one place of a file that a pattern matches.
func (s *source) edit(file, pattern, with string) error {
	text, err := os.ReadFile(s.path(file))
	if err != nil {
		return err
	}
	place := regexp.MustCompile(pattern)
	if found := len(place.FindAllIndex(text, -1)); found != 1 {
		return fmt.Errorf("%s has %d places like %s, want 1", file, found, pattern)
	}
	return os.WriteFile(s.path(file), place.ReplaceAll(text, []byte(with)), 0o644)
}

// packageChart writes the chart's archive, with a README that has the release's defaults.
func packageChart(ctx context.Context, s *source, out string) error {
	program := s.path("helm-docs")
	if _, err := output(ctx, s.path("scripts/tools"), "go", "build", "-o", program, "github.com/norwoodj/helm-docs/cmd/helm-docs"); err != nil {
		return err
	}
	if _, err := output(ctx, s.folder, program, "--chart-search-root="+chartFolder, "--sort-values-order=file", "--log-level=warning"); err != nil {
		return err
	}
	folder := s.path(chartFolder)
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, s.when, s.when) // helm puts the time into the archive
	})
	if err != nil {
		return err
	}
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return err
	}
	_, err = util.Save(chart, out)
	return err
}
