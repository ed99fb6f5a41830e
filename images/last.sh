#!/usr/bin/env bash
# last.sh: makes aku's image of the chart's last version, docker.io/library/aku:last, in .build/images/aku-last.tar, and puts that
# version into .build/last: people upgrade from its chart.
set -euo pipefail
cd "$(dirname "$0")/.."

commit=$(scripts/ct.sh last)
[ "$(cat .build/last/commit 2>/dev/null)" = "$commit" ] && exit
rm -rf .build/last
mkdir -p .build/last
git archive "$commit" | tar --extract --directory .build/last
.build/last/images/rootfs.sh aku
images/mkimage.sh .build/images/aku-last.tar docker.io/library/aku:last \
  '{"Entrypoint":["/opt/aku/bin/aku-init"],"User":"65532:65532"}' .build/last/.build/rootfs/aku
echo "$commit" >.build/last/commit
