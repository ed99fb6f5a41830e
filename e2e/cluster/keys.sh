#!/usr/bin/env bash
# One authority, the API server's certificate, the service-account key, and a kubeconfig
# with a token for each component and for the administrator.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

umask 077
mkdir -p "$state/pki"
cd "$state/pki"
days=3650
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
new_certificate() { # name subject extensions
  new_key "$1.key"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -out "$1.crt" -extfile <(echo "$3") 2>/dev/null
}
new_key ca.key
openssl req -x509 -new -key ca.key -subj /CN=aku-e2e -days $days -out ca.crt
new_key service-account.key
openssl pkey -in service-account.key -pubout -out service-account.pub
names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
new_certificate apiserver /CN=kube-apiserver "extendedKeyUsage=serverAuth
subjectAltName=$names,IP:127.0.0.1,IP:$node_ip,IP:10.96.0.1"
new_certificate kubelet-client /O=system:masters/CN=kubelet-client extendedKeyUsage=clientAuth

cd ..
kubeconfig_for() { # file user groups
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2,$3" >>pki/tokens.csv
  cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 pki/ca.crt)}}]
users: [{name: user, user: {token: $token}}]
contexts: [{name: e2e, context: {cluster: e2e, user: user}}]
current-context: e2e
EOF
}
kubeconfig_for admin.conf admin system:masters
kubeconfig_for controller-manager.conf system:kube-controller-manager ""
kubeconfig_for scheduler.conf system:kube-scheduler ""
kubeconfig_for proxy.conf system:kube-proxy ""
kubeconfig_for coredns.conf system:coredns ""
kubeconfig_for kubelet.conf "system:node:$node" system:nodes
