#!/usr/bin/env bash
# Records test/golden/tcpdump-files.txt: the real tcpdump on files, crafted ones above all. No network, no root; the standard error stands behind
# the output, each of its lines after "! ".
set -euo pipefail
export TZ=UTC LC_ALL=C COLUMNS=80
here=$(cd "$(dirname "$0")" && pwd)
node=${NODE:-$here/../../node_modules/.bin/node}
golden=$here/../golden/tcpdump-files.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
"$node" "$here/craft.ts" files "$work/files"
printf 'arp # only these\n' >"$work/files/filter"
cd "$work/files"
{
  grep -v '^#' "$here/offline.txt"
  # What the crafted files are for: each read as it is, and in detail.
  for file in $(cd "$work/files" && ls | grep -v -e '^filter$' -e '^http-wire$'); do
    printf 'tcpdump -n -tt -r %s\n' "$file"
    [[ $file == snapped* || $file == length* ]] && printf 'tcpdump -n -tt -vv -e -r %s\n' "$file"
  done
} >"$work/commands"
printf '# recorded: tcpdump 4.99.3, libpcap 1.10.3, on the files of test/support/crafted.ts\n' >"$golden"
while IFS= read -r command; do
  code=0
  bash -c "$command" >"$work/out" 2>"$work/err" </dev/null || code=$?
  printf '=== files $ %s [%d]\n' "$command" "$code"
  cat -v "$work/out"
  sed 's/^/! /' "$work/err"
done <"$work/commands" >>"$golden"
printf '=== end\n' >>"$golden"
