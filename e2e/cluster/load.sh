#!/usr/bin/env bash
# load.sh ARCHIVE…: imports image archives into the running cluster, all at the same time. It skips an archive that the cluster has.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

is_running "$state/node.pid" || { echo "the cluster is not up: make cluster-up" >&2; exit 1; }
mkdir -p "$state/loaded"

load() { # archive
  local name log sum
  name=$(basename "$1")
  log=$state/log/load-$name.log
  sum=$(sha256sum <"$1")
  if [ "$(cat "$state/loaded/$name" 2>/dev/null)" = "$sum" ]; then return; fi
  nsenter --target "$(pid_of "$state/node.pid")" --mount --net --pid \
    /mnt/bin/ctr --address /mnt/state/containerd.sock --namespace k8s.io images import --snapshotter overlayfs - <"$1" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
  echo "$sum" >"$state/loaded/$name"
  echo "image $name is in the cluster"
}

loads=()
for archive; do
  load "$archive" &
  loads+=($!)
done
failed=0
for one in "${loads[@]}"; do wait "$one" || failed=1; done
exit $failed
