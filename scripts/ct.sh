#!/usr/bin/env bash
# ct.sh lint|install…|last: chart-testing with the values files of charts/*/ci, for the chart as it stands in this folder.
#   lint      every file by helm lint and yamllint, and whether the chart's version was raised
#   install   each file on the cluster of KUBECONFIG (scripts/with-cluster.sh brings one), further arguments as for ct:
#             --upgrade also upgrades from the last version that had another number
#   install NAME only ci/NAME-values.yaml; the last version gets that file, too, if it has none and accepts such values
#   last      prints the commit of the last version that had another number
# The comparison needs a remote with that version as its main branch. It is made from this repository's history, in a folder
# of its own, so that nothing here is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?lint, install or last}
shift
name=
case ${1:-} in -* | "") ;; *) name=$1 && shift ;; esac
PATH=$PATH:$PWD/.build/cluster/bin
mkdir -p .build
log=$PWD/.build/ct${name:+-$name}.log
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
if [ "$what" = last ]; then
  git rev-parse "$base"
  exit
fi

[ -x .build/cluster/bin/ct ] || scripts/tools/chart-testing.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --bare . "$folder/remote.git"
git -C "$folder/remote.git" branch --force base "$base"
git clone --quiet "$folder/remote.git" "$folder/checkout"
rm -r "$folder/checkout/charts"
cp -r charts ct.yaml .yamllint.yaml "$folder/checkout"
cd "$folder/checkout"
if [ -n "$name" ]; then
  # chart-testing takes every values file, so the others are removed, also from the last version.
  file=charts/altibase/ci/$name-values.yaml
  [ -f "$file" ] || { echo "there is no $file" >&2; exit 1; }
  others() { find charts/altibase/ci -name '*-values.yaml' ! -name "$name-values.yaml" "$@"; }
  others -delete
  git worktree add --quiet "$folder/last" origin/base
  (
    cd "$folder/last"
    others -delete
    if [ ! -f "$file" ] && helm template altibase charts/altibase --values "$folder/checkout/$file" >/dev/null 2>&1; then
      cp "$folder/checkout/$file" "$file"
      git add "$file"
    fi
    git -c user.name=ct -c user.email=ct@localhost commit --quiet --all --allow-empty --message "only $name"
    git push --quiet origin HEAD:refs/heads/base
  )
  git fetch --quiet
  # chart-testing compares with the commit that the branches have in common.
  git reset --quiet --soft origin/base
fi
run() { ct "$what" --config ct.yaml --target-branch base "$@"; }
if [ "$what" = lint ]; then
  run "$@"
  exit
fi
# ct prints the events and logs of every pod: of use only after a failure.
status=0
run "$@" 2>&1 | tee "$log" | grep --line-buffered -E '^(Installing chart with|Testing upgrades| ✔| ✖)' || status=${PIPESTATUS[0]}
# It skips a last version that it cannot install. That is right only where that version does not accept such values.
if grep 'skipped because' "$log"; then
  if [ -n "$name" ] && ! git cat-file -e "origin/base:$file" 2>/dev/null; then
    echo "not upgraded: the last version does not take ci/$name-values.yaml"
  else
    status=1
  fi
fi
[ "$status" = 0 ] || { tail -n 300 "$log"; echo "all of it is in $log" >&2; exit 1; }
