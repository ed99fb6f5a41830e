#!/usr/bin/env bash
# forward.sh PORT SOCKET: lets the node's programs reach a service of this machine, although the node's network has no link to it: a
# connection to 127.0.0.1:PORT there reaches the SOCKET in the file system. Prints "forwarding" when it listens. Ctrl-C ends it.
set -euo pipefail
. "$(dirname "$0")/settings.sh"
port=${1:?} socket=${2:?}

is_running "$state/node.pid" || { echo "the cluster is not up: make cluster-up" >&2; exit 1; }
in_node=(nsenter --target "$(pid_of "$state/node.pid")" --net)
"${in_node[@]}" socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "UNIX-CONNECT:$socket" &
forwarder=$!
trap 'kill $forwarder' EXIT
trap 'exit 0' INT TERM
is_listening() { "${in_node[@]}" ss -Hltn "src 127.0.0.1:$port" | grep -q .; }
wait_for "a listener on the node's port $port" eval "! kill -0 $forwarder || is_listening"
kill -0 "$forwarder"
echo forwarding
wait "$forwarder"
