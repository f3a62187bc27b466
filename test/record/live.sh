#!/usr/bin/env bash
# Records test/golden/live/: what the real tcpdump prints of small flows while they happen, at several places at once. Needs root and the tools
# of twin.sh; takes about two minutes (`live.sh 'big|post'` records
# these alone). tcpdump runs with --immediate-mode, -U and a
# buffer that holds everything (-B 16384) besides what is written, under `timeout -s INT`; its standard
# error stands behind its output, each line after "! ".
set -euo pipefail
export TZ=UTC LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../golden/live
twin=$here/twin.sh
work=$(mktemp -d)
mkdir -p "$golden"
trap '"$twin" down; rm -rf "$work"' EXIT
only=${1:-}

cold() {   # every neighbour forgotten, every route's cache too
  local name device
  for name in $(ip netns list | awk '{print $1}' | grep '^pw-' | grep -v lan); do
    for device in eth0 cni0 enp0s8 veth1c10e4a2 veth1d27b90f veth2b3f5d68; do ip -n "$name" neigh flush dev "$device" 2>/dev/null || true; done
    ip -n "$name" tcp_metrics flush 2>/dev/null || true
  done
}

run() {   # run FILE: a flow and its observers, one a line: where|options
  local name seconds where command n=0 pids=() who options i _
  rm -f "$work"/*.err "$work"/*.out
  IFS='|' read -r name seconds where command <"$1"
  name=$(xargs <<<"$name") seconds=$(xargs <<<"$seconds") where=$(xargs <<<"$where") command=${command# }
  [[ -z $only || $name =~ ^($only)$ ]] || return 0
  cold
  local prepared=
  while IFS='|' read -r who options; do
    who=$(xargs <<<"$who") options=${options# }
    if [[ $who == prepare* ]]; then
      prepared+="# prepared: ${who#prepare }: $options"$'\n'
      bash -c "exec ip netns exec pw-${who#prepare } $options"
      continue
    fi
    printf '%s $ tcpdump %s' "$who" "$options" >"$work/$n.head"
    bash -c "exec ip netns exec pw-$who timeout -s INT $seconds tcpdump --immediate-mode -U -B 16384 $options" >"$work/$n.out" 2>"$work/$n.err" </dev/null & pids[n]=$!
    n=$((n + 1))
  done < <(tail -n +2 "$1")
  # Everybody listens, or has said why not.
  for ((i = 0; i < n; i++)); do
    for _ in {1..50}; do [[ -s $work/$i.err || -s $work/$i.out ]] && break; sleep 0.1; done
  done
  sleep 0.5
  bash -c "exec ip netns exec pw-$where $command" >/dev/null 2>&1 </dev/null || true
  {
    printf '# recorded: kernel %s, tcpdump 4.99.3, libpcap 1.10.3, curl 7.88.1, iputils 20221126, BusyBox 1.35.0, nginx 1.22.1\n' "$(uname -r | cut -d- -f1)"
    printf '# %s for %s s: %s\n' "$where" "$seconds" "$command"
    printf %s "$prepared"
    for ((i = 0; i < n; i++)); do
      local code=0
      wait "${pids[i]}" || code=$?
      printf '=== %s [%d]\n' "$(cat "$work/$i.head")" "$code"
      cat "$work/$i.out"
      sed 's/^/! /' "$work/$i.err"
    done
    printf '=== end\n'
  } >"$golden/$name.txt"
}

"$twin" up
sleep 1
rm -f "$work"/flow-*
grep -v '^#' "$here/live.txt" | awk -v dir="$work" '/^flow /{n++; sub(/^flow /, "")} {print > (dir "/flow-" sprintf("%02d", n))}'
for file in "$work"/flow-*; do run "$file"; done
