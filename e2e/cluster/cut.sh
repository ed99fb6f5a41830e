#!/usr/bin/env bash
# cut.sh CONTAINER-ID ADDRESS: blocks all traffic between the pod of that container and the address. The rules are in the
#   pod's own network and end with it.
# cut.sh --slow BYTES CONTAINER-ID ADDRESS: limits the replication from the pod to the address, in bytes a second.
# cut.sh --heal CONTAINER-ID: removes the rules.
set -euo pipefail
heal='' slow=''
case $1 in
  --heal)
    heal=yes
    shift
    ;;
  --slow)
    slow=$2
    shift 2
    ;;
esac
[[ "$1" =~ ^[0-9a-f]{64}$ ]] || { echo "cut.sh: $1 is no container id" >&2; exit 2; }
process=$(grep -ls -- "$1" /proc/[0-9]*/cgroup | head -n 1 | cut -d/ -f3) || true
[ -n "$process" ] || { echo "cut.sh: no process of container $1 is to be seen here: this needs the cluster of this checkout" >&2; exit 1; }
in_pod() { nsenter --target "$process" --net "$@"; }
if [ -n "$heal" ]; then
  in_pod nft delete table inet aku_cut
  exit
fi
if [ -n "$slow" ]; then
  # Both directions of a pair have a connection of their own, to the port of replication. TCP slows down by the dropped packets.
  in_pod nft -f - <<RULES
table inet aku_cut {
  chain out {
    type filter hook output priority 0
    ip daddr $2 tcp dport 20301 limit rate over $slow bytes/second burst 4 kbytes drop
  }
}
RULES
  exit
fi
in_pod nft -f - <<RULES
table inet aku_cut {
  chain in {
    type filter hook input priority 0
    ip saddr $2 drop
  }
  chain out {
    type filter hook output priority 0
    ip daddr $2 drop
  }
}
RULES
