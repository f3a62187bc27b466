#!/usr/bin/env bash
# Records test/golden/tcpdump-filters.txt: for every filter of filters.txt the numbers of the crafted frames that pass the real libpcap, or what
# tcpdump says of a bad one. Needs tcpdump and, as root, a namespace without a network: names must not be asked for outside.
set -euo pipefail
export TZ=UTC LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
node=${NODE:-$here/../../node_modules/.bin/node}
golden=$here/../golden/tcpdump-filters.txt
work=$(mktemp -d)
trap 'ip netns del pw-filters; rm -rf "$work"' EXIT
ip netns add pw-filters
"$node" "$here/craft.ts" filters "$work"
chmod 755 "$work"
# The times of the records are the frames' numbers.
numbers() {
  tcpdump -n -q -tt -r "$1" 2>/dev/null | sed -n 's/^ *\([0-9]*\)\.000000.*/\1/p' | paste -sd' ' -
}
printf '# recorded: tcpdump 4.99.3, libpcap 1.10.3, on the frames of test/support/crafted.ts\n' >"$golden"
while IFS= read -r line; do
  link=${line%% | *} filter=${line#* | }
  printf '=== %s | %s\n' "$link" "$filter" >>"$golden"
  if ip netns exec pw-filters tcpdump -n -r "$work/$link" -w "$work/out" -- "$filter" 2>"$work/err"; then
    numbers "$work/out" >>"$golden"
  else
    grep '^tcpdump: ' "$work/err" >>"$golden"
  fi
done < <(grep -v '^#' "$here/filters.txt" | sed 's/|$/| /')
