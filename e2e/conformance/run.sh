#!/usr/bin/env bash
# Runs the cases against the servers that the environment names (see README.md), or against stand-ins.
set -euo pipefail
for file in SERVER_IMAGE SERVER_VALUES; do
  if [ -f "${!file:-}" ]; then export "$file=$(realpath "${!file}")"; fi
done
cd "$(dirname "$0")"
if [ -n "${SERVER_IMAGE:-}" ] && [ -z "${SERVERS:-}" ]; then
  exec ../../scripts/with-cluster.sh go run ./onpods ${KIND:+"-kind=$KIND"} ${CASES:+"-cases=$CASES"}
fi
args=()
for name in SERVERS DRIVER QUOTE SYSDBA EXTRA KILL RESTART ANEW COPY PUTBACK SCALE KIND; do
  [ -z "${!name:-}" ] || args+=("-${name,,}=${!name}")
done
# One file after the other: the files share the three servers. PASSWORD stays in the environment.
exec go test -tags integration -count=1 -v -timeout=2h -run "^Test(Unseen|Conformance)_/${CASES:-}" . -args "${args[@]}"
