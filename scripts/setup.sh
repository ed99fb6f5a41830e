#!/usr/bin/env bash
# setup.sh [demo]: prepares a Debian 12 machine with Go for everything in the Makefile: packages, the linter, the cluster's programs.
# With demo it prepares the demo alone: no linters, helm-docs, chart-testing and Prometheus. It skips what is done already. Only the
# packages need root.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-everything}
case $what in demo | everything) ;; *) echo "usage: setup.sh [demo]" >&2 && exit 2 ;; esac

packages=(
  gcc libc6-dev unixodbc-dev odbc-postgresql unixodbc        # aku is a C-linked ODBC program; the tests' driver and isql
  libseccomp-dev pkgconf                                     # runc
  busybox-static iproute2 mount nftables openssl procps socat util-linux # the cluster's node
  jq                                                         # image archives
)
[ "$what" = demo ] || packages+=(shellcheck yamllint)
missing=()
for p in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  [ "$(id -u)" = 0 ] || { echo "setup: run it as root, or install these packages first" >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >/tmp/aku-setup.$$ 2>&1 ||
    { cat /tmp/aku-setup.$$ >&2; rm -f /tmp/aku-setup.$$; exit 1; }
  rm -f /tmp/aku-setup.$$
fi

go=$(go env GOVERSION 2>/dev/null) || go=none
printf 'go1.26\n%s\n' "$go" | sort --version-sort --check=quiet ||
  { echo "setup: Go 1.26 or later is needed, found $go: see https://go.dev/dl" >&2; exit 1; }

# Go names each module that it downloads, hundreds of them.
quietly() { "$@" 2> >(grep --invert-match '^go: downloading ' >&2); }

if [ "$what" = demo ]; then
  echo "setup 1/3: Go modules of aku, the stand-in server and the demo"
  quietly go list -deps ./cmd/... ./e2e/altisim ./e2e/client ./e2e/demo >/dev/null
  echo "setup 2/3, after $SECONDS s: programs of the test cluster"
  quietly e2e/cluster/build.sh
  echo "setup 3/3, after $SECONDS s: the demo"
  GOGC=400 CGO_ENABLED=0 go build -buildvcs=false -trimpath -gcflags all=-dwarf=false -o .build/bin/demo ./e2e/demo
  exit
fi
echo "setup 1/4: Go modules"
quietly go mod download
echo "setup 2/4, after $SECONDS s: linter and helm-docs"
quietly scripts/tools/build.sh
echo "setup 3/4, after $SECONDS s: programs of the test cluster, and chart-testing"
quietly e2e/cluster/build.sh
quietly scripts/tools/chart-testing.sh
echo "setup 4/4, after $SECONDS s: prometheus and promtool"
scripts/tools/prometheus.sh
