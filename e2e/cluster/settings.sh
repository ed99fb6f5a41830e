# shellcheck shell=bash disable=SC2034 # the scripts that source this use the names
# Where the cluster keeps its things, and what tells it from the cluster of another checkout.
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
scripts=$repo/e2e/cluster
build=$repo/.build/cluster
bin=$build/bin       # the programs, made by build.sh
images=$build/images # images every cluster needs, made by base-images.sh
state=$build/state   # all that a running cluster writes; down.sh removes it
kubeconfig=$state/kubeconfig

node=node1
node_ip=10.89.0.1 # on a bridge inside the node's own network namespace
pod_cidr=10.244.0.0/24
service_cidr=10.96.0.0/16

# The network is private to each node, the control groups and the port on loopback are not.
checkout=$(printf %s "$repo" | sha256sum | cut -c1-8)
cgroup=aku-e2e-$checkout
first_port=$((26000 + 16#$checkout % 4000))

# A pid file holds "pid start-time", so that a number used again is not taken for our process.
start_time() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }
remember() { echo "$2 $(start_time "$2")" >"$1"; }
is_running() { # pid-file
  local pid start
  [ -f "$1" ] && read -r pid start <"$1" && [ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ]
}
pid_of() { cut -d' ' -f1 "$1"; }

# The control group hierarchies: one folder each with version 1, the top folder alone with version 2.
cgroup_roots() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
  else
    dirname /sys/fs/cgroup/*/cgroup.procs
  fi
}

# Waits for a command to succeed, up to five minutes: on a busy machine a node takes more than one to start.
wait_for() { # what command…
  local what=$1 deadline=$((SECONDS + 300))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      echo "$what did not come within five minutes" >&2
      return 1
    fi
    sleep 0.1
  done
}
