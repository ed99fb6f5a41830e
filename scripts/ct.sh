#!/usr/bin/env bash
# ct.sh lint|install…: chart-testing with the values files of charts/*/ci, for the chart as it stands in this folder.
#   lint      every file by helm lint and yamllint, and whether the chart's version was raised
#   install   each file on the cluster of KUBECONFIG (scripts/with-cluster.sh brings one), further arguments as for ct:
#             --upgrade also upgrades from the last version that had another number
# The comparison needs a remote with that version as its main branch. It is made from this repository's history, in a folder
# of its own, so that nothing here is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?lint or install}
shift
PATH=$PATH:$PWD/.build/cluster/bin
mkdir -p .build
log=$PWD/.build/ct.log
chart=charts/altibase/Chart.yaml

version=$(sed -n 's/^version: //p' $chart)
base=
for commit in $(git rev-list HEAD -- $chart); do
  if [ "$(git show "$commit:$chart" | sed -n 's/^version: //p')" = "$version" ]; then
    base=$commit^
  else
    break
  fi
done
# The chart of the last version may have grown up to the commit that gave it the next number.
base=$(git rev-parse --quiet --verify "${base:-HEAD}") ||
  { echo "no earlier version of the chart in the history: fetch all of it" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --bare . "$folder/remote.git"
git -C "$folder/remote.git" branch --force base "$base"
git clone --quiet "$folder/remote.git" "$folder/checkout"
rm -r "$folder/checkout/charts"
cp -r charts ct.yaml .yamllint.yaml "$folder/checkout"
cd "$folder/checkout"
run() { ct "$what" --config ct.yaml --target-branch base "$@"; }
if [ "$what" = lint ]; then
  run "$@"
  exit
fi
# ct prints the events and logs of every pod: of use only after a failure.
status=0
run "$@" 2>&1 | tee "$log" | grep --line-buffered -E '^(Installing chart with|Testing upgrades| ✔| ✖)' || status=${PIPESTATUS[0]}
[ "$status" = 0 ] || { tail -n 300 "$log"; echo "all of it is in $log" >&2; exit 1; }
