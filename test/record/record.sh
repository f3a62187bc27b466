#!/usr/bin/env bash
# Records test/golden/*.txt on the twin. Needs root and the tools named in twin.sh; takes about a minute.
# Each block is a command as it was typed, its exit code, and what it printed (both streams, as a terminal shows them).
set -euo pipefail
export TZ=UTC LC_ALL=C COLUMNS=80
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../golden
twin=$here/twin.sh
output=$(mktemp)
trap '"$twin" down; rm -f "$output"' EXIT

header() {
  printf '# recorded: kernel %s, iproute2 6.1.0, %s, %s, %s, %s, %s\n' "$(uname -r | cut -d- -f1)" "$(tcpdump --version 2>&1 | sed -n '1s/ version / /p')" \
    "$(curl -V | cut -d' ' -f1,2 | head -1)" "$(ping -V | sed -n '1s/ping from //p')" "$(busybox | sed -n '1s/ (.*//p')" "$(nginx -v 2>&1 | sed 's/nginx version: //')"
}

# A node sees its pods' namespaces under the names a runtime gives them, a pod sees none: the twin's own names are taken out.
clean() { sed -E -e 's/ link-netns pw-(client|sidecar|backend)-pod/ link-netns cni-\1-pod/' -e 's/ link-netns pw-[a-z0-9-]+/ link-netnsid 0/' -e 's/"link_netns": ?"pw-k8s-worker-[0-9]"/"link_netnsid": 0/'; }

"$twin" up
sleep 1
for group in node pod errors traffic; do
  file=$golden/$group.txt
  header >"$file"
  while IFS='|' read -r g where command; do
    [[ ${g// /} == "$group" ]] || continue
    where=${where// /} command=${command# }
    rc=0
    # shellcheck disable=SC2086
    ip netns exec "pw-$where" $command >"$output" 2>&1 </dev/null || rc=$?
    printf '=== %s $ %s [%d]\n' "$where" "$command" "$rc" >>"$file"
    clean <"$output" >>"$file"
    # A block starts on a line of its own, whatever the output ended with.
    [[ -s $output && $(tail -c 1 "$output") != "" ]] && printf '\n%%\n' >>"$file"
  done < <(grep -v '^#' "$here/commands.txt")
  printf '=== end\n' >>"$file"
done
