/** Hubble's lines against the examples of the Cilium reference (docs and printer source of 1.18). */
import { describe, expect, test } from "vitest"
import { FilterError, FlowFilters } from "../../../src/cni/cilium/hubble/filter.ts"
import type { Flow } from "../../../src/cni/cilium/hubble/flow.ts"
import { type HubbleMetadata, parseEvent } from "../../../src/cni/cilium/hubble/parser.ts"
import { type FlowFormat, FlowPrinter, stampMilli } from "../../../src/cni/cilium/hubble/print.ts"
import type { MonitorEvent, PacketTuple } from "../../../src/cni/cilium/monitor/event.ts"
import { formatIpv4, ipv4, mac } from "../../../src/wire/address.ts"

const CLIENT = ipv4("10.0.1.9")
const WEB = ipv4("10.0.2.31")
const EVIL = ipv4("10.0.1.31")
const PODS: Readonly<Record<string, { name: string; identity: number; id: number }>> = {
  "10.0.1.9": { name: "client", identity: 5021, id: 0 },
  "10.0.2.31": { name: "web-7c5d-abcde", identity: 38211, id: 771 },
  "10.0.1.31": { name: "evil", identity: 9120, id: 0 },
}

const meta: HubbleMetadata = {
  nodeName: "w2",
  nodeLabels: ["kubernetes.io/hostname=w2"],
  peer(address, identity) {
    const pod = PODS[formatIpv4(address)]
    if (pod === undefined) return { identity, labels: ["reserved:world"] }
    return {
      ...(pod.id === 0 ? {} : { ID: pod.id }),
      identity: pod.identity,
      cluster_name: "default",
      namespace: "default",
      labels: [`k8s:app=${pod.name}`],
      pod_name: pod.name,
    }
  },
  endpointId: (address) => PODS[formatIpv4(address)]?.id ?? 0,
  service: () => undefined,
  names: () => [],
  policies: (entry) => (entry === undefined ? [] : [{ name: "l7", namespace: "default", kind: "CiliumNetworkPolicy" }]),
  interfaceName: (index) => `dev${index}`,
  timestamp: (time) =>
    `2026-11-22T20:31:${String(Math.floor(time / 1e9)).padStart(2, "0")}.${String(Math.floor(time / 1e6) % 1000).padStart(3, "0")}000000Z`,
  uuid: () => "u",
}

const packet = (
  source: number,
  sourcePort: number,
  tcpFlags: number,
  more: Partial<PacketTuple> = {},
): PacketTuple => ({
  source,
  destination: WEB,
  protocol: 6,
  sourcePort,
  destinationPort: 80,
  tcpFlags,
  icmpType: 0,
  icmpCode: 0,
  length: 60,
  sourceMac: mac("02:00:00:00:00:01"),
  destinationMac: mac("02:00:00:00:00:02"),
  ...more,
})
const at = (seconds: number, millis: number): number => seconds * 1e9 + millis * 1e6
const SYN = 0x02
const base = { hash: 1, endpoint: 771, sourceIdentity: 5021, destinationIdentity: 38211 }
const http = { method: "GET", protocol: "HTTP/1.1", headers: [["Host", "web"]] as const, latency: 2_400_000 }
const peers = {
  source: { address: CLIENT, port: 41822, identity: 5021, endpoint: 0 },
  destination: { address: WEB, port: 80, identity: 38211, endpoint: 771 },
}
const l7 = { kind: "l7", ingress: true, proxyPort: 14301 } as const

const EVENTS: readonly MonitorEvent[] = [
  {
    ...base,
    kind: "trace",
    time: at(7, 118),
    packet: packet(CLIENT, 41822, SYN),
    endpoint: 0,
    point: "to-overlay",
    reason: "new",
    destinationId: 0,
    ifindex: 5,
    originalAddress: 0,
  },
  {
    ...base,
    kind: "policy-verdict",
    time: at(7, 119),
    packet: packet(CLIENT, 41822, SYN),
    remoteIdentity: 5021,
    ingress: true,
    action: "redirect",
    verdict: 14301,
    match: "L3-L4",
    authRequired: false,
    entry: {},
  },
  {
    ...base,
    kind: "trace",
    time: at(7, 119),
    packet: packet(CLIENT, 41822, SYN),
    point: "to-proxy",
    reason: "new",
    destinationId: 14301,
    ifindex: 0,
    originalAddress: 0,
  },
  {
    ...l7,
    ...peers,
    time: at(7, 121),
    type: "request",
    verdict: "Forwarded",
    http: { ...http, code: 0, url: "http://web/public" },
  },
  {
    ...l7,
    ...peers,
    time: at(7, 123),
    type: "response",
    verdict: "Forwarded",
    http: { ...http, code: 200, url: "http://web/public" },
  },
  {
    ...l7,
    ...peers,
    time: at(8, 410),
    type: "request",
    verdict: "Denied",
    http: { ...http, code: 0, latency: 0, url: "http://web/admin" },
  },
  {
    ...base,
    kind: "policy-verdict",
    time: at(9, 700),
    packet: packet(EVIL, 50112, SYN),
    sourceIdentity: 9120,
    remoteIdentity: 9120,
    ingress: true,
    action: "deny",
    verdict: -133,
    match: "none",
    authRequired: false,
    entry: undefined,
  },
  {
    ...base,
    kind: "drop",
    time: at(9, 700),
    packet: packet(EVIL, 50112, SYN),
    sourceIdentity: 9120,
    reason: 133,
    destinationId: 771,
    ifindex: 14,
    ingress: true,
    object: undefined,
  },
  {
    ...base,
    kind: "trace",
    time: at(12, 50),
    packet: packet(CLIENT, 0, 0, { protocol: 1, destinationPort: 0, icmpType: 8 }),
    point: "to-endpoint",
    reason: "new",
    destinationId: 771,
    ifindex: 14,
    originalAddress: 0,
  },
  {
    ...base,
    kind: "trace",
    time: at(13, 1),
    packet: packet(WEB, 80, 0x12, { destination: CLIENT, destinationPort: 41822 }),
    sourceIdentity: 38211,
    destinationIdentity: 5021,
    point: "to-overlay",
    reason: "reply",
    destinationId: 0,
    ifindex: 5,
    originalAddress: 0,
  },
]

const flows = (): Flow[] => EVENTS.map((event) => parseEvent(event, meta))
const printed = (format: FlowFormat, some: readonly Flow[] = flows(), policyNames = false): string => {
  const printer = new FlowPrinter({ format, ipTranslation: true, nodeName: false, policyNames, time: stampMilli })
  return some.map((flow) => printer.print(flow)).join("") + printer.end()
}

describe("hubble observe", () => {
  test("compact lines", () => {
    expect(printed("compact").split("\n")).toEqual([
      "Nov 22 20:31:07.118: default/client:41822 (ID:5021) -> default/web-7c5d-abcde:80 (ID:38211) to-overlay FORWARDED (TCP Flags: SYN)",
      "Nov 22 20:31:07.119: default/client:41822 (ID:5021) -> default/web-7c5d-abcde:80 (ID:38211) policy-verdict:L3-L4 INGRESS ALLOWED (TCP Flags: SYN)",
      "Nov 22 20:31:07.119: default/client:41822 (ID:5021) -> default/web-7c5d-abcde:80 (ID:38211) to-proxy FORWARDED (TCP Flags: SYN)",
      "Nov 22 20:31:07.121: default/client:41822 (ID:5021) -> default/web-7c5d-abcde:80 (ID:38211) http-request FORWARDED (HTTP/1.1 GET http://web/public)",
      "Nov 22 20:31:07.123: default/client:41822 (ID:5021) <- default/web-7c5d-abcde:80 (ID:38211) http-response FORWARDED (HTTP/1.1 200 2ms (GET http://web/public))",
      "Nov 22 20:31:08.410: default/client:41822 (ID:5021) -> default/web-7c5d-abcde:80 (ID:38211) http-request DROPPED (HTTP/1.1 GET http://web/admin)",
      "Nov 22 20:31:09.700: default/evil:50112 (ID:9120) <> default/web-7c5d-abcde:80 (ID:38211) policy-verdict:none INGRESS DENIED (TCP Flags: SYN)",
      "Nov 22 20:31:09.700: default/evil:50112 (ID:9120) <> default/web-7c5d-abcde:80 (ID:38211) Policy denied DROPPED (TCP Flags: SYN)",
      "Nov 22 20:31:12.050: default/client (ID:5021) -> default/web-7c5d-abcde (ID:38211) to-endpoint FORWARDED (ICMPv4 EchoRequest)",
      "Nov 22 20:31:13.001: default/client:41822 (ID:5021) <- default/web-7c5d-abcde:80 (ID:38211) to-overlay FORWARDED (TCP Flags: SYN, ACK)",
      "",
    ])
  })

  test("policy names", () => {
    expect(printed("compact", [flows()[1] as Flow], true)).toContain("(TCP Flags: SYN) BY l7 (CiliumNetworkPolicy)\n")
  })

  test("json keeps the API's order and leaves out what is not set", () => {
    expect(JSON.parse(printed("jsonpb", [flows()[7] as Flow]))).toEqual({
      flow: {
        time: "2026-11-22T20:31:09.700000000Z",
        uuid: "u",
        verdict: "DROPPED",
        drop_reason: 133,
        ethernet: { source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02" },
        IP: { source: "10.0.1.31", destination: "10.0.2.31", ipVersion: "IPv4" },
        l4: { TCP: { source_port: 50112, destination_port: 80, flags: { SYN: true } } },
        source: {
          identity: 9120,
          cluster_name: "default",
          namespace: "default",
          labels: ["k8s:app=evil"],
          pod_name: "evil",
        },
        destination: {
          ID: 771,
          identity: 38211,
          cluster_name: "default",
          namespace: "default",
          labels: ["k8s:app=web-7c5d-abcde"],
          pod_name: "web-7c5d-abcde",
        },
        Type: "L3_L4",
        node_name: "w2",
        node_labels: ["kubernetes.io/hostname=w2"],
        event_type: { type: 1, sub_type: 133 },
        traffic_direction: "INGRESS",
        drop_reason_desc: "POLICY_DENIED",
        Summary: "TCP Flags: SYN",
      },
      node_name: "w2",
      time: "2026-11-22T20:31:09.700000000Z",
    })
  })

  test("a table is aligned, a dictionary right-aligned", () => {
    expect(printed("tab", flows().slice(6, 8))).toBe(
      "TIMESTAMP             SOURCE               DESTINATION                 TYPE                          VERDICT   SUMMARY\n" +
        "Nov 22 20:31:09.700   default/evil:50112   default/web-7c5d-abcde:80   policy-verdict:none INGRESS   DENIED    TCP Flags: SYN\n" +
        "Nov 22 20:31:09.700   default/evil:50112   default/web-7c5d-abcde:80   Policy denied                 DROPPED   TCP Flags: SYN\n",
    )
    expect(printed("dict", flows().slice(7, 9))).toBe(
      "  TIMESTAMP: Nov 22 20:31:09.700\n     SOURCE: default/evil:50112\nDESTINATION: default/web-7c5d-abcde:80\n       TYPE: Policy denied\n    VERDICT: DROPPED\n    SUMMARY: TCP Flags: SYN\n" +
        "------------\n  TIMESTAMP: Nov 22 20:31:12.050\n     SOURCE: default/client\nDESTINATION: default/web-7c5d-abcde\n       TYPE: to-endpoint\n    VERDICT: FORWARDED\n    SUMMARY: ICMPv4 EchoRequest\n",
    )
  })
})

describe("filters", () => {
  const pass = (...terms: [name: string, value: string, not?: boolean][]): number[] => {
    const filters = new FlowFilters()
    for (const [name, value, not = false] of terms) filters.add(name, value, not)
    return flows().flatMap((flow, i) => (filters.pass(flow) ? [i] : []))
  }

  test.each([
    ["verdict", [["verdict", "DROPPED"]], [5, 6, 7]],
    [
      "one field's values are alternatives",
      [
        ["verdict", "DROPPED"],
        ["verdict", "REDIRECTED"],
      ],
      [1, 5, 6, 7],
    ],
    [
      "fields are joined",
      [
        ["verdict", "DROPPED"],
        ["type", "drop"],
      ],
      [7],
    ],
    ["either end", [["pod", "evil"]], [6, 7]],
    ["one end, by prefix", [["to-pod", "web-"]], [0, 1, 2, 3, 5, 6, 7, 8]],
    [
      "not",
      [
        ["pod", "evil", true],
        ["protocol", "tcp", false],
      ],
      [0, 1, 2, 3, 4, 5, 9],
    ],
    [
      "both ends of one flag go together",
      [
        ["pod", "web-"],
        ["port", "80"],
      ],
      [0, 1, 2, 3, 4, 5, 6, 7, 9],
    ],
    ["labels", [["from-label", "app=evil"]], [6, 7]],
    ["labels with a source", [["from-label", "k8s:app=evil"]], [6, 7]],
    ["status", [["http-status", "2+"]], [4]],
    ["path", [["http-path", "^/pub"]], [3, 4]],
    ["subtype", [["type", "trace:to-proxy"]], [2]],
    ["range", [["from-ip", "10.0.1.16/28"]], [6, 7]],
    ["identity", [["from-identity", "9120"]], [6, 7]],
  ] as const)("%s", (_, terms, expected) => {
    expect(pass(...(terms as unknown as [string, string, boolean?][]))).toEqual(expected)
  })

  test("what is no filter is refused", () => {
    expect(() => pass(["verdict", "NO"])).toThrow(FilterError)
    expect(() => pass(["type", "nothing"])).toThrow(/expected one of drop, trace, l7, policy-verdict/)
  })
})
