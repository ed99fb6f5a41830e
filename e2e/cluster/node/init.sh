#!/usr/bin/env bash
# The first process of the node, in namespaces of its own. It gives the node short fixed paths, a network
# that ends at itself, and then runs containerd, Kubernetes, DNS and storage side by side.
#   /mnt/state  the cluster's state folder      /mnt/bin  its programs      /mnt/node  this folder
set -euo pipefail
. "$(dirname "$0")/../settings.sh"

# --- Files. The folders are bound before anything covers the place where the checkout stands: it may be in /tmp.
mkdir -p "$state"/{top,cgroup,kubelet,log,tmp,volumes}
mount -t tmpfs tmpfs "$state/top"
mkdir "$state"/top/{state,bin,node,images}
mount --bind "$state" "$state/top/state"
mount --bind "$bin" "$state/top/bin"
mount --bind "$images" "$state/top/images"
mount --bind "$scripts/node" "$state/top/node"
mount --move "$state/top" /mnt
cd /mnt
mount --rbind /sys/fs/cgroup state/cgroup
mount -t sysfs sysfs /sys # shows the interfaces of this network namespace
mount --rbind state/cgroup /sys/fs/cgroup
umount --recursive --lazy state/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/lock /run/netns /var/lib/kubelet
mount --bind state/kubelet /var/lib/kubelet
mount --bind state/log /var/log
mount --bind state/tmp /tmp
chmod 1777 /tmp
hostname "$node"
: >state/resolv.conf
printf '127.0.0.1 localhost\n%s %s\n' "$node_ip" "$node" >state/hosts
mount --bind state/resolv.conf /etc/resolv.conf
mount --bind state/hosts /etc/hosts
mount --make-rshared /

# --- Network. A bridge without ports holds the node's address and the default route: unknown addresses go nowhere.
ip link set lo up
ip link add node0 type bridge
ip addr add "$node_ip/24" dev node0
ip link set node0 up
ip route add default dev node0
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true # only where the module is loaded

# --- Processes.
export PATH=/mnt/bin:$PATH
export KUBECONFIG=/mnt/state/admin.conf
run() { # name command…: starts it, and again whenever it ends
  local name=$1
  shift
  while :; do
    "$@" >>"/var/log/$name.log" 2>&1 || true
    echo "$(date +%T) $name ended" >>/var/log/node.log
    sleep 1
  done &
}
import_base_images() {
  wait_for containerd ctr --address /mnt/state/containerd.sock version
  for archive in images/*.tar; do
    ctr --address /mnt/state/containerd.sock --namespace k8s.io images import --snapshotter overlayfs "$archive"
  done
  touch state/base-images-imported
}
rm -f state/*.sock state/base-images-imported
pki=/mnt/state/pki

run containerd containerd --config node/containerd.toml
run etcd etcd --data-dir state/etcd --unsafe-no-fsync --log-level warn
run apiserver kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address "$node_ip" \
  --service-cluster-ip-range "$service_cidr" --allow-privileged \
  --tls-cert-file $pki/apiserver.crt --tls-private-key-file $pki/apiserver.key --client-ca-file $pki/ca.crt \
  --kubelet-client-certificate $pki/kubelet-client.crt --kubelet-client-key $pki/kubelet-client.key \
  --kubelet-preferred-address-types InternalIP --token-auth-file $pki/tokens.csv \
  --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --service-account-issuer https://kubernetes.default.svc.cluster.local \
  --service-account-key-file $pki/service-account.pub --service-account-signing-key-file $pki/service-account.key
run forward socat UNIX-LISTEN:/mnt/state/api.sock,fork,mode=600 TCP:127.0.0.1:6443
import_base_images >>/var/log/images.log 2>&1 &

wait_for "the API server" kubectl get --raw /readyz
run controller-manager kube-controller-manager --kubeconfig state/controller-manager.conf --leader-elect=false \
  --use-service-account-credentials --service-account-private-key-file $pki/service-account.key \
  --root-ca-file $pki/ca.crt --cluster-cidr "$pod_cidr" --service-cluster-ip-range "$service_cidr" \
  --flex-volume-plugin-dir /var/lib/kubelet/volume-plugins --kube-api-qps 300 --kube-api-burst 500
run scheduler kube-scheduler --kubeconfig state/scheduler.conf --leader-elect=false
run kubelet kubelet --config node/kubelet.yaml --cgroup-root "/$cgroup" --kubeconfig state/kubelet.conf \
  --hostname-override "$node" --node-ip "$node_ip"
run proxy kube-proxy --config node/kube-proxy.yaml
kubectl apply --server-side -f node/addons.yaml >>/var/log/node.log
run coredns coredns -conf node/Corefile
run local-path local-path-provisioner start --config node/local-path.json --namespace kube-system \
  --helper-image busybox:e2e --configmap-name local-path-config --service-account-name local-path --kubeconfig state/admin.conf
while :; do wait; sleep 1; done # also collects the processes that lose their parent
