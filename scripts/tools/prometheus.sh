#!/usr/bin/env bash
# Unpacks the distribution's prometheus and promtool to .build/prometheus/bin. Installing the package would start a service.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ ! -x .build/prometheus/bin/promtool ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; }) >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
dpkg -x "$work"/prometheus_*.deb "$work/root"
mkdir -p .build/prometheus/bin
cp "$work"/root/usr/bin/{prometheus,promtool} .build/prometheus/bin/
