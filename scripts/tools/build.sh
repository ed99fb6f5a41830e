#!/usr/bin/env bash
# Builds the linter into .build/bin at the version of the go.mod here: about a minute the first time.
set -euo pipefail
cd "$(dirname "$0")"
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w" -o ../../.build/bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
