#!/usr/bin/env bash
# bench.sh [FLAG…]: builds the aku image and measures what aku costs (e2e/bench). QUICK=1 measures a little of everything.
set -euo pipefail
cd "$(dirname "$0")/.."

images/build.sh aku
mkdir -p .build/bin
go build -buildvcs=false -o .build/bin/bench ./e2e/bench
exec .build/bin/bench ${QUICK:+-quick} "$@"
