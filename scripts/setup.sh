#!/usr/bin/env bash
# Makes a Debian 12 machine with Go ready for everything the Makefile does: packages, the linter, the cluster's programs.
# Each step is left out when it is done already. Only the packages need root.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  gcc libc6-dev unixodbc-dev odbc-postgresql unixodbc        # aku is a C-linked ODBC program; the tests' driver and isql
  libseccomp-dev pkgconf                                     # runc
  busybox-static iproute2 mount nftables openssl procps socat util-linux # the cluster's node
  jq shellcheck yamllint                                     # image archives, lint
)
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

echo "setup: Go modules"
go mod download
echo "setup: linter and helm-docs"
scripts/tools/build.sh
echo "setup: programs of the test cluster"
e2e/cluster/build.sh

echo "setup: prometheus and promtool"
scripts/tools/prometheus.sh
