/** Random clusters and policies of both kinds, for properties: few names, so that rules and pods meet often. */
import fc from "fast-check"
import type { PolicyObject } from "../../src/policy/parse/cilium-policy.ts"
import { externalPeer, type Peer, podPeer, reservedPeer } from "../../src/policy/peer.ts"
import { IPPROTO } from "../../src/policy/rule.ts"

export const NAMESPACES = { red: { team: "a" }, blue: { team: "b" }, green: { team: "a", tier: "x" } } as const
const NAMES = Object.keys(NAMESPACES) as (keyof typeof NAMESPACES)[]
const KEYS = ["app", "tier"] as const
const VALUES = ["a", "b", "c"] as const
export const PORTS = [80, 81, 443, 8080] as const
export const PROTOCOLS = [IPPROTO.TCP, IPPROTO.UDP, IPPROTO.SCTP, IPPROTO.ICMP] as const

export const labels: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.constantFrom(...VALUES),
  { maxKeys: 2 },
)

/** Pods with addresses of their own, an address outside, and the reserved peers that rules treat apart. */
export const peers: fc.Arbitrary<Peer[]> = fc
  .array(fc.record({ namespace: fc.constantFrom(...NAMES), labels, web: fc.constantFrom(80, 8080) }), {
    minLength: 2,
    maxLength: 6,
  })
  .map((pods) => [
    ...pods.map(({ namespace, labels: own, web }, index) =>
      podPeer({
        namespace,
        name: `p${index}`,
        labels: own,
        namespaceLabels: { "kubernetes.io/metadata.name": namespace, ...NAMESPACES[namespace] },
        addresses: [`10.0.0.${index + 1}`],
        namedPorts: new Map([[`web/${IPPROTO.TCP}`, [web]]]),
      }),
    ),
    externalPeer("near", ["192.0.2.7"]),
    externalPeer("far", ["203.0.113.9"]),
    reservedPeer("host", "host"),
    reservedPeer("remote-node", "remote-node"),
  ])

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.subarray([...VALUES], { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom("Exists", "DoesNotExist") }),
)

const selector = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ matchLabels: labels }) },
  { weight: 1, arbitrary: fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }) },
)
const namespaceSelector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.constantFrom({ team: "a" }, { team: "b" }, { tier: "x" }) }),
)

const knpPeer = fc.oneof(
  { weight: 3, arbitrary: fc.record({ podSelector: selector }) },
  { weight: 1, arbitrary: fc.record({ namespaceSelector }) },
  { weight: 2, arbitrary: fc.record({ podSelector: selector, namespaceSelector }) },
  { weight: 1, arbitrary: fc.constant({ ipBlock: { cidr: "192.0.2.0/24" } }) },
  { weight: 1, arbitrary: fc.constant({ ipBlock: { cidr: "0.0.0.0/0", except: ["203.0.113.0/24"] } }) },
)
const knpPort = fc.oneof(
  fc.record({ port: fc.constantFrom(...PORTS), protocol: fc.constantFrom("TCP", "UDP", "SCTP") }),
  fc.constant({ port: "web" }),
  fc.constant({ protocol: "UDP" }),
  fc.constant({ port: 80, endPort: 443, protocol: "TCP" }),
)
const knpRules = (peer: string): fc.Arbitrary<unknown[]> =>
  fc.array(
    fc.record(
      { [peer]: fc.array(knpPeer, { maxLength: 2 }), ports: fc.array(knpPort, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    {
      maxLength: 2,
    },
  )

export const networkPolicy: fc.Arbitrary<PolicyObject> = fc
  .record({
    namespace: fc.constantFrom(...NAMES),
    podSelector: selector,
    policyTypes: fc.subarray(["Ingress", "Egress"], { minLength: 1 }),
    ingress: knpRules("from"),
    egress: knpRules("to"),
  })
  .map(({ namespace, ...spec }) => ({ kind: "NetworkPolicy", metadata: { namespace, name: "" }, spec }))

const ciliumPeers = (side: "from" | "to"): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ [`${side}Endpoints`]: fc.array(selector, { minLength: 1, maxLength: 2 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        [`${side}Entities`]: fc.subarray(["world", "host", "cluster", "remote-node"], { minLength: 1 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ [`${side}Entities`]: ["all"] }) },
    { weight: 1, arbitrary: fc.constant({ [`${side}CIDR`]: ["192.0.2.0/24"] }) },
    { weight: 1, arbitrary: fc.constant({ [`${side}CIDRSet`]: [{ cidr: "0.0.0.0/0", except: ["203.0.113.0/24"] }] }) },
    { weight: 1, arbitrary: fc.constant({}) },
  )
const ciliumPort = fc.oneof(
  fc.record({ port: fc.constantFrom(...PORTS).map(String), protocol: fc.constantFrom("TCP", "UDP", "ANY") }),
  fc.constant({ port: "web", protocol: "TCP" }),
  fc.constant({ port: "0", protocol: "TCP" }),
  fc.constant({ port: "80", endPort: 443, protocol: "TCP" }),
)
const plainPorts = fc.record({ ports: fc.array(ciliumPort, { minLength: 1, maxLength: 2 }) })
const httpPorts = fc.record({
  ports: fc.constantFrom([{ port: "80", protocol: "TCP" }], [{ port: "80", endPort: 443, protocol: "TCP" }]),
  rules: fc.constantFrom({ http: [{ method: "GET" }] }, { http: [{ path: "/a" }] }),
})
const icmps = fc.constant({ icmps: [{ fields: [{ type: 8 }] }] })

const ciliumEntry = (side: "from" | "to", deny: boolean): fc.Arbitrary<object> =>
  fc
    .tuple(
      ciliumPeers(side),
      fc.oneof(
        fc.constant({}),
        icmps,
        fc.record({
          toPorts: fc.array(deny ? plainPorts : fc.oneof(plainPorts, httpPorts), { minLength: 1, maxLength: 2 }),
        }),
      ),
    )
    .map(([peer, ports]) => ({ ...peer, ...ports }))

/** An allowance may ask for mutual authentication. */
const authenticated = (entry: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 8, arbitrary: entry },
    {
      weight: 1,
      arbitrary: fc
        .tuple(entry, fc.constantFrom("required", "disabled"))
        .map(([one, mode]) => ({ ...one, authentication: { mode } })),
    },
  )

/** `denies`: whether deny lists may occur; `authentication`: whether allowances may ask for it. */
export const ciliumPolicy = (denies: boolean, authentication = false): fc.Arbitrary<PolicyObject> => {
  const allowance = (side: "from" | "to"): fc.Arbitrary<object> =>
    authentication ? authenticated(ciliumEntry(side, false)) : ciliumEntry(side, false)
  return fc
    .record({
      namespace: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
      endpointSelector: selector,
      ingress: fc.array(allowance("from"), { maxLength: 2 }),
      egress: fc.array(allowance("to"), { maxLength: 2 }),
      ingressDeny: fc.array(ciliumEntry("from", true), { maxLength: denies ? 1 : 0 }),
      egressDeny: fc.array(ciliumEntry("to", true), { maxLength: denies ? 1 : 0 }),
      enableDefaultDeny: fc.constantFrom(
        undefined,
        { ingress: false },
        { egress: false },
        { ingress: true, egress: true },
      ),
    })
    .filter(
      ({ ingress, egress, ingressDeny, egressDeny }) =>
        ingress.length + egress.length + ingressDeny.length + egressDeny.length > 0,
    )
    .map(({ namespace, ...spec }) => ({
      kind: namespace === undefined ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy",
      metadata: { name: "", ...(namespace === undefined ? {} : { namespace }) },
      spec: Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)),
    }))
}

/** Policies with names of their own. */
export const policies = (one: fc.Arbitrary<PolicyObject>, maxLength = 4): fc.Arbitrary<PolicyObject[]> =>
  fc
    .array(one, { maxLength })
    .map((list) =>
      list.map((object, index) => ({ ...object, metadata: { ...object.metadata, name: `policy-${index}` } })),
    )
