#!/usr/bin/env bash
# bundle.sh FOLDER PACKAGE…: builds the packages, and the tests of those written test:PACKAGE, into FOLDER/bin and puts every shared library they need beside
# them in FOLDER/lib, with a dynamic loader and libc of their own. Placed at /opt/aku the programs run in any x86-64 Linux
# image, whatever libraries it has or has not; only the database's ODBC driver comes from the image.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?}
shift
home=/opt/aku
system=/usr/lib/x86_64-linux-gnu

rm -rf "${out:?}/lib"
mkdir -p "$out/bin" "$out/lib/gconv" "$out/lib/locale/C.utf8"
# The loader is named absolutely, and DT_RPATH (not RUNPATH) also rules the libraries that the driver pulls in.
link="-linkmode external -extldflags '-Wl,--dynamic-linker=$home/lib/ld-linux-x86-64.so.2 -Wl,-rpath,$home/lib -Wl,--disable-new-dtags'"
version=$(sed -n 's/^appVersion: *"\?\([^"]*\)"\?$/\1/p' charts/altibase/Chart.yaml)
# Without inlining and HTTP/2 the programs are a tenth smaller, and all of them is resident in each pod.
build=(-gcflags="all=-l -dwarf=false" -buildvcs=false -trimpath -ldflags "-s -w -X aku/internal/process.version=$version $link")
tags=netgo,osusergo,nethttpomithttp2
programs=()
for package; do
  case $package in
    test:*)
      program=$out/bin/$(basename "$package").test
      CGO_ENABLED=1 go test -c "${build[@]}" -tags "$tags,integration" -o "$program" "${package#test:}"
      ;;
    *)
      program=$out/bin/$(basename "$package")
      CGO_ENABLED=1 go build "${build[@]}" -tags "$tags" -o "$program" "$package"
      ;;
  esac
  programs+=("$program")
done
# libodbcinst and the rest of libc are opened by drivers at run time: a driver that found the image's old ones
# beside our libc would not start.
for l in odbcinst.so.2 pthread.so.0 dl.so.2 rt.so.1 m.so.6 resolv.so.2; do programs+=("$system/lib$l"); done
images/libraries.sh "${programs[@]}" | xargs cp --dereference --target-directory "$out/lib"
ln -sf libodbcinst.so.2 "$out/lib/libodbcinst.so" # the name under which Altibase's driver opens it

# The locale of internal/unicode: it is in no libc, and only the libc that it was made for reads it.
cp --dereference /usr/lib/locale/C.utf8/LC_CTYPE "$out/lib/locale/C.utf8"

# What unixODBC converts text with. The system's list names some 270 modules, ours just these.
modules='UTF-16|UTF-32|UNICODE|ISO8859-1'
for m in ${modules//|/ }; do cp "$system/gconv/$m.so" "$out/lib/gconv/"; done
cat "$system/gconv/gconv-modules" "$system"/gconv/gconv-modules.d/*.conf |
  awk -v ours="^($modules)\$" '
    $1 == "module" && $4 ~ ours { modules[++n] = $0; known[$2]; known[$3] }
    $1 == "alias" { aliases[$2] = $3 }
    END {
      for (i = 1; i <= n; i++) print modules[i]
      for (a in aliases) if (aliases[a] in known && aliases[a] != "INTERNAL") print "alias", a, aliases[a] | "sort"
    }' >"$out/lib/gconv/gconv-modules"
