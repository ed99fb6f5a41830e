#!/usr/bin/env bash
# Builds ct (chart-testing), which scripts/ct.sh runs, at the version of the cluster's Go module, and puts it beside its helm.
set -euo pipefail
cd "$(dirname "$0")/../../e2e/cluster/modules/kube"
module=github.com/helm/chart-testing/v3
version=$(go list -m -f '{{.Version}}' $module)
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w -X $module/ct/cmd.Version=$version" \
  -o ../../../../.build/cluster/bin/ct $module/ct
