#!/usr/bin/env bash
# Starts the one-node cluster of this checkout, building what is missing. Does nothing when it is up.
# The node is one process tree in its own mount, network, pid, ipc and uts namespaces (node/init.sh is its
# first process). Only a port on loopback leads to it from outside.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

mkdir -p "$build"
exec 9>"$build/lock" && flock 9 # what stays running is started with 9>&-
"$scripts/build.sh"
"$scripts/base-images.sh"
if is_running "$state/node.pid"; then
  echo "cluster is up: export KUBECONFIG=$kubeconfig"
  exit
fi
began=$SECONDS
give_up() {
  echo "the cluster did not start; the end of $state/log/node.log:" >&2
  tail -n 5 "$state/log/node.log" >&2 || true
  "$scripts/down.sh" --keep
  exit 1
}
trap give_up ERR INT TERM
mkdir -p "$state/log"
[ -f "$state/pki/ca.crt" ] || "$scripts/keys.sh"

# The pods' control group. Version 1 leaves a new group of processors empty, and then nothing can join it.
for root in $(cgroup_roots); do
  mkdir -p "$root/$cgroup"
  for f in cpuset.cpus cpuset.mems; do
    if [ -f "$root/$f" ]; then cat "$root/$f" >"$root/$cgroup/$f"; fi
  done
done

setsid unshare --mount --net --pid --ipc --uts --fork --kill-child=KILL --mount-proc --propagation private \
  "$scripts/node/init.sh" >"$state/log/node.log" 2>&1 </dev/null 9>&- &
parent=$!
wait_for "the node's first process" eval "! kill -0 $parent || pgrep -P $parent"
first=$(pgrep -P $parent)
remember "$state/node.pid" "$first"

# A socket in the file system crosses network namespaces; its name is relative, because it must be short.
port=$first_port
is_forwarding() { ss -Hltnp "src 127.0.0.1:$port" | grep -q "pid=$(pid_of "$state/forward.pid"),"; }
until
  (cd "$state" && exec setsid socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" UNIX-CONNECT:api.sock) \
    >>"$state/log/forward.log" 2>&1 </dev/null 9>&- &
  remember "$state/forward.pid" $!
  wait_for "a listener on port $port" eval "! is_running '$state/forward.pid' || is_forwarding" && is_running "$state/forward.pid"
do port=$((port + 1)); done
sed "s/:6443/:$port/" "$state/admin.conf" >"$kubeconfig"

export KUBECONFIG=$kubeconfig PATH=$bin:$PATH
node_is_ready() {
  local ready='{.status.conditions[?(@.type=="Ready")].status}'
  [ "$(kubectl get node "$node" -o jsonpath="$ready")" = True ] &&
    kubectl get serviceaccount default && [ -f "$state/base-images-imported" ]
}
wait_for "a ready node" eval "! is_running '$state/node.pid' || node_is_ready"
is_running "$state/node.pid"
echo "cluster is up after $((SECONDS - began)) s: export KUBECONFIG=$kubeconfig"
