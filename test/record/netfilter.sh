#!/usr/bin/env bash
# Records test/golden/netfilter/*.txt: each scenario of test/record/netfilter/*.txt on the real kernel, in namespaces of its own (pwn-…).
# Needs root, iproute2, iptables (nft), conntrack, nginx, curl, busybox. `netfilter.sh [FILE…]` (all of them).
# The format is kernel.sh's, but a command is a line of bash: it may have quotes and pipes.
set -euo pipefail
export TZ=UTC LC_ALL=C COLUMNS=80
here=$(cd "$(dirname "$0")" && pwd)
ns=pwn-
output=$(mktemp)

nginx_up() {
  local dir=/run/pwn-nginx-$1
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
  local name dir
  for dir in /run/pwn-nginx-*; do
    [[ -f $dir/nginx.pid ]] && kill "$(cat "$dir/nginx.pid")" 2>/dev/null
    rm -rf "$dir"
  done
  for name in $(ip netns list | awk '{print $1}' | grep "^$ns" || true); do ip netns del "$name"; done
}
trap 'down; rm -f "$output"' EXIT

namespace() {   # no IPv6, no reverse path filter, windows of a stock kernel
  [[ -e /run/netns/$ns$1 ]] && return
  ip netns add "$ns$1"
  ip netns exec "$ns$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=0 \
    net.ipv4.tcp_rmem="4096 131072 6291456" net.ipv4.tcp_wmem="4096 16384 4194304" net.bridge.bridge-nf-call-iptables=1
  ip -n "$ns$1" link set lo up
}

record() {   # record SCENARIO-FILE
  printf '# recorded: kernel %s, %s, %s\n' "$(uname -r | cut -d- -f1)" "$(iptables -V)" "$(conntrack -V | head -1)"
  local line where command rc
  while IFS= read -r line; do
    case $line in
      '=='*)
        down
        for where in $(awk -v t="$line" '$0==t{on=1;next} /^==/{on=0} on && $2~/^[$!]$/{print $1}' "$1" | sort -u); do namespace "$where"; done
        printf '%s\n' "$line" ;;
      '- nginx '*) nginx_up "${line#- nginx }"; printf '%s\n' "$line" ;;
      '- sleep '*) sleep "${line#- sleep }"; printf '%s\n' "$line" ;;
      *' $ '*)
        where=${line%% *} command=${line#* \$ } rc=0
        timeout -s INT 20 ip netns exec "$ns$where" bash -c "$command" >"$output" 2>&1 </dev/null || rc=$?
        printf '=== %s $ %s [%d]\n' "$where" "$command" "$rc"
        cat "$output"
        [[ -s $output && $(tail -c 1 "$output") != "" ]] && printf '\n%%\n'
        true ;;
      *' ! '*) ip netns exec "$ns${line%% *}" sysctl -qw "${line#* ! }"; printf '%s\n' "$line" ;;
    esac
  done <"$1"
}

if [[ $# == 0 ]]; then set -- "$here"/netfilter/*.txt; fi
for file in "$@"; do
  golden=$here/../golden/netfilter/$(basename "$file")
  record "$file" >"$golden.new"
  mv "$golden.new" "$golden"
done
