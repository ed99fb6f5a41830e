#!/usr/bin/env bash
# bench.sh [FLAG…]: builds the aku image and measures what aku costs (e2e/bench). QUICK=1 measures a little of everything.
# With SERVER_IMAGE and SERVER_VALUES it measures what can be measured on pods of that image (e2e/bench/onserver).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${SERVER_IMAGE:-}" ]; then
  exec scripts/with-cluster.sh go run ./e2e/bench/onserver ${QUICK:+-quick} "$@"
fi
images/build.sh aku
mkdir -p .build/bin
go build -buildvcs=false -o .build/bin/bench ./e2e/bench
exec .build/bin/bench ${QUICK:+-quick} "$@"
