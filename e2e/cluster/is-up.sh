#!/usr/bin/env bash
# Succeeds when the cluster of this checkout is up.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
is_running "$state/node.pid"
