#!/usr/bin/env bash
# Ends the cluster of this checkout and removes what it wrote. With --keep its disk stays, and the next
# up.sh is a reboot of the same node.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

# The first process of a pid namespace takes every process, mount and interface of the node with it.
for f in "$state/forward.pid" "$state/node.pid"; do
  if is_running "$f"; then
    kill -KILL "$(pid_of "$f")"
    wait_for "the end of process $(pid_of "$f")" eval "! is_running '$f'"
  fi
done
for root in $(cgroup_roots); do
  if [ -d "$root/$cgroup" ]; then
    wait_for "an empty $root/$cgroup" eval "find '$root/$cgroup' -depth -type d -exec rmdir {} + ; [ ! -d '$root/$cgroup' ]"
  fi
done
[ "${1:-}" = --keep ] || rm -rf "$state"
