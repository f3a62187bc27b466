#!/usr/bin/env bash
# Records test/golden/kernel/*.txt: each scenario of test/record/kernel/*.txt on the real kernel, in namespaces of its own.
# Needs root, iproute2, iputils, nginx, curl, busybox. `kernel.sh [FILE…]` (all of them); takes about four minutes, most of it real waiting.
#
#   == title            a new scenario: fresh namespaces
#   a $ COMMAND         in namespace pwk-a, which is made when first named
#   a ! KEY=VALUE       a sysctl of that namespace, not compared
#   - sleep N           real time passes
#   - nginx a           a web server in that namespace, with the pages of html/
set -euo pipefail
export TZ=UTC LC_ALL=C COLUMNS=80
here=$(cd "$(dirname "$0")" && pwd)
ns=pwk-
output=$(mktemp)

nginx_up() {
  local dir=/run/pwk-nginx
  mkdir -p "$dir/tmp"
  cp -r "$here/html" "$dir/html"
  touch -d '2025-10-07 17:04:07 UTC' "$dir"/html/*
  cat >"$dir/nginx.conf" <<CONF
worker_processes 1; daemon on; pid $dir/nginx.pid; error_log $dir/error.log; user root;
events { worker_connections 256; }
http { access_log off; client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp;
  uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp; types { text/html html; text/plain txt; } default_type application/octet-stream;
  sendfile on; keepalive_timeout 65;
  server { listen 80; server_name localhost; location / { root $dir/html; index index.html; } } }
CONF
  ip netns exec "$ns$1" nginx -c "$dir/nginx.conf" -e "$dir/error.log"
}

down() {
  local name
  [[ -f /run/pwk-nginx/nginx.pid ]] && kill "$(cat /run/pwk-nginx/nginx.pid)" 2>/dev/null
  rm -rf /run/pwk-nginx
  for name in $(ip netns list | awk '{print $1}' | grep "^$ns" || true); do ip netns del "$name"; done
}
trap 'down; rm -f "$output"' EXIT

namespace() {   # as test/record/twin.sh makes them: no IPv6, no reverse path filter, windows of a stock kernel
  [[ -e /run/netns/$ns$1 ]] && return
  ip netns add "$ns$1"
  ip netns exec "$ns$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=0 \
    net.ipv4.tcp_rmem="4096 131072 6291456" net.ipv4.tcp_wmem="4096 16384 4194304"
  ip -n "$ns$1" link set lo up
}

record() {   # record SCENARIO-FILE
  printf '# recorded: kernel %s, iproute2 6.1.0, %s\n' "$(uname -r | cut -d- -f1)" "$(ping -V | sed -n '1s/ping from //p')"
  local line where command rc
  while IFS= read -r line; do
    case $line in
      '=='*)
        down
        # All namespaces of a scenario exist from its start: commands may name them before anything is done in them.
        for where in $(awk -v t="$line" '$0==t{on=1;next} /^==/{on=0} on && $2~/^[$!]$/{print $1}' "$1" | sort -u); do namespace "$where"; done
        printf '%s\n' "$line" ;;
      '- nginx '*) nginx_up "${line#- nginx }"; printf '%s\n' "$line" ;;
      '- sleep '*) sleep "${line#- sleep }"; printf '%s\n' "$line" ;;
      *' ! '*) ip netns exec "$ns${line%% *}" sysctl -qw "${line#* ! }"; printf '%s\n' "$line" ;;
      *' $ '*)
        where=${line%% *} command=${line#* \$ } rc=0
        # shellcheck disable=SC2086
        timeout -s INT 20 ip netns exec "$ns$where" $command >"$output" 2>&1 </dev/null || rc=$?
        printf '=== %s $ %s [%d]\n' "$where" "$command" "$rc"
        cat "$output"
        [[ -s $output && $(tail -c 1 "$output") != "" ]] && printf '\n%%\n'
        true ;;
    esac
  done <"$1"
}

for file in "${@:-}"; do
  if [[ -z $file ]]; then set -- "$here"/kernel/*.txt; fi
done
for file in "$@"; do
  golden=$here/../golden/kernel/$(basename "$file")
  record "$file" >"$golden.new"
  mv "$golden.new" "$golden"
done
