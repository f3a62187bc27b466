/** The figures whose pictures are committed, from the data of the recorded cluster. */
import { type MatrixCell, type MatrixVerdict, matrix } from "../../src/view/matrix.ts"
import { path } from "../../src/view/path.ts"
import type { Hop, HopHeader } from "../../src/view/path-data.ts"
import { sequence } from "../../src/view/sequence.ts"
import type { SequenceFrame } from "../../src/view/sequence-data.ts"
import { topology } from "../../src/view/topology.ts"
import type { TopologyNode, TopologyStop } from "../../src/view/topology-data.ts"

const devices = (subnet: string) => [
  { name: "cni0", detail: `${subnet}.1/24` },
  { name: "flannel.1", detail: `${subnet}.0/32` },
]

export const NODES: readonly TopologyNode[] = [
  {
    name: "k8s-master",
    ip: "192.168.80.101",
    uplink: "enp0s8",
    podCIDR: "10.244.0.0/24",
    devices: devices("10.244.0"),
    pods: [],
  },
  {
    name: "k8s-worker-1",
    ip: "192.168.80.103",
    uplink: "enp0s8",
    podCIDR: "10.244.1.0/24",
    devices: devices("10.244.1"),
    pods: [
      { name: "client-pod", ip: "10.244.1.2", veth: "veth1c10e4a2" },
      { name: "sidecar-pod", ip: "10.244.1.3", veth: "veth1d27b90f" },
    ],
  },
  {
    name: "k8s-worker-2",
    ip: "192.168.80.105",
    uplink: "enp0s8",
    podCIDR: "10.244.2.0/24",
    devices: devices("10.244.2"),
    pods: [{ name: "backend-pod", ip: "10.244.2.2", veth: "veth2b3f5d68" }],
  },
  {
    name: "k8s-worker-3",
    ip: "192.168.80.107",
    uplink: "enp0s8",
    podCIDR: "10.244.3.0/24",
    devices: devices("10.244.3"),
    pods: [],
  },
]

export const STOPS: readonly TopologyStop[] = [
  { node: "k8s-worker-1", pod: "client-pod" },
  { node: "k8s-worker-1", device: "veth1c10e4a2" },
  { node: "k8s-worker-1", device: "cni0" },
  { node: "k8s-worker-1", device: "flannel.1" },
  { node: "k8s-worker-1", device: "enp0s8" },
  { node: "k8s-worker-2", device: "enp0s8" },
  { node: "k8s-worker-2", device: "flannel.1" },
  { node: "k8s-worker-2", device: "cni0" },
  { node: "k8s-worker-2", device: "veth2b3f5d68" },
  { node: "k8s-worker-2", pod: "backend-pod" },
]

const LONG: readonly TopologyNode[] = [
  {
    name: "ip-192-168-80-103.eu-central-1.compute.internal",
    ip: "192.168.80.103",
    uplink: "enp0s8",
    podCIDR: "10.244.1.0/24",
    devices: ["cni0"],
    pods: Array.from({ length: 9 }, (_, i) => ({
      name: `frontend-deployment-7d4b9c8f6d-x${i}k2z`,
      ip: `10.244.1.${i + 2}`,
      veth: `veth${i}c10e4a2`,
    })),
  },
  {
    name: "日本語のノード",
    ip: "192.168.80.105",
    uplink: "enp0s8",
    devices: ["cni0"],
    pods: [{ name: "ポッド", ip: "10.244.2.2" }],
  },
]

const ethernet = (from: string, to: string): HopHeader => ({
  name: "Ethernet",
  fields: [{ value: from }, { value: "→" }, { value: to }],
})
const ip = (from: string, to: string, ttl: number): HopHeader => ({
  name: "IPv4",
  fields: [{ value: from }, { value: "→" }, { value: to }, { name: "ttl", value: `${ttl}` }],
})
const syn: HopHeader = { name: "TCP", fields: [{ value: "48628" }, { value: "→" }, { value: "80" }, { value: "[S]" }] }
const inner = (from: string, to: string, ttl: number): HopHeader[] => [
  ethernet(from, to),
  ip("10.244.1.2", "10.244.2.2", ttl),
  syn,
]
const wrapped: HopHeader[] = [
  ethernet("08:00:27:80:00:67", "08:00:27:80:00:69"),
  ip("192.168.80.103", "192.168.80.105", 64),
  { name: "UDP", fields: [{ value: "55523" }, { value: "→" }, { value: "8472" }] },
  { name: "VXLAN", fields: [{ name: "vni", value: "1" }] },
  ...inner("26:1f:d2:c5:65:4e", "5e:83:73:4b:98:06", 63),
]

export const HOPS: readonly Hop[] = [
  {
    node: "k8s-worker-1",
    device: "client-pod eth0",
    time: 5_000_000,
    action: "sent",
    headers: inner("ba:5e:00:00:01:02", "7e:0a:4c:31:90:11", 64),
  },
  {
    node: "k8s-worker-1",
    device: "cni0",
    time: 5_010_000,
    action: "routed",
    detail: "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink",
    headers: inner("ba:5e:00:00:01:02", "7e:0a:4c:31:90:11", 64),
  },
  {
    node: "k8s-worker-1",
    device: "flannel.1",
    time: 5_010_000,
    action: "encapsulated",
    detail: "5e:83:73:4b:98:06 dst 192.168.80.105",
    headers: inner("26:1f:d2:c5:65:4e", "5e:83:73:4b:98:06", 63),
  },
  { node: "k8s-worker-1", device: "enp0s8", time: 5_020_000, action: "sent", headers: wrapped },
  { device: "192.168.80.0/24", time: 5_020_000, action: "wire", detail: "124 bytes, 100 µs" },
  {
    node: "k8s-worker-2",
    device: "enp0s8",
    time: 5_120_000,
    action: "decapsulated",
    detail: "UDP port 8472 belongs to flannel.1",
    headers: wrapped,
  },
  {
    node: "k8s-worker-2",
    device: "flannel.1",
    time: 5_130_000,
    action: "routed",
    headers: inner("26:1f:d2:c5:65:4e", "5e:83:73:4b:98:06", 63),
  },
  {
    node: "k8s-worker-2",
    device: "cni0",
    time: 5_130_000,
    action: "bridged",
    detail: "ba:5e:00:00:02:02 dev veth2b3f5d68",
    headers: inner("7e:0a:4c:31:90:21", "ba:5e:00:00:02:02", 62),
  },
  {
    node: "k8s-worker-2",
    device: "backend-pod eth0",
    time: 5_140_000,
    action: "delivered",
    headers: inner("7e:0a:4c:31:90:21", "ba:5e:00:00:02:02", 62),
  },
]

const frame = (time: number, toServer: boolean, label: string, detail?: string): SequenceFrame => ({
  time: time * 1000,
  from: toServer ? "client-pod" : "backend-pod",
  to: toServer ? "backend-pod" : "client-pod",
  label,
  ...(detail === undefined ? {} : { detail }),
})
/** The recorded fetch, microseconds apart as recorded. */
export const FETCH: readonly SequenceFrame[] = [
  frame(404702, true, "SYN", "seq 3184997199, mss 1410"),
  frame(404873, false, "SYN-ACK", "seq 1386541173, mss 1410"),
  frame(404942, true, "ACK"),
  frame(405050, true, "GET / HTTP/1.1", "74 bytes"),
  frame(405068, false, "ACK"),
  frame(405183, false, "HTTP/1.1 200 OK", "238 bytes"),
  frame(405213, true, "ACK"),
  frame(405317, true, "FIN-ACK"),
  frame(405348, false, "FIN-ACK"),
  frame(405365, true, "ACK"),
]

/** Name of the golden to the figure. */
const PODS = ["frontend", "backend", "db", "monitoring/prometheus-agent-5c9f", "世界"]
const GRID: readonly (readonly MatrixVerdict[])[] = [
  ["none", "l7", "deny", "deny", "allow"],
  ["deny", "none", "allow", "deny", "allow"],
  ["deny", "deny", "none", "deny", "deny"],
  ["allow", "allow", "allow", "none", "deny"],
  ["deny", "deny", "deny", "deny", "none"],
]
/** Before, everybody reached everybody. */
export const CELLS: readonly MatrixCell[] = PODS.flatMap((from, i) =>
  PODS.map((to, j): MatrixCell => {
    const verdict = GRID[i]?.[j] as MatrixVerdict
    const before = verdict === "none" ? "none" : "allow"
    return { from, to, verdict, before, ...(verdict === "l7" ? { reason: "l7-policy-example, ingress[0]" } : {}) }
  }),
)

export const EXAMPLES: Readonly<Record<string, () => string>> = {
  "topology-article.svg": () =>
    topology({
      label: "The article's cluster and a request's way from client-pod to backend-pod",
      nodes: NODES,
      underlay: "192.168.80.0/24",
      highlight: STOPS,
    }),
  "topology-plain.svg": () => topology({ label: "The article's cluster", nodes: NODES, underlay: "192.168.80.0/24" }),
  "topology-two-columns.svg": () =>
    topology({
      label: "The cluster, two nodes wide",
      nodes: NODES,
      underlay: "192.168.80.0/24",
      highlight: STOPS,
      columns: 2,
    }),
  "topology-long-names.svg": () =>
    topology({
      label: "Long names and many pods",
      nodes: LONG,
      highlight: [
        { node: LONG[0]?.name ?? "", pod: LONG[0]?.pods[7]?.name ?? "" },
        { node: LONG[0]?.name ?? "", device: "cni0" },
        { node: LONG[0]?.name ?? "", device: "enp0s8" },
        { node: "日本語のノード", device: "enp0s8" },
        { node: "日本語のノード", device: "cni0" },
        { node: "日本語のノード", pod: "ポッド" },
      ],
    }),
  "matrix-changed.svg": () =>
    matrix({ label: "Who reaches whom on port 80, and what the policy changed", cells: CELLS, corner: "80/TCP" }),
  "matrix-one.svg": () =>
    matrix({ label: "One pair", cells: [{ from: "client-pod", to: "backend-pod", verdict: "deny" }] }),
  "path-article.svg": () => path({ label: "A SYN's way from client-pod to backend-pod, hop by hop", hops: HOPS }),
  "path-dropped.svg": () =>
    path({
      label: "A datagram that is too long for the tunnel",
      hops: [
        {
          node: "k8s-worker-1-with-a-very-long-name.example.internal",
          device: "client-pod-7d4b9c8f6d-x0k2z eth0",
          action: "sent",
          headers: [ip("10.244.1.2", "10.244.2.2", 64)],
        },
        {
          node: "k8s-worker-1-with-a-very-long-name.example.internal",
          device: "cni0",
          action: "dropped",
          detail:
            "SKB_DROP_REASON_PKT_TOO_BIG: longer than the MTU of flannel.1, which is 1450, and DF is set, so an ICMP error goes back",
        },
      ],
    }),
  "sequence-fetch.svg": () =>
    sequence({
      label: "A fetch from client-pod to nginx in backend-pod",
      frames: FETCH,
      participants: [
        { name: "client-pod", detail: "10.244.1.2" },
        { name: "backend-pod", detail: "10.244.2.2" },
      ],
    }),
  "sequence-dropped.svg": () =>
    sequence({
      label: "Name resolution, then three SYNs that a policy drops",
      frames: [
        { time: 0, from: "client-pod", to: "coredns", label: "A? web.default.svc.cluster.local.", detail: "UDP 53" },
        { time: 800_000, from: "coredns", to: "client-pod", label: "A 10.96.0.20" },
        {
          time: 900_000,
          from: "client-pod",
          to: "client-pod",
          label: "connect(10.96.0.20:80)",
          detail: "ephemeral port 48628",
        },
        {
          time: 1_000_000,
          from: "client-pod",
          to: "database-primary-with-a-long-name-0",
          label: "SYN",
          verdict: "dropped: policy",
        },
        {
          time: 1_001_000_000,
          from: "client-pod",
          to: "database-primary-with-a-long-name-0",
          label: "SYN (retransmission)",
          detail: "RTO 1 s",
          verdict: "dropped: policy",
        },
        {
          time: 3_001_000_000,
          from: "client-pod",
          to: "database-primary-with-a-long-name-0",
          label: "SYN (retransmission)",
          detail: "RTO 2 s",
          verdict: "dropped: policy",
        },
      ],
    }),
}
