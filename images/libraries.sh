#!/usr/bin/env bash
# libraries.sh FILE…: prints the paths of the given shared libraries and of all that the given programs and libraries
# need, the dynamic loader included.
set -euo pipefail

for file; do
  case $file in *.so*) echo "$file" ;; esac
  ldd "$file" | awk '
    /not found/ { print "no library " $1 > "/dev/stderr"; exit 1 }
    $1 ~ /ld-linux/ { print "/lib64/ld-linux-x86-64.so.2"; next }
    $2 == "=>" { print $3 }'
done | sort -u
