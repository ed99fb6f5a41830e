#!/usr/bin/env bash
# with-cluster.sh COMMAND…: runs the command beside a Kubernetes cluster that holds our images.
#   The cluster is this checkout's own. One that was not up before is taken down afterwards, unless KEEP=1.
#   With DEMO_KUBECONFIG=FILE it is that cluster; images are then the caller's business, and nothing is started or ended.
# The command finds KUBECONFIG and E2E_KUBECONFIG set, and kubectl and helm in PATH.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd -P)
cluster=$repo/e2e/cluster

if [ -n "${DEMO_KUBECONFIG:-}" ]; then
  export KUBECONFIG=$DEMO_KUBECONFIG E2E_KUBECONFIG=$DEMO_KUBECONFIG PATH=$PATH:$repo/.build/cluster/bin
  exec "$@"
fi

# Messages go to stderr: stdout is the command's.
if [ "${KEEP:-}" != 1 ] && ! "$cluster/is-up.sh"; then
  trap '"$cluster/down.sh"' EXIT
  trap 'exit 130' INT TERM
fi
"$repo/images/build.sh" >&2
"$cluster/up.sh" >&2
"$cluster/load.sh" "$repo"/.build/images/{aku,altisim,altisim-client}.tar >&2
export KUBECONFIG=$repo/.build/cluster/state/kubeconfig PATH=$repo/.build/cluster/bin:$PATH
export E2E_KUBECONFIG=$KUBECONFIG
"$@"
