#!/usr/bin/env bash
# rootfs.sh NAME…: makes .build/rootfs/NAME, all that the image of that name (aku, altisim, e2e-client) holds.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOGC=${GOGC:-400} # as e2e/cluster/build.sh does
driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so

for name; do
  root=.build/rootfs/$name
  rm -rf "$root"
  mkdir -p "$root/tmp"
  chmod 1777 "$root/tmp"
  case $name in
    aku)
      images/bundle.sh .build/bundle ./cmd/aku-init ./cmd/aku-prestop
      mkdir -p "$root/opt"
      cp -a .build/bundle "$root/opt/aku"
      ;;
    altisim)
      CGO_ENABLED=0 go build -buildvcs=false -trimpath -gcflags all=-dwarf=false -ldflags "-s -w" -o .build/bin/altisim ./e2e/altisim
      install -D .build/bin/altisim "$root/usr/local/bin/altisim"
      # The PostgreSQL ODBC driver where Debian has it, with its libraries: so the image stands for a vendor's image, which has a
      # driver and libraries of its own.
      mkdir -p "$root/$(dirname $driver)"
      images/libraries.sh $driver | grep -vx $driver | xargs cp --dereference --target-directory "$root/usr/lib/x86_64-linux-gnu"
      cp --dereference $driver "$root$driver"
      ;;
    e2e-client)
      # Like aku it has no driver: it runs in the image of the server.
      images/bundle.sh .build/client ./e2e/client test:./e2e/conformance
      mkdir -p "$root/opt"
      cp -a .build/client "$root/opt/aku"
      ;;
    *)
      echo "no image named $name: aku, altisim or e2e-client" >&2
      exit 1
      ;;
  esac
done
