#!/usr/bin/env bash
# Checks every Go and shell file: gofmt, go vet, golangci-lint (.golangci.yml), shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

echo "gofmt"
unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { echo "not formatted, run gofmt -w on: $unformatted"; failed=1; }
echo "go vet"
go vet -tags integration,e2e,node,compatibility ./... || failed=1
go -C scripts/release vet ./... || failed=1
echo "golangci-lint"
scripts/tools/build.sh
export GOLANGCI_LINT_CACHE=$PWD/.build/golangci-lint
.build/bin/golangci-lint run ./... || failed=1
(cd scripts/release && ../../.build/bin/golangci-lint run ./...) || failed=1 # a module of its own
echo "shellcheck"
git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR || failed=1
exit $failed
