// Publish pushes the image and the chart of a release to the registry that its chart names, and signs the chart.
//
//	publish -folder .build/release/X.Y.Z [-key FILE] [-plain-http]
//
// It prints a line for each of the two: "image REFERENCE@DIGEST" and "chart REFERENCE@DIGEST", which is what is signed then. With
// -key the chart gets a provenance file, which helm install --verify looks at; the first key of the file is taken, and
// SIGNING_PASSPHRASE opens it. Who may push is said by the file that docker login writes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

func main() {
	var o order
	flag.StringVar(&o.folder, "folder", "", "folder of the release: .build/release/X.Y.Z")
	flag.StringVar(&o.key, "key", "", "file with the private key (OpenPGP) that signs the chart; it is not signed if not given")
	flag.BoolVar(&o.plainHTTP, "plain-http", false, "the registry speaks HTTP, as one on loopback does")
	flag.Parse()
	o.passphrase = os.Getenv("SIGNING_PASSPHRASE")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

type order struct {
	folder, key, passphrase string
	plainHTTP               bool
}

func run(ctx context.Context, o order, out io.Writer) error {
	archive, chart, err := chartOf(o.folder)
	if err != nil {
		return err
	}
	image, err := imageOf(chart)
	if err != nil {
		return err
	}
	if o.key != "" {
		if err := sign(archive, chart, o.key, o.passphrase); err != nil {
			return fmt.Errorf("sign %s: %w", archive, err)
		}
	}
	if err := image.push(ctx, filepath.Join(o.folder, "aku-"+chart.Metadata.Version+".oci")); err != nil {
		return fmt.Errorf("push %s: %w", image, err)
	}
	fmt.Fprintln(out, "image", image)
	pushed, err := pushChart(archive, chart, image.charts(), o.plainHTTP)
	if err != nil {
		return fmt.Errorf("push %s: %w", archive, err)
	}
	fmt.Fprintln(out, "chart", pushed)
	return nil
}

// chartOf finds the chart of a release.
func chartOf(folder string) (archive string, chart *v2.Chart, err error) {
	found, err := filepath.Glob(filepath.Join(folder, "altibase-*.tgz"))
	if err != nil {
		return "", nil, err
	}
	if len(found) != 1 {
		return "", nil, fmt.Errorf("%q holds %d charts: give the folder that make release has made", folder, len(found))
	}
	chart, err = loader.Load(found[0])
	return found[0], chart, err
}
