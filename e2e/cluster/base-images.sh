#!/usr/bin/env bash
# The two images that every cluster needs: pause (from the Kubernetes module) and busybox (Debian's static one).
set -euo pipefail
. "$(dirname "$0")/settings.sh"

[ "$images/busybox.tar" -nt "$0" ] && [ "$images/pause.tar" -nt "$0" ] && exit
rm -rf "$images" && mkdir -p "$images"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir "$root/pause"
kubernetes=$(cd "$scripts/modules/kube" && go list -m -f '{{.Dir}}' k8s.io/kubernetes)
gcc -Os -static -s -DVERSION=e2e -o "$root/pause/pause" "$kubernetes/build/pause/linux/pause.c"
"$repo/images/mkimage.sh" "$images/pause.tar" docker.io/library/pause:e2e \
  '{"Entrypoint":["/pause"],"User":"65535:65535"}' "$root/pause"

mkdir -p "$root/busybox/"{bin,etc,tmp}
chmod 1777 "$root/busybox/tmp"
cp "$(command -v busybox)" "$root/busybox/bin/busybox"
for applet in $(busybox --list | grep -vx busybox); do ln -s busybox "$root/busybox/bin/$applet"; done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/busybox/etc/passwd"
"$repo/images/mkimage.sh" "$images/busybox.tar" docker.io/library/busybox:e2e \
  '{"Cmd":["sh"],"Env":["PATH=/bin"]}' "$root/busybox"
