#!/usr/bin/env bash
# The article's cluster on a real kernel: four nodes and three pods as network namespaces, wired as topology.json says.
# `twin.sh up`, `twin.sh down`, `twin.sh in NAME CMD…`. Needs root, iproute2, jq, nginx, the CNI plugins bridge and host-local.
#
# Chosen so that a recording can be compared line by line: IPv6 is off before any device exists (no fe80 lines, no neighbour discovery in
# captures); index 4 of each node is burnt, so that flannel.1 has the article's index 5; enp0s8 finishes checksums and segments itself, as a
# wire shows them; receive buffers are those of stock kernels up to 6.15.
set -euo pipefail
export TZ=UTC LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
topology=$here/../golden/topology.json
state=${TWIN_STATE:-/run/podwire-twin}
ns=pw-
cni_bin=${CNI_BIN:-/usr/lib/cni}

inside() { local name=$1; shift; ip netns exec "$ns$name" "$@"; }
nodes() { jq -r '.nodes[] | [.name, .address, (.podCIDR | sub("\\.0/24$"; "")), .enp0s3, .enp0s8, ."flannel.1", .cni0] | @tsv' "$topology"; }
pods() { jq -r '.pods[] | [.name, .node, .eth0, .veth, .vethMac] | @tsv' "$topology"; }

namespace() {   # namespace NAME: with the settings every machine and pod has before its first device
  ip netns add "$ns$1"
  inside "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
    net.ipv4.tcp_rmem="4096 131072 6291456" net.ipv4.tcp_wmem="4096 16384 4194304" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  inside "$1" sysctl -qw net.ipv4.tcp_congestion_control=reno 2>/dev/null || true
  ip -n "$ns$1" link set lo up
}

uplink() {   # uplink NODE DEVICE MAC BRIDGE: a NIC of the node on one of the shared segments
  local peer="${2#enp0s}-${1#k8s-}"
  ip -n "$ns$1" link add "$2" address "$3" type veth peer name "$peer" netns "${ns}lan"
  ip -n "${ns}lan" link set "$peer" master "$4" up
  ip -n "$ns$1" link set "$2" up
  inside "$1" ethtool -K "$2" tx off tso off gso off tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off >/dev/null 2>&1 || true
}

node_up() {   # node_up NAME ADDRESS SUBNET MAC3 MAC8 VTEP CNI0
  namespace "$1"
  inside "$1" sysctl -qw net.ipv4.ip_forward=1
  uplink "$1" enp0s3 "$4" nat0
  uplink "$1" enp0s8 "$5" lan0
  ip -n "$ns$1" addr add 10.0.2.15/24 brd + dev enp0s3
  ip -n "$ns$1" addr add "$2/24" brd + dev enp0s8
  ip -n "$ns$1" route add default via 10.0.2.2 dev enp0s3
  ip -n "$ns$1" link add burnt type bridge
  ip -n "$ns$1" link del burnt
  ip -n "$ns$1" link add flannel.1 address "$6" mtu 1450 txqueuelen 0 type vxlan id 1 local "$2" dev enp0s8 dstport 8472 nolearning
  ip -n "$ns$1" addr add "$3.0/32" dev flannel.1
  ip -n "$ns$1" link set flannel.1 up
  mkdir -p "$state/$1/cni"
}

peers_up() {   # the three netlink calls of flanneld for every other node
  local node peer address subnet mac
  while read -r node _; do
    while read -r peer address subnet _ _ mac _; do
      [[ $node == "$peer" ]] && continue
      ip -n "$ns$node" neigh replace "$subnet.0" lladdr "$mac" dev flannel.1 nud permanent
      bridge -n "$ns$node" fdb replace "$mac" dev flannel.1 dst "$address" self permanent
      ip -n "$ns$node" route replace "$subnet.0/24" via "$subnet.0" dev flannel.1 onlink
    done < <(nodes)
  done < <(nodes)
}

pod_up() {   # pod_up NAME NODE MAC VETH VETHMAC: CNI ADD through the real plugins, then the random names and addresses fixed
  local subnet cni0 result
  read -r subnet cni0 < <(nodes | awk -v n="$2" '$1==n{print $3, $7}')
  namespace "$1"
  result=$(printf '{"cniVersion":"0.3.1","hairpinMode":true,"ipMasq":false,"ipam":{"ranges":[[{"subnet":"%s.0/24"}]],"routes":[{"dst":"10.244.0.0/16"}],"type":"host-local"},"isDefaultGateway":true,"isGateway":true,"mtu":1450,"name":"cbr0","type":"bridge"}' "$subnet" |
    CNI_COMMAND=ADD CNI_CONTAINERID=$(printf %s "$1" | sha256sum | cut -c1-64) CNI_NETNS=/var/run/netns/$ns$1 CNI_IFNAME=eth0 CNI_PATH=$cni_bin CNI_ARGS="IgnoreUnknown=1;MAC=$3" \
      inside "$2" sh -c 'mkdir -p /var/lib/cni && mount --bind "$1" /var/lib/cni && exec "$2"' sh "$state/$2/cni" "$cni_bin/bridge")
  ip -n "$ns$2" link set cni0 address "$cni0"
  ip -n "$ns$2" link set "$(jq -r '.interfaces[1].name' <<<"$result")" name "$4"
  ip -n "$ns$2" link set "$4" address "$5"
}

nginx_up() {
  local dir=$state/nginx
  mkdir -p "$dir/tmp"
  cp -r "$here/html" "$dir/html"
  touch -d '2025-10-07 17:04:07 UTC' "$dir"/html/*
  cat >"$dir/nginx.conf" <<CONF
worker_processes 1; daemon on; pid $dir/nginx.pid; error_log $dir/error.log; user root;
events { worker_connections 256; }
http { access_log $dir/access.log; client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp;
  uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp; types { text/html html; text/plain txt; } default_type application/octet-stream;
  sendfile on; keepalive_timeout 65;
  server { listen 80; server_name localhost; location / { root $dir/html; index index.html; } } }
CONF
  inside backend-pod nginx -c "$dir/nginx.conf" -e "$dir/error.log"
}

up() {
  [[ -d $state ]] && down
  mkdir -p "$state"
  ip netns add "${ns}lan"
  inside lan sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "${ns}lan" link add lan0 type bridge
  ip -n "${ns}lan" link add nat0 type bridge
  ip -n "${ns}lan" addr add 10.0.2.2/24 dev nat0
  ip -n "${ns}lan" link set lan0 up
  ip -n "${ns}lan" link set nat0 up
  local line
  while read -r -a line; do node_up "${line[@]}"; done < <(nodes)
  # Every node is 10.0.2.15 on its own NAT: they must not see each other there.
  for line in $(ip -n "${ns}lan" -br link show master nat0 | sed 's/@.*//'); do bridge -n "${ns}lan" link set dev "$line" isolated on; done
  peers_up
  while read -r -a line; do pod_up "${line[@]}"; done < <(pods)
  nginx_up
}

down() {
  [[ -f $state/nginx/nginx.pid ]] && kill "$(cat "$state/nginx/nginx.pid")" 2>/dev/null || true
  local name
  for name in $(ip netns list | awk '{print $1}' | grep "^$ns" || true); do ip netns del "$name"; done
  rm -rf "$state"
}

case ${1:-} in
  up) up ;;
  down) down ;;
  in) shift; inside "$@" ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac
