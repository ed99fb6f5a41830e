#!/usr/bin/env bash
# load.sh ARCHIVE…: imports image archives into the running cluster. It skips an archive that the cluster has.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

is_running "$state/node.pid" || { echo "the cluster is not up: make cluster-up" >&2; exit 1; }
mkdir -p "$state/loaded"
for archive; do
  name=$(basename "$archive")
  sum=$(sha256sum <"$archive")
  [ "$(cat "$state/loaded/$name" 2>/dev/null)" = "$sum" ] && continue
  log=$state/log/load-$name.log
  nsenter --target "$(pid_of "$state/node.pid")" --mount --net --pid \
    /mnt/bin/ctr --address /mnt/state/containerd.sock --namespace k8s.io images import --snapshotter overlayfs - <"$archive" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo "$sum" >"$state/loaded/$name"
  echo "image $name is in the cluster"
done
