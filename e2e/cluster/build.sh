#!/usr/bin/env bash
# Builds the programs of the cluster from the two Go modules beside it: 20 s when the Go build cache knows them, nothing when
# they are there already. With empty caches it is 15 CPU minutes, measured beside other work on 2 cores. Nearly all of that
# is the compiling of 3000 packages, and half of it those that only Kubernetes' own programs have: a real kubelet and API server
# can do without few of them. The two modules name the same versions of what both need, so that it is compiled once.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

stamp=$bin/.built-from
want=$(cd "$scripts" && find build.sh modules -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && exit
echo "building the programs of the cluster: 15 CPU minutes the first time on a machine"
mkdir -p "$bin/cni"
rm -f "$stamp"
export CGO_ENABLED=0
# Both only save time: the compiler leaves garbage that its end would free, and writes down nothing for a debugger, which -s -w
# would cut off again. images/rootfs.sh and the demo do the same, so that they find the standard library compiled.
export GOGC=${GOGC:-400}
compiler=all=-dwarf=false

number=0
of=$(grep --count 'compile [a-z]* "' "$0")
compile() { # module "link flags" output package…
  local module=$1 flags=$2 out=$3
  shift 3
  echo "program $((++number)) of $of, after $SECONDS s: $*"
  (cd "$scripts/modules/$module" && go build -buildvcs=false -trimpath -gcflags $compiler -ldflags "-s -w $flags" -o "$out" "$@")
}
version() { (cd "$scripts/modules/$1" && go list -m -f '{{.Version}}' "$2"); }

# Without these kubelet and kubectl call themselves v0.0.0, which the API server does not accept.
kube=$(version kube k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${kube#v}"
kube_flags=
for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  kube_flags+=" -X $p.gitVersion=$kube -X $p.gitMajor=$major -X $p.gitMinor=$minor -X $p.gitTreeState=clean"
done
compile kube "$kube_flags" "$bin/kube" ./cmd/kube
for p in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
  ln -sf kube "$bin/$p"
done
compile kube "" "$bin/coredns" ./cmd/coredns
compile kube "" "$bin/etcd" go.etcd.io/etcd/server/v3
compile kube "-X helm.sh/helm/v4/internal/version.version=$(version kube helm.sh/helm/v4)" "$bin/helm" helm.sh/helm/v4/cmd/helm
compile kube "" "$bin/local-path-provisioner" github.com/rancher/local-path-provisioner

c=github.com/containerd/containerd/v2
compile runtime "-X $c/version.Version=$(version runtime $c)" "$bin/" $c/cmd/containerd $c/cmd/containerd-shim-runc-v2 $c/cmd/ctr
p=github.com/containernetworking/plugins/plugins
compile runtime "" "$bin/cni/" $p/main/bridge $p/main/loopback $p/ipam/host-local $p/meta/portmap
r=github.com/opencontainers/runc
CGO_ENABLED=1 GOFLAGS="${GOFLAGS:-} -tags=seccomp" compile runtime "-X main.version=$(version runtime $r)" "$bin/runc" $r
echo "$want" >"$stamp"
