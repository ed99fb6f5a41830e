#!/usr/bin/env bash
# Runs the cases against the servers that the environment names (see README.md), or against stand-ins.
set -euo pipefail
cd "$(dirname "$0")"
args=()
for name in SERVERS DRIVER QUOTE SYSDBA EXTRA KILL RESTART ANEW COPY PUTBACK SCALE; do
  [ -z "${!name:-}" ] || args+=("-${name,,}=${!name}")
done
# One file after the other: the files share the three servers. PASSWORD stays in the environment.
exec go test -tags integration -count=1 -v -timeout=2h -run "^Test(Unseen|Conformance)\$/${CASES:-}" . -args "${args[@]}"
