/** From policies to maps and redirects: what the corpus does not ask for. */
import { describe, expect, test } from "vitest"
import type { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { PolicyConflict } from "../../src/policy/l4-filter.ts"
import { LabelSet } from "../../src/policy/labels.ts"
import { parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { externalPeer } from "../../src/policy/peer.ts"
import { PolicyRepository } from "../../src/policy/repository.ts"
import { IPPROTO, originKey } from "../../src/policy/rule.ts"
import {
  client,
  evaluator,
  fromClient,
  host,
  http,
  outside,
  pod,
  policy,
  port,
  selectClient,
  selectWeb,
  tcp,
  visitor,
  web,
} from "../support/policies.ts"

describe("redirects", () => {
  const two = evaluator([
    policy({ ...selectWeb, ingress: [{ ...fromClient, toPorts: [http(80, { method: "GET" })] }] }, "a"),
    policy(
      { ...selectWeb, ingress: [{ ...fromClient, toPorts: [http(80, { path: "/x" })] }, { toPorts: [http(81, {})] }] },
      "b",
    ),
  ])

  test("name their port, parser and each selector's rules, merged over policies", () => {
    const redirects = two.policy(web).redirects
    expect(
      redirects.map(({ direction, parser, port: number, proxyPort }) => ({ direction, parser, number, proxyPort })),
    ).toEqual([
      { direction: "ingress", parser: "http", number: 80, proxyPort: 1 },
      { direction: "ingress", parser: "http", number: 81, proxyPort: 1 },
    ])
    expect(redirects[0]?.perSelector.map(({ http: rules }) => rules)).toEqual([[{ method: "GET" }, { path: "/x" }]])
    expect(redirects[0]?.perSelector[0]?.rules.map(({ origin, path }) => `${origin.name} ${path}`)).toEqual([
      "a spec.ingress[0].toPorts[0]",
      "b spec.ingress[0].toPorts[0]",
    ])
  })

  test("the host passes the proxy without restriction", () => {
    expect(two.policy(web).redirects[1]?.perSelector.map(({ selector }) => selector.text)).toHaveLength(2)
    expect(two.lookup(host, web, port(81), { method: "POST", path: "/y" }).http?.allowed).toBe(true)
    expect(two.lookup(host, web, port(81)).verdict).toBe("redirect")
  })

  test("get the ports the agent allocates", () => {
    const repository = new PolicyRepository()
    repository.upsert(
      parseCiliumPolicy(policy({ ...selectWeb, ingress: [{ ...fromClient, toPorts: [http(80, {})] }] })).rules,
    )
    repository.addIdentity(5, client.labels)
    const asked: string[] = []
    const resolved = repository.resolve({
      labels: web.labels,
      proxyPort: ({ direction, parser, port: number }) => {
        asked.push(`${direction} ${parser} ${number}`)
        return 14301
      },
    })
    expect(asked).toEqual(["ingress http 80"])
    expect(resolved.map.canAccess(5, "ingress", IPPROTO.TCP, 80)).toBe(14301)
  })

  test("a request is judged by every rule that covers its port", () => {
    const ask = (method: string, path: string) => two.lookup(client, web, port(80), { method, path }).http
    expect(ask("GET", "/y")?.allowed).toBe(true)
    expect(ask("POST", "/x")?.rule).toEqual({ path: "/x" })
    expect(ask("POST", "/y")).toMatchObject({ allowed: false, direction: "ingress" })
    expect(ask("POST", "/y")?.rules.map(({ origin }) => origin.name)).toEqual(["a", "b"])
    expect(two.lookup(visitor, web, port(80), { method: "GET", path: "/x" }).http).toBeUndefined()
  })

  test("parsers that cannot share a port are a conflict, and named", () => {
    const dns = { ports: [{ port: "53", protocol: "TCP" }], rules: { dns: [{ matchPattern: "*" }] } }
    const all = { toEntities: ["all"] }
    const cilium = evaluator([
      policy({ ...selectClient, egress: [{ ...all, toPorts: [dns] }] }, "a"),
      policy({ ...selectClient, egress: [{ ...all, toPorts: [http(53, {})] }] }, "b"),
    ])
    expect(() => cilium.policy(client)).toThrow(PolicyConflict)
    expect(() => cilium.policy(client)).toThrow("cannot merge conflicting L7 parsers (http/dns)")
  })

  test("listeners: the lower number wins, the user's before the parsers'", () => {
    const listener = (name: string, priority?: number) => ({
      ...tcp(443),
      listener: { envoyConfig: { name: "c" }, name, priority },
    })
    const all = { toEntities: ["all"] }
    const cilium = evaluator([
      policy({ ...selectClient, egress: [{ ...all, toPorts: [listener("slow"), listener("fast", 7)] }] }),
    ])
    cilium.lookup(client, outside, port(443))
    const [entry] = [...cilium.policy(client).map].filter(({ port: number }) => number === 443)
    expect(entry?.proxyPriority).toBe(120)
    expect(cilium.policy(client).redirects[0]?.listener).toBe("fast")
  })
})

describe("peers", () => {
  test("requirements are folded into the endpoints of every rule of the subject, and into nothing else", () => {
    const cilium = evaluator([
      policy({ ...selectWeb, ingress: [{ fromEndpoints: [{}] }, { fromEntities: ["world"] }] }, "a"),
      policy({ ...selectWeb, ingress: [{ fromRequires: [{ matchLabels: { app: "client" } }] }] }, "b"),
    ])
    expect(cilium.lookup(outside, web, port(80)).verdict).toBe("allow")
    const other = pod("default", "other", "10.0.0.9")
    expect(cilium.lookup(client, web, port(80)).verdict).toBe("allow")
    expect(cilium.lookup(other, web, port(80)).verdict).toBe("deny")
  })

  test("services are their backends: pods by label, else addresses; a missing one is said", () => {
    const services = [
      { namespace: "default", name: "web", labels: {}, selector: { app: "web" }, backends: [] },
      { namespace: "default", name: "db", labels: { kind: "db" }, backends: ["192.0.2.1"] },
    ]
    const to = (service: object) => policy({ ...selectClient, egress: [{ toServices: [service] }] })
    const byName = evaluator([to({ k8sService: { serviceName: "web", namespace: "default" } })], { services })
    expect([web, visitor, outside].map((peer) => byName.lookup(client, peer, port(80)).verdict)).toEqual([
      "allow",
      "deny",
      "deny",
    ])
    const byLabel = evaluator([to({ k8sServiceSelector: { selector: { matchLabels: { kind: "db" } } } })], { services })
    expect([web, outside].map((peer) => byLabel.lookup(client, peer, port(80)).verdict)).toEqual(["deny", "allow"])
    const { warnings } = parseCiliumPolicy(to({ k8sService: { serviceName: "gone" } }), { services })
    expect(warnings).toEqual(["spec.egress[0].toServices: no such service"])
  })

  test("groups of addresses by name and by label, without what is cut out", () => {
    const cidrGroups = [{ name: "g", labels: { zone: "a" }, externalCIDRs: ["192.0.2.0/24", "198.51.100.0/24"] }]
    const from = (rule: object) =>
      evaluator([policy({ ...selectWeb, ingress: [{ fromCIDRSet: [rule] }] })], { cidrGroups })
    const other = externalPeer("other", ["198.51.100.7"])
    const verdicts = (cilium: CiliumEvaluator) =>
      [outside, other].map((peer) => cilium.lookup(peer, web, port(80)).verdict)
    expect(verdicts(from({ cidrGroupRef: "g" }))).toEqual(["allow", "allow"])
    expect(verdicts(from({ cidrGroupSelector: { matchLabels: { zone: "a" } }, except: ["192.0.2.0/28"] }))).toEqual([
      "deny",
      "allow",
    ])
    expect(verdicts(from({ cidrGroupRef: "none" }))).toEqual(["deny", "deny"])
  })

  test("names select addresses only when their names were learned", () => {
    const cilium = evaluator([policy({ ...selectClient, egress: [{ toFQDNs: [{ matchPattern: "*.example.com" }] }] })])
    expect(cilium.repository.fqdnSelectors).toEqual([{ matchPattern: "*.example.com" }])
    expect(cilium.lookup(client, outside, port(80)).verdict).toBe("allow")
    expect(cilium.lookup(client, externalPeer("same address, no name", ["192.0.2.1"]), port(80)).verdict).toBe("deny")
  })

  test("what needs identities of its own is known by prefix, exceptions too", () => {
    const set = { fromCIDRSet: [{ cidr: "10.0.0.0/8", except: ["10.96.0.0/12"] }] }
    const cilium = evaluator([policy({ ...selectWeb, ingress: [set, { fromCIDR: ["192.0.2.1"] }] })])
    expect(cilium.repository.prefixes).toEqual(["10.0.0.0/8", "10.96.0.0/12", "192.0.2.1/32"])
    expect(
      cilium.repository.delete(originKey({ kind: "CiliumNetworkPolicy", namespace: "default", name: "p", uid: "" })),
    ).toBe(true)
    expect(cilium.repository.prefixes).toEqual([])
    expect(cilium.lookup(visitor, web, port(80)).verdict).toBe("allow")
  })
})

describe("who is enforced", () => {
  const deny = policy({ ...selectWeb, ingressDeny: [{ fromEntities: ["all"] }] })

  test("an explicit deny of everybody takes the local host along; a default deny does not", () => {
    expect(evaluator([deny]).lookup(host, web, port(80)).reason).toBe(181)
    expect(evaluator([policy({ ...selectWeb, ingress: [{}] })]).lookup(host, web, port(80)).verdict).toBe("allow")
  })

  test("hosts only by nodeSelector, and they are no exception to themselves", () => {
    const cilium = evaluator([
      policy({ nodeSelector: {}, ingress: [{ fromEntities: ["cluster"] }] }, "n", "CiliumClusterwideNetworkPolicy"),
    ])
    expect(cilium.lookup(visitor, web, port(80)).verdict).toBe("allow")
    cilium.repository.addIdentity(1, new LabelSet(["reserved:host"]))
    const resolved = cilium.repository.resolve({ labels: new LabelSet(["reserved:host"]) })
    expect(resolved.enforced).toEqual({ ingress: true, egress: false })
    expect([...resolved.map].some(({ labels }) => labels.some((label) => label.includes("allow-localhost")))).toBe(
      false,
    )
  })

  test("pods that are not known yet: everything is denied", () => {
    const init = new PolicyRepository().resolve({ labels: new LabelSet(["reserved:init"]) })
    expect(init.enforced).toEqual({ ingress: true, egress: true })
    expect(init.map.canAccess(0, "egress", IPPROTO.TCP, 80)).toBe(-133)
  })

  test("without policies the map holds what the agent's holds", () => {
    const repository = new PolicyRepository()
    repository.addIdentity(1, new LabelSet(["reserved:host"]))
    const rows = [...repository.resolve({ labels: web.labels }).map].map(
      ({ identity, direction, prefixLength, labels }) => ({ identity, direction, prefixLength, labels }),
    )
    expect(rows).toEqual([
      {
        identity: 0,
        direction: "ingress",
        prefixLength: 0,
        labels: ["reserved:io.cilium.policy.derived-from=allow-any-ingress"],
      },
      {
        identity: 0,
        direction: "egress",
        prefixLength: 0,
        labels: ["reserved:io.cilium.policy.derived-from=allow-any-egress"],
      },
      {
        identity: 1,
        direction: "ingress",
        prefixLength: 0,
        labels: ["reserved:io.cilium.policy.derived-from=allow-localhost-ingress"],
      },
    ])
  })
})

describe("the map", () => {
  const rows = (ingress: object[]) => {
    const cilium = evaluator([policy({ ...selectWeb, ingress })])
    cilium.identity(client)
    return [...cilium.policy(web).map]
      .filter(({ direction }) => direction === "ingress")
      .map(({ identity, port: number, prefixLength, proxyPort }) => [
        identity === 0 ? "any" : "client",
        number,
        prefixLength,
        proxyPort,
      ])
  }

  test("says once what holds for everybody", () => {
    expect(rows([{ ...fromClient, toPorts: [tcp(80)] }, { toPorts: [tcp(80)] }])).toEqual([["any", 80, 24, 0]])
    expect(rows([{ ...fromClient, toPorts: [http(80, {})] }, { toPorts: [http(80, {})] }])).toEqual([
      ["any", 80, 24, 1],
    ])
    expect(rows([{ ...fromClient, toPorts: [http(80, { path: "/a" })] }, { toPorts: [http(80, {})] }])).toEqual([
      ["any", 80, 24, 1],
      ["client", 80, 24, 1],
    ])
  })

  test("keeps what differs by port", () => {
    expect(rows([fromClient, { toPorts: [tcp(80)] }])).toEqual([
      ["any", 80, 24, 0],
      ["client", 0, 0, 0],
    ])
    expect(rows([{ ...fromClient, toPorts: [{ ports: [{ port: "8080", endPort: 8087, protocol: "TCP" }] }] }])).toEqual(
      [["client", 8080, 21, 0]],
    )
  })
})
