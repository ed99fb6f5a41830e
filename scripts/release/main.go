// Release makes all files of a release from the newest commit, so that the same commit always gives the same bytes.
//
//	release -version X.Y.Z [-registry HOST/PATH] [-source https://…] [-out FOLDER] [-platform linux/amd64]
//
// The folder then holds the aku image as an OCI layout, the chart with that image's digest as its default, SBOMs (SPDX),
// a statement of provenance (in-toto, SLSA), the release notes, and SHA256SUMS of all of it. Nothing is sent anywhere;
// docs/release.md says how it is published.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	var o order
	flag.StringVar(&o.version, "version", "", "version of the release: the one of charts/altibase/Chart.yaml")
	flag.StringVar(&o.registry, "registry", "", "registry and path that the image will be pushed to, as the chart's default: HOST/PATH")
	flag.StringVar(&o.source, "source", "", "address of the source, as home and sources of the chart; none if not given")
	flag.StringVar(&o.platform, "platform", onlyPlatform, "platform of the image")
	flag.StringVar(&o.repository, "repository", ".", "checkout whose newest commit is released")
	flag.StringVar(&o.out, "out", "", "folder for the files; .build/release/VERSION of the checkout if not given")
	flag.Parse()
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// An order says what to release.
type order struct{ version, registry, source, platform, repository, out string }

const onlyPlatform = "linux/amd64"

func (o *order) check() error {
	if o.version == "" {
		return errors.New("no version: make release VERSION=x.y.z")
	}
	if o.platform != onlyPlatform {
		return fmt.Errorf("platform %s: Altibase's server and its ODBC driver, which aku loads from the server's image, are made for %s only", o.platform, onlyPlatform)
	}
	if o.source != "" && !strings.HasPrefix(o.source, "https://") {
		return fmt.Errorf("source %s: it must begin with https://, because catalogues show it as a link", o.source)
	}
	return nil
}

func run(ctx context.Context, o order) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join(o.repository, ".build/release", o.version)
	}
	work, err := os.MkdirTemp("", "aku-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	src, err := checkOut(ctx, o.repository, filepath.Join(work, "source"))
	if err != nil {
		return err
	}
	changes, err := src.changes(o.version)
	if err != nil {
		return err
	}
	if err := src.setVersion(o.version); err != nil {
		return err
	}
	if err := src.setSource(o.source); err != nil {
		return err
	}
	if err := os.RemoveAll(o.out); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	file := func(format string) string { return filepath.Join(o.out, fmt.Sprintf(format, o.version)) }

	fmt.Println("release: building aku")
	if err := src.run(ctx, "images/rootfs.sh", "aku"); err != nil {
		return err
	}
	contents, err := src.contents(ctx)
	if err != nil {
		return err
	}
	if err := contents.writeLicences(src.path("licences")); err != nil {
		return err
	}
	image, err := writeImage(src, o, file("aku-%s.oci"))
	if err != nil {
		return err
	}
	fmt.Println("release: packaging the chart")
	if err := src.setImage(o, image); err != nil {
		return err
	}
	if err := packageChart(ctx, src, o.out); err != nil {
		return err
	}
	if err := writeSBOMs(src, contents, image, file); err != nil {
		return err
	}
	if err := writeNotes(o, image, changes, file("NOTES-%s.md")); err != nil {
		return err
	}
	if err := writeProvenance(src, o, contents, image, file("provenance-%s.intoto.json")); err != nil {
		return err
	}
	if err := writeChecksums(o.out); err != nil {
		return err
	}
	fmt.Printf("release: %s of commit %s is in %s, the image is %s\n", o.version, src.commit[:12], o.out, image)
	return nil
}
