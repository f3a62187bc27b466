/** Answers with their reasons, down to the line of the manifest. */
import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import { type Peer, reservedPeer } from "../../src/policy/peer.ts"
import { IPPROTO } from "../../src/policy/rule.ts"
import { manifestLine } from "../../src/policy/source.ts"
import {
  client,
  evaluator,
  fromClient,
  host,
  outside,
  policy,
  port,
  selectClient,
  selectWeb,
  tcp,
  visitor,
  web,
} from "../support/policies.ts"

describe("explanations", () => {
  const manifest = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: other, namespace: other }
spec: { podSelector: {} }
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: default
spec:
  endpointSelector:
    matchLabels: { app: web }
  ingress:
    - fromEndpoints:
        - matchLabels: { app: client }
      toPorts:
        - ports: [{ port: "80", protocol: TCP }]
        - ports: [{ port: "443", protocol: TCP }]
  ingressDeny:
    - fromEntities: [world]
`
  const object = parseAllDocuments(manifest)[1]?.toJS() as PolicyObject
  const cilium = evaluator([object])
  const line = (path: string | undefined) => manifestLine(manifest, 1, path ?? "")

  test("name a rule that came near once, however many ports and peers it has", () => {
    const wide = evaluator([
      policy({
        ...selectWeb,
        ingress: [
          {
            fromEndpoints: [{ matchLabels: { app: "client" } }, { matchLabels: { app: "nobody" } }],
            toPorts: [{ ports: [80, 443, 8443].flatMap((number) => tcp(number).ports) }],
          },
        ],
      }),
    ])
    const near = (from: Peer, to: number): unknown =>
      wide.lookup(from, web, port(to)).ingress?.missed.map(({ rule, peer, port }) => ({ path: rule.path, peer, port }))
    const path = "spec.ingress[0].toPorts[0]"
    expect(near(client, 22)).toEqual([{ path, peer: true, port: false }])
    expect(near(visitor, 443)).toEqual([{ path, peer: false, port: true }])
    expect(near(visitor, 22)).toEqual([{ path, peer: false, port: false }])
  })

  test("name the rule that allowed, to its line", () => {
    const { ingress, egress } = cilium.lookup(client, web, port(443))
    expect(ingress).toMatchObject({ enforced: true, verdict: "allow", match: "L3-L4", reason: 0 })
    expect(ingress?.rules).toEqual([
      {
        origin: { kind: "CiliumNetworkPolicy", namespace: "default", name: "web", uid: "" },
        path: "spec.ingress[0].toPorts[1]",
      },
    ])
    expect(line(ingress?.rules[0]?.path)).toBe(19)
    expect(egress).toMatchObject({ enforced: false, verdict: "allow", match: "all", rules: [] })
  })

  test("name the deny that decided", () => {
    const verdict = cilium.lookup(outside, web, port(80))
    expect(verdict).toMatchObject({ verdict: "deny", direction: "ingress", reason: 181 })
    expect(line(verdict.ingress?.rules[0]?.path)).toBe(21)
    expect(verdict.egress).toBeUndefined()
  })

  test("say what a default deny lacked: the peer, the port, or both", () => {
    const lacked = (from: Peer, number: number) =>
      cilium
        .lookup(from, web, port(number))
        .ingress?.missed.filter(({ rule }) => rule.path !== undefined)
        .map(({ rule, peer, port: matched }) => [line(rule.path), peer, matched])
    expect(cilium.lookup(visitor, web, port(80)).ingress?.reason).toBe(133)
    expect(lacked(visitor, 80)).toEqual([
      [18, false, true],
      [19, false, false],
    ])
    expect(lacked(client, 22)).toEqual([
      [18, true, false],
      [19, true, false],
    ])
    expect(lacked(client, 80)).toEqual([])
  })

  test("name what switched default deny on", () => {
    const { ingress, egress } = cilium.lookup(client, web, port(22))
    expect(ingress?.isolating.map(({ origin, path }) => `${origin.name} ${path}`)).toEqual(["web spec"])
    expect(egress?.isolating).toEqual([])
  })

  test("say what readers stumble over: addresses of pods and nodes, ICMP beside ports", () => {
    const cidr = evaluator([
      policy({ ...selectWeb, ingress: [{ fromCIDR: ["10.0.0.0/24"] }, { ...fromClient, toPorts: [tcp(80)] }] }),
    ])
    const notes = (from: Peer, flow = port(80)) => cidr.lookup(from, web, flow).ingress?.missed.map(({ note }) => note)
    expect(notes(visitor)).toEqual([
      "the prefix covers its address, but pods are selected by label, never by address",
      undefined,
    ])
    expect(notes(reservedPeer("n", "remote-node", ["10.0.0.9"]))?.[0]).toContain("nodes are selected by entity")
    expect(notes(outside)).toEqual([undefined, undefined])
    expect(notes(client, port(8, IPPROTO.ICMP))?.[1]).toBe("ports are those of TCP, UDP and SCTP: ICMP needs icmps")
  })

  test("lines: of keys, of elements, and of the nearest that is there", () => {
    expect([
      line("spec"),
      line("spec.ingress"),
      line("spec.ingress[0]"),
      line("spec.ingress[0].toPorts[9].rules"),
    ]).toEqual([11, 14, 15, 17])
    expect(manifestLine(manifest, 7, "spec")).toBeUndefined()
  })
})

test("a query is answered when a rule names it, refused by the rules that do not", () => {
  const dns = { ports: [{ port: "53", protocol: "ANY" }], rules: { dns: [{ matchPattern: "*.example.com" }] } }
  const cilium = evaluator([policy({ ...selectClient, egress: [{ toEntities: ["all"], toPorts: [dns] }] })])
  const ask = (query: string) => cilium.lookup(client, outside, port(53, IPPROTO.UDP), { query })
  expect(ask("www.example.com")).toMatchObject({ verdict: "redirect", dns: { allowed: true } })
  expect(ask("www.example.net").dns).toMatchObject({
    allowed: false,
    direction: "egress",
    rules: [{ path: "spec.egress[0].toPorts[0]" }],
  })
  expect(cilium.lookup(client, outside, port(80), { query: "www.example.com" }).dns).toBeUndefined()
})

describe("the article's two policies", () => {
  const [l4, l7] = parseAllDocuments(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny-ingress
spec:
  podSelector: {}
  policyTypes:
  - Ingress
---
apiVersion: "cilium.io/v2"
kind: CiliumNetworkPolicy
metadata:
  name: "l7-policy-example"
spec:
  endpointSelector:
    matchLabels:
      app: web
  ingress:
  - fromEndpoints:
    - matchLabels:
        app: client
    toPorts:
    - ports:
      - port: "80"
        protocol: TCP
      rules:
        http:
        - method: "GET"
          path: "/allowed"
`).map((document) => document.toJS() as PolicyObject)
  const cilium = new CiliumEvaluator()
  const ask = (from: Peer, path: string) => cilium.lookup(from, web, port(80), { method: "GET", path })

  test("the first denies every pod, and no host", () => {
    cilium.repository.upsert([parseNetworkPolicy(l4 as PolicyObject)])
    expect(ask(client, "/")).toMatchObject({ verdict: "deny", direction: "ingress", reason: 133 })
    expect(ask(host, "/").verdict).toBe("allow")
  })

  test("the second lets the client's requests for one path through the proxy", () => {
    cilium.repository.upsert(parseCiliumPolicy(l7 as PolicyObject).rules)
    expect(["/allowed", "/denied", "/allowed?x=1", "/allowed/"].map((path) => ask(client, path).http?.allowed)).toEqual(
      [true, false, false, false],
    )
    expect(ask(client, "/denied").verdict).toBe("redirect")
    expect(ask(visitor, "/allowed")).toMatchObject({ verdict: "deny", reason: 133 })
  })
})
