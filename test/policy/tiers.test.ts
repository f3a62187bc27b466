/** Ordered tiers around NetworkPolicy, and the node's exceptions: by the plain evaluator, and on Cilium's map. */
import { describe, expect, test } from "vitest"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../src/policy/kubernetes.ts"
import { LabelSet } from "../../src/policy/labels.ts"
import { parseAdminPolicy } from "../../src/policy/parse/admin-policy.ts"
import type { PolicyObject } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import { externalPeer, type Peer, podPeer, reservedPeer } from "../../src/policy/peer.ts"
import { IPPROTO } from "../../src/policy/rule.ts"

const pod = (namespace: string, app: string, address: string, team: string): Peer =>
  podPeer({
    namespace,
    name: app,
    labels: { app },
    namespaceLabels: { "kubernetes.io/metadata.name": namespace, team },
    addresses: [address],
    namedPorts: new Map([[`web/${IPPROTO.TCP}`, [80]]]),
    node: "worker-1",
  })

const web = pod("shop", "web", "10.0.0.1", "a")
const friend = pod("shop", "friend", "10.0.0.2", "a")
const stranger = pod("other", "stranger", "10.0.0.3", "b")
const node = (name: string, zone: string): Peer => ({
  ...reservedPeer(name, "remote-node", ["192.0.2.1"], name),
  nodeLabels: new LabelSet([`node:zone=${zone}`]),
})
const worker1 = node("worker-1", "east")
const worker2 = node("worker-2", "west")

const admin = (spec: object, name = "admin"): PolicyObject => ({
  kind: "ClusterNetworkPolicy",
  metadata: { name },
  spec: { tier: "Admin", priority: 10, ...spec },
})
const shop = { subject: { namespaces: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } } }
const fromTeam = (team: string) => ({ from: [{ namespaces: { matchLabels: { team } } }] })
const isolate = (ingress: object[]) =>
  parseNetworkPolicy({
    kind: "NetworkPolicy",
    metadata: { name: "np", namespace: "shop" },
    spec: { podSelector: {}, ingress },
  })

interface Both {
  rules?: ReturnType<typeof isolate>[]
  objects?: PolicyObject[]
}

/** Both evaluators, which must agree. */
function verdict(from: Peer, to: Peer, port: number, { rules = [], objects = [] }: Both): string {
  const plain = new KubernetesEvaluator(rules, objects).lookup(from, to, { protocol: IPPROTO.TCP, port })
  const cilium = new CiliumEvaluator()
  cilium.repository.upsert(rules)
  for (const object of objects) cilium.repository.upsertTier(parseAdminPolicy(object))
  expect(cilium.lookup(from, to, { protocol: IPPROTO.TCP, port })).toMatchObject({
    verdict: plain.verdict,
    reason: plain.reason,
  })
  return plain.verdict
}

describe("tiers", () => {
  test("the administrator's deny goes before an allow, his accept before isolation", () => {
    const deny = admin({ ...shop, ingress: [{ action: "Deny", ...fromTeam("b") }] })
    const accept = admin({ ...shop, ingress: [{ action: "Accept", ...fromTeam("b") }] })
    expect(verdict(stranger, web, 80, { rules: [isolate([{}])], objects: [deny] })).toBe("deny")
    expect(verdict(stranger, web, 80, { rules: [isolate([])], objects: [accept] })).toBe("allow")
    expect(verdict(friend, web, 80, { rules: [isolate([])], objects: [accept] })).toBe("deny")
  })

  test("the first that matches decides, the lower priority first; a pass leaves it to NetworkPolicy", () => {
    const pass = admin({ ...shop, priority: 5, ingress: [{ action: "Pass", ...fromTeam("b") }] }, "first")
    const deny = admin({ ...shop, ingress: [{ action: "Deny", ...fromTeam("b") }] }, "second")
    expect(verdict(stranger, web, 80, { objects: [deny, pass] })).toBe("allow")
    expect(verdict(stranger, web, 80, { objects: [deny, pass], rules: [isolate([])] })).toBe("deny")
    expect(
      verdict(stranger, web, 80, { objects: [deny, { ...pass, spec: { ...(pass.spec as object), priority: 50 } }] }),
    ).toBe("deny")
  })

  test("the baseline speaks only where nothing isolates", () => {
    const baseline: PolicyObject = {
      kind: "BaselineAdminNetworkPolicy",
      metadata: { name: "default" },
      spec: { ...shop, ingress: [{ action: "Deny", from: [{ namespaces: {} }] }] },
    }
    expect(verdict(stranger, web, 80, { objects: [baseline] })).toBe("deny")
    expect(verdict(stranger, web, 80, { objects: [baseline], rules: [isolate([{}])] })).toBe("allow")
  })

  test("ports: a number, a range, a name, a whole protocol", () => {
    const deny = (part: object) => admin({ ...shop, ingress: [{ action: "Deny", ...fromTeam("b"), ...part }] })
    const verdicts = (part: object) =>
      [79, 80, 81].map((port) => verdict(stranger, web, port, { objects: [deny(part)] }))
    expect(verdicts({ protocols: [{ tcp: { destinationPort: { number: 80 } } }] })).toEqual(["allow", "deny", "allow"])
    expect(verdicts({ protocols: [{ tcp: { destinationPort: { range: { start: 80, end: 90 } } } }] })).toEqual([
      "allow",
      "deny",
      "deny",
    ])
    expect(verdicts({ protocols: [{ destinationNamedPort: "web" }] })).toEqual(["allow", "deny", "allow"])
    expect(verdicts({ protocols: [{ tcp: {} }] })).toEqual(["deny", "deny", "deny"])
    expect(verdicts({ protocols: [{ udp: {} }] })).toEqual(["allow", "allow", "allow"])
    expect(verdicts({ ports: [{ portRange: { start: 79, end: 80 } }, { namedPort: "none" }] })).toEqual([
      "deny",
      "deny",
      "allow",
    ])
  })

  test("namespaces that have a label in common with the subject's, or have not", () => {
    const deny = (namespaces: object) => admin({ ...shop, ingress: [{ action: "Deny", from: [{ namespaces }] }] })
    expect(
      [friend, stranger].map((peer) => verdict(peer, web, 80, { objects: [deny({ sameLabels: ["team"] })] })),
    ).toEqual(["deny", "allow"])
    expect(
      [friend, stranger].map((peer) => verdict(peer, web, 80, { objects: [deny({ notSameLabels: ["team"] })] })),
    ).toEqual(["allow", "deny"])
  })
})

test("a cache of verdicts sees that an identity has come", () => {
  const { repository } = new CiliumEvaluator()
  repository.upsertTier(parseAdminPolicy(admin({ ...shop, ingress: [{ action: "Deny", ...fromTeam("b") }] })))
  const { map } = repository.resolve({ labels: web.labels })
  const [before, access] = [map.generation, map.canAccess(7, "ingress", IPPROTO.TCP, 80)]
  repository.addIdentity(7, stranger.labels)
  expect([access, map.canAccess(7, "ingress", IPPROTO.TCP, 80)]).toEqual([0, -181])
  expect(map.generation).toBeGreaterThan(before)
})

test("names, and any depth below one", () => {
  const accept = { action: "Accept", to: [{ domainNames: ["example.com", "*.example.org"] }] }
  const rest = { action: "Deny", to: [{ networks: ["0.0.0.0/0"] }] }
  const plain = new KubernetesEvaluator([], [admin({ ...shop, egress: [accept, rest] })])
  const names = ["example.com", "www.example.com", "a.example.org", "a.b.Example.org.", "example.org", "notexample.org"]
  const allowed = names.filter(
    (name) =>
      plain.lookup(web, externalPeer(name, ["192.0.2.1"], [name]), { protocol: IPPROTO.TCP, port: 443 }).verdict ===
      "allow",
  )
  expect(allowed).toEqual(["example.com", "a.example.org", "a.b.Example.org."])
})

describe("nodes", () => {
  const plain = (from: Peer, to: Peer, both: Both) =>
    new KubernetesEvaluator(both.rules ?? [], both.objects).lookup(from, to, { protocol: IPPROTO.TCP, port: 80 })
      .verdict

  test("a pod's own node passes any NetworkPolicy, another does not", () => {
    expect(plain(worker1, web, { rules: [isolate([])] })).toBe("allow")
    expect(plain(worker2, web, { rules: [isolate([])] })).toBe("deny")
    expect(plain(worker2, web, { rules: [isolate([{ from: [{ namespaceSelector: {} }] }])] })).toBe("deny")
    expect(plain(worker2, web, { rules: [isolate([{ from: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }])] })).toBe("allow")
  })

  test("are selected by the labels of the Node, and no pod is", () => {
    const deny = admin({ ...shop, egress: [{ action: "Deny", to: [{ nodes: { matchLabels: { zone: "west" } } }] }] })
    expect([worker1, worker2, stranger].map((peer) => plain(web, peer, { objects: [deny] }))).toEqual([
      "allow",
      "deny",
      "allow",
    ])
    const all = admin({
      ...shop,
      egress: [{ action: "Deny", to: [{ nodes: { matchExpressions: [{ key: "zone", operator: "Exists" }] } }] }],
    })
    expect([worker1, worker2, stranger].map((peer) => plain(web, peer, { objects: [all] }))).toEqual([
      "deny",
      "deny",
      "allow",
    ])
  })

  test("on Cilium, any node for a selector of nothing", () => {
    const cilium = new CiliumEvaluator()
    cilium.repository.upsertTier(
      parseAdminPolicy(admin({ ...shop, egress: [{ action: "Deny", to: [{ nodes: {} }] }] })),
    )
    expect(
      [worker2, stranger].map((peer) => cilium.lookup(web, peer, { protocol: IPPROTO.TCP, port: 80 }).verdict),
    ).toEqual(["deny", "allow"])
  })
})
