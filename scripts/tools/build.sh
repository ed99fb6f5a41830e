#!/usr/bin/env bash
# Builds the linter and helm-docs into .build/bin at the versions of the go.mod here: about a minute the first time.
set -euo pipefail
cd "$(dirname "$0")"
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w" -o ../../.build/bin/ \
  github.com/golangci/golangci-lint/v2/cmd/golangci-lint github.com/norwoodj/helm-docs/cmd/helm-docs
