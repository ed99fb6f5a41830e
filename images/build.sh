#!/usr/bin/env bash
# build.sh [NAME…]: makes the image archives .build/images/NAME.tar of aku, altisim and e2e-client.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- aku altisim e2e-client

images/rootfs.sh "$@"
for name; do
  case $name in
    aku) config='{"Entrypoint":["/opt/aku/bin/aku-init"],"User":"65532:65532"}' ;;
    altisim) config='{"Entrypoint":["/usr/local/bin/altisim"]}' ;;
    e2e-client) config='{"Entrypoint":["/opt/aku/bin/client"],"User":"65532:65532"}' ;;
  esac
  images/mkimage.sh ".build/images/$name.tar" "docker.io/library/$name:dev" "$config" ".build/rootfs/$name"
  echo "$(du -m ".build/images/$name.tar" | cut -f1) MB  .build/images/$name.tar  docker.io/library/$name:dev"
done
