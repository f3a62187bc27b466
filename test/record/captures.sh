#!/usr/bin/env bash
# Records test/golden/captures/: real captures of small flows on the twin, and what the real tcpdump prints of them with many option sets.
set -euo pipefail
export TZ=UTC LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../golden/captures
twin=$here/twin.sh
mkdir -p "$golden"
trap '"$twin" down' EXIT

cold() {   # every neighbour forgotten
  local name device
  for name in client-pod backend-pod k8s-worker-1 k8s-worker-2; do
    for device in eth0 cni0 enp0s8; do ip -n "pw-$name" neigh flush dev "$device" 2>/dev/null || true; done
  done
}

flow() {   # flow NAME WHERE DEVICE COMMAND…
  local file=$golden/$1.pcap where=$2 device=$3 pid; shift 3
  cold
  ip netns exec "pw-$where" tcpdump -i "$device" --immediate-mode -U -Z root -w "$file" 'ip or arp' 2>/dev/null & pid=$!
  sleep 0.5
  "$@" >/dev/null 2>&1 || true
  sleep 0.4
  kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true
}

client() { "$twin" in client-pod "$@"; }
"$twin" up
flow http-wire k8s-worker-1 enp0s8 client curl -s http://10.244.2.2/
flow http-pod client-pod eth0 client curl -s http://10.244.2.2/
flow http-flannel k8s-worker-1 flannel.1 client curl -s http://10.244.2.2/
flow ping-wire k8s-worker-1 enp0s8 client ping -c 2 -i 0.2 10.244.2.2
flow ping-cni0 k8s-worker-1 cni0 client ping -c 2 -i 0.2 10.244.2.2
flow ping-pod client-pod eth0 client ping -c 1 10.244.2.2
flow closed-port client-pod eth0 client curl -s http://10.244.2.2:81/
flow no-answer client-pod eth0 client ping -c 1 10.244.2.200
flow no-answer-cni0 k8s-worker-2 cni0 client ping -c 1 10.244.2.200
flow ttl-exceeded client-pod eth0 client ping -c 1 -t 1 10.244.2.2
flow fragments k8s-worker-1 enp0s8 client ping -c 1 -s 2000 10.244.2.2
flow udp-closed client-pod eth0 client bash -c 'echo hello >/dev/udp/10.244.2.2/9999'

sets=("-n -t" "-n" "-n -e -t" "-n -v -t" "-n -vv -t" "-n -vvv -e -t" "-n -e -v -t" "-n -q -t" "-n -q -e -t" "-n -S -tt" "-n -ttt" "-n -tttt" "-n -ttttt" "-n -t -T vxlan" "-n -x -t -c 4" "-n -X -t -c 4" "-n -XX -e -t -c 4" "-t")
for file in "$golden"/*.pcap; do
  name=$(basename "$file" .pcap)
  {
    printf '# recorded: kernel %s, tcpdump 4.99.3, libpcap 1.10.3\n' "$(uname -r | cut -d- -f1)"
    for options in "${sets[@]}"; do
      # shellcheck disable=SC2086
      printf '=== tcpdump %s\n' "$options"; tcpdump $options -r "$file" 2>/dev/null
    done
    printf '=== end\n'
  } >"$golden/$name.txt"
done
