#!/usr/bin/env bash
# with-cluster.sh COMMAND…: runs the command beside a Kubernetes cluster that holds our images and that of the server.
#   SERVER_IMAGE    image of the server under test, as a file with an image archive or by a name that docker or podman knows here;
#                   by default altisim
#   SERVER_VALUES   file of chart values for that image; without an image, altisim's
#   VENDOR=1        the image is one of Altibase's vendor: the default file is e2e/vendor-values.yaml
#   The cluster is this checkout's own. It is taken down afterwards when it was not up before, unless KEEP=1.
#   With DEMO_KUBECONFIG=FILE it is that cluster. Nothing is then started or ended, and the caller provides the images.
# The command finds KUBECONFIG and E2E_KUBECONFIG set, SERVER_IMAGE as a name, and kubectl and helm in PATH. docs/any-server.md
# says more.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd -P)
cluster=$repo/e2e/cluster

image=${SERVER_IMAGE:-$repo/.build/images/altisim.tar}
if [ "${VENDOR:-}" = 1 ]; then
  : "${SERVER_IMAGE:?VENDOR=1 wants SERVER_IMAGE, an image of Altibase that you have}"
  SERVER_VALUES=${SERVER_VALUES:-$repo/e2e/vendor-values.yaml}
fi
if [ -n "${SERVER_IMAGE:-}" ]; then
  : "${SERVER_VALUES:?with SERVER_IMAGE give SERVER_VALUES, a file of chart values that fit the image}"
fi
SERVER_VALUES=$(realpath --canonicalize-existing "${SERVER_VALUES:-$repo/e2e/altisim/server-values.yaml}")
export SERVER_VALUES

if [ -n "${DEMO_KUBECONFIG:-}" ]; then
  [ -n "${SERVER_IMAGE:-}" ] || export SERVER_IMAGE=docker.io/library/altisim:dev
  [ ! -f "$SERVER_IMAGE" ] ||
    { echo "SERVER_IMAGE is a file; the cluster of DEMO_KUBECONFIG takes images by name only" >&2; exit 1; }
  export KUBECONFIG=$DEMO_KUBECONFIG E2E_KUBECONFIG=$DEMO_KUBECONFIG PATH=$PATH:$repo/.build/cluster/bin
  exec "$@"
fi

# altisim's file is built below.
if [ ! -f "$image" ] && [ "$(realpath --canonicalize-missing "$image")" != "$repo/.build/images/altisim.tar" ]; then
  # The cluster has no registry.
  engine=$(command -v docker || command -v podman) ||
    { echo "SERVER_IMAGE is no file, and there is no docker or podman that could know $image: save the image to a file" >&2; exit 1; }
  mkdir -p "$repo/.build/images"
  "$engine" save --output "$repo/.build/images/server.tar" "$image" >&2
  image=$repo/.build/images/server.tar
fi

# Messages go to stderr, because stdout belongs to the command.
if [ "${KEEP:-}" != 1 ] && ! "$cluster/is-up.sh"; then
  trap '"$cluster/down.sh"' EXIT
  trap 'exit 130' INT TERM
fi
# The images are built while the node starts.
"$repo/images/build.sh" >&2 &
images=$!
"$cluster/up.sh" >&2 || { wait "$images" || true; exit 1; }
wait "$images"
"$cluster/load.sh" "$repo"/.build/images/{aku,altisim,e2e-client}.tar >&2
"$cluster/load.sh" "$image" >&2
SERVER_IMAGE=$(tar --extract --to-stdout --file "$image" manifest.json | jq --exit-status --raw-output '.[0].RepoTags[0]') ||
  { echo "$image holds no image with a name: make it with docker save NAME:TAG" >&2; exit 1; }
export SERVER_IMAGE
export KUBECONFIG=$repo/.build/cluster/state/kubeconfig PATH=$repo/.build/cluster/bin:$PATH
export E2E_KUBECONFIG=$KUBECONFIG
"$@"
