#!/usr/bin/env bash
# mkimage.sh OUT.tar NAME:TAG CONFIG-JSON FOLDER…: makes an image archive with a layer for each folder,
# without Docker and without a registry. Load it with `docker load`, `ctr images import` or `skopeo copy docker-archive:`.
set -euo pipefail

out=$1 name=$2 config=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
digests=() layers=()
for folder; do
  layer=layer${#layers[@]}.tar
  # The same content must always give the same archive: no dates, no owners, one order.
  tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX -cf "$work/$layer" .
  digests+=("sha256:$(sha256sum <"$work/$layer" | cut -d' ' -f1)")
  layers+=("$layer")
done
jq -n --argjson config "$config" '{architecture: "amd64", os: "linux", created: "1970-01-01T00:00:00Z", config: $config,
  rootfs: {type: "layers", diff_ids: $ARGS.positional}}' --args "${digests[@]}" >"$work/config.json"
jq -n --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: $ARGS.positional}]' \
  --args "${layers[@]}" >"$work/manifest.json"
mkdir -p "$(dirname "$out")"
tar -C "$work" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$out.new" manifest.json config.json "${layers[@]}"
mv "$out.new" "$out"
