/** What is refused, what is ignored, and what a NetworkPolicy becomes. */
import { describe, expect, test } from "vitest"
import { parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import { fromClient, host, outside, policy, selectWeb, tcp, visitor, web } from "../support/policies.ts"

describe("refusals", () => {
  test.each([
    [
      { ingress: [{ toPorts: [{ ports: [{ port: 80 }] }] }] },
      "decode: json: cannot unmarshal number into Go struct field PortProtocol.spec.ingress.toPorts.ports.port of type string",
    ],
    [
      { egress: [{ toCIDR: "10.0.0.0/8" }] },
      "decode: json: cannot unmarshal string into Go struct field EgressRule.spec.egress.EgressCommonRule.toCIDR of type api.CIDRSlice",
    ],
    [
      { ingress: [{ icmps: [{ fields: [{ type: "Ping", family: "IPv6" }] }] }] },
      "decode: ICMP type Ping not found in IPv6",
    ],
    [
      { enableDefaultDeny: { ingress: "no" }, ingress: [{}] },
      "decode: json: cannot unmarshal string into Go struct field DefaultDenyConfig.spec.enableDefaultDeny.ingress of type bool",
    ],
    [
      { ingress: [{ toPorts: [{ ports: [{ port: "70000", protocol: "TCP" }] }] }] },
      'Invalid CiliumNetworkPolicy spec: unable to parse port: strconv.ParseUint: parsing "70000": value out of range',
    ],
    [
      { ingress: [{ toPorts: [{ ...tcp(80), rules: { http: [{ path: "a\\" }] } }] }] },
      "Invalid CiliumNetworkPolicy spec: error parsing regexp: trailing backslash at end of expression: ``",
    ],
    [
      { egress: [{ toNodes: [{}] }] },
      'Invalid CiliumNetworkPolicy spec: FromNodes/ToNodes rules can only be applied when the "enable-node-selector-labels" flag is set',
    ],
    [
      {
        egress: [
          {
            toPorts: [{ ports: [{ port: "53", endPort: 60, protocol: "UDP" }], rules: { dns: [{ matchName: "a" }] } }],
          },
        ],
      },
      "Invalid CiliumNetworkPolicy spec: DNS rules do not support port ranges",
    ],
  ])("%j", (part, message) => {
    expect(parseCiliumPolicy(policy({ endpointSelector: {}, ...part })).error).toBe(message)
  })

  test("fields nobody knows are named, and have no effect", () => {
    const spec = {
      ...selectWeb,
      ingress: [{ ...fromClient, toPorts: [{ ...tcp(80), rules: { kafka: [{ topic: "x" }] } }] }],
    }
    const { rules, error, warnings } = parseCiliumPolicy(policy(spec))
    expect(error).toBeUndefined()
    expect(warnings).toEqual(['unknown field "spec.ingress[0].toPorts[0].rules.kafka": ignored'])
    expect(rules[0]?.entries[0]?.ports?.[0]?.l7).toBeUndefined()
  })

  test("specs stand or fall together", () => {
    const good = { endpointSelector: {}, ingress: [{}] }
    const object = {
      kind: "CiliumNetworkPolicy",
      metadata: { name: "p", namespace: "default" },
      specs: [good, { endpointSelector: {} }],
    }
    expect(parseCiliumPolicy(object)).toMatchObject({
      rules: [],
      error: expect.stringContaining("Invalid CiliumNetworkPolicy specs: rule must have"),
    })
    expect(parseCiliumPolicy({ ...object, specs: [good, good] }).rules.map(({ ref }) => ref.path)).toEqual([
      "specs[0]",
      "specs[1]",
    ])
  })
})

describe("NetworkPolicy", () => {
  const parse = (spec: object) =>
    parseNetworkPolicy({ kind: "NetworkPolicy", metadata: { name: "p", namespace: "default", uid: "u" }, spec })

  test("directions as the API server defaults them", () => {
    expect(parse({ podSelector: {} }).enableDefaultDeny).toEqual({ ingress: true, egress: false })
    expect(parse({ podSelector: {}, egress: [{}] }).enableDefaultDeny).toEqual({ ingress: true, egress: true })
    expect(parse({ podSelector: {}, policyTypes: ["Egress"], ingress: [{}] })).toMatchObject({
      enableDefaultDeny: { ingress: false, egress: true },
      entries: [],
    })
  })

  test("a namespaceSelector of nothing takes every pod, and no node", () => {
    const [peer] = parse({ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }).entries[0]?.peers ?? []
    expect([web, visitor, host, outside].map(({ labels }) => peer?.matches(labels))).toEqual([true, true, false, false])
  })

  test("its labels, as the agent keeps them", () => {
    expect(parse({ podSelector: {} }).labels).toEqual([
      "k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy",
      "k8s:io.cilium.k8s.policy.name=p",
      "k8s:io.cilium.k8s.policy.namespace=default",
      "k8s:io.cilium.k8s.policy.uid=u",
    ])
  })
})
