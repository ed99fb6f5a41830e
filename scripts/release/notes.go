package main

import (
	"fmt"
	"os"
)

// writeNotes writes what is new, and how to install and check the release.
func writeNotes(o order, image image, changes, file string) error {
	chart, pushed := fmt.Sprintf("altibase-%s.tgz", o.version), "The chart's default image is in no registry yet: push it, and name that registry by `aku.image.registry` and `aku.image.repository`."
	if o.registry != "" {
		chart = fmt.Sprintf("oci://%s/charts/altibase --version %s", o.registry, o.version)
		pushed = fmt.Sprintf("The chart's default image is `%s`.", image)
	}
	return os.WriteFile(file, fmt.Appendf(nil, `# altibase %s

%s

## Install

`+"```sh"+`
helm install altibase %s -f my-values.yaml
`+"```"+`

%s

`+"`sha256sum --check SHA256SUMS`"+` checks all files of the release. The SBOMs (`+"`*.spdx.json`"+`) name what is in programs and image, with licences; `+
		"`provenance-*.intoto.json`"+` says what it was built from. The image is for `+onlyPlatform+` only, as Altibase's server and driver are.
`, o.version, changes, chart, pushed), 0o644)
}
