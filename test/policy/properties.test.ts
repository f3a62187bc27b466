/** What holds for any cluster and any policies. Each property prints its seed when it fails. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { PolicyEntry } from "../../src/policy/api.ts"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../src/policy/kubernetes.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import type { Peer } from "../../src/policy/peer.ts"
import { portMatches } from "../../src/policy/port-match.ts"
import { PolicyRepository } from "../../src/policy/repository.ts"
import { type Direction, IPPROTO, type Rule, type RuleEntry } from "../../src/policy/rule.ts"
import { ciliumPolicy, networkPolicy, PORTS, PROTOCOLS, peers, policies } from "../support/random-policy.ts"

const OPTIONS = { seed: 20251018, numRuns: 150 }

function rulesOf(objects: readonly PolicyObject[]): Rule[] {
  return objects.flatMap((object) => {
    if (object.kind === "NetworkPolicy") return [parseNetworkPolicy(object)]
    const { rules, error } = parseCiliumPolicy(object)
    if (error !== undefined) throw new Error(`${error} ${JSON.stringify(object)}`)
    return rules
  })
}

function cilium(rules: readonly Rule[]): CiliumEvaluator {
  const evaluator = new CiliumEvaluator()
  evaluator.repository.upsert(rules)
  return evaluator
}

/** Every ordered pair on every port. */
function* flows(all: readonly Peer[]): Generator<[Peer, Peer, { protocol: number; port: number }]> {
  for (const from of all)
    for (const to of all) {
      if (from === to || (!from.endpoint && !to.endpoint)) continue
      for (const protocol of PROTOCOLS)
        for (const port of protocol === IPPROTO.ICMP ? [8, 0] : PORTS) yield [from, to, { protocol, port }]
    }
}

const both = fc.oneof(networkPolicy, ciliumPolicy(true))

describe("Cilium", () => {
  test("a policy map answers as its rules read one by one", () => {
    fc.assert(
      fc.property(peers, policies(both), (all, objects) => {
        const rules = rulesOf(objects)
        const evaluator = cilium(rules)
        for (const [from, to, flow] of flows(all)) {
          const verdict = evaluator.lookup(from, to, flow)
          for (const [side, subject, peer] of [
            ["egress", from, to],
            ["ingress", to, from],
          ] as const)
            if (subject.endpoint)
              expect(verdict[side]?.verdict, `${from.name} -> ${to.name} ${side} ${JSON.stringify(flow)}`).toBe(
                readOneByOne(rules, subject, peer, side, flow),
              )
        }
      }),
      OPTIONS,
    )
  })

  test("the order of application never matters", () => {
    fc.assert(
      fc.property(peers, policies(both), fc.integer(), (all, objects, salt) => {
        const rules = rulesOf(objects)
        const shuffled = rules
          .map((rule, index) => ({ rule, key: Math.imul(index + 1, salt | 1) }))
          .sort((a, b) => a.key - b.key)
        const first = cilium(rules)
        const second = new CiliumEvaluator()
        for (const { rule } of shuffled) second.repository.upsert([rule])
        for (const subject of all.filter(({ endpoint }) => endpoint)) {
          for (const peer of all) for (const evaluator of [first, second]) evaluator.identity(peer)
          expect(entries(second.policy(subject).map)).toEqual(entries(first.policy(subject).map))
        }
      }),
      OPTIONS,
    )
  })

  test("another allow never takes reachability away, where nothing is denied", () => {
    fc.assert(
      fc.property(peers, policies(ciliumPolicy(false), 3), ciliumPolicy(false), (all, objects, extra) => {
        // It does not isolate anybody who was not: that is what enableDefaultDeny is for.
        const spec = { ...(extra.spec as object), enableDefaultDeny: { ingress: false, egress: false } }
        const before = cilium(rulesOf(objects))
        const after = cilium(rulesOf([...objects, { ...extra, metadata: { ...extra.metadata, name: "extra" }, spec }]))
        for (const [from, to, flow] of flows(all))
          if (before.lookup(from, to, flow).verdict !== "deny")
            expect(after.lookup(from, to, flow).verdict).not.toBe("deny")
      }),
      OPTIONS,
    )
  })

  test("identities that come and go leave what a fresh policy has", () => {
    fc.assert(
      fc.property(peers, policies(both), fc.array(fc.nat(9), { maxLength: 12 }), (all, objects, steps) => {
        const repository = new PolicyRepository()
        repository.upsert(rulesOf(objects))
        const subject = all[0] as Peer
        const resolve = () =>
          repository.resolve({
            labels: subject.labels,
            ...(subject.namedPorts === undefined ? {} : { namedPorts: subject.namedPorts }),
          })
        const policy = resolve()
        const known = new Set<number>()
        for (const step of steps) {
          const index = step % all.length
          const peer = all[index] as Peer
          if (known.delete(index)) repository.removeIdentity(300 + index)
          else {
            known.add(index)
            repository.addIdentity(300 + index, peer.labels, peer.namedPorts)
          }
          expect(entries(policy.map)).toEqual(entries(resolve().map))
        }
      }),
      OPTIONS,
    )
  })
})

describe("Kubernetes", () => {
  const podsOnly = policies(networkPolicy.filter(({ spec }) => !JSON.stringify(spec).includes("ipBlock")))

  test("pods alone: the plain evaluator and Cilium's agree", () => {
    fc.assert(
      fc.property(peers, podsOnly, (all, objects) => {
        const rules = rulesOf(objects)
        const plain = new KubernetesEvaluator(rules)
        const evaluator = cilium(rules)
        const pods = all.filter(({ endpoint }) => endpoint)
        for (const [from, to, flow] of flows(pods))
          expect(evaluator.lookup(from, to, flow).verdict, `${from.name} -> ${to.name} ${JSON.stringify(flow)}`).toBe(
            plain.lookup(from, to, flow).verdict,
          )
      }),
      OPTIONS,
    )
  })

  test("a denied flow becomes allowed when the peer and the port that a missed rule lacked are right", () => {
    fc.assert(
      fc.property(peers, podsOnly, (all, objects) => {
        const plain = new KubernetesEvaluator(rulesOf(objects))
        for (const [from, to, flow] of flows(all)) {
          const { direction, ...verdict } = plain.lookup(from, to, flow)
          if (direction === undefined) continue
          for (const { peer, port } of verdict[direction]?.missed ?? []) expect(peer && port).toBe(false)
        }
      }),
      OPTIONS,
    )
  })
})

function entries(map: Iterable<PolicyEntry>): string[] {
  return [...map]
    .map((entry) =>
      JSON.stringify({
        ...entry,
        rules: entry.rules.map(({ origin, path }) => `${origin.name} ${path}`),
        labels: undefined,
      }),
    )
    .sort()
}

/** The documented semantics without a map: deny first, then a redirect if any rule asks for one, then allow, then the default. */
function readOneByOne(
  rules: readonly Rule[],
  subject: Peer,
  peer: Peer,
  direction: Direction,
  { protocol, port }: { protocol: number; port: number },
): string {
  const selecting = rules.filter((rule) => rule.subject.matches(subject.labels))
  const about = selecting.flatMap((rule) =>
    rule.entries.filter((entry) => entry.direction === direction).map((entry) => ({ rule, entry })),
  )
  const server = direction === "ingress" ? subject.namedPorts : peer.namedPorts
  const byPeer = ({ peers: list }: RuleEntry): boolean =>
    list === undefined || list.some((selector) => selector.matches(peer.labels))
  const redirects = new Set<boolean>()
  let denied = false
  for (const { entry } of about) {
    if (!byPeer(entry)) continue
    if (entry.ports === undefined) {
      if (entry.deny) denied = true
      else redirects.add(false)
    }
    for (const { ports, l7 } of entry.ports ?? [])
      if (ports.some((spec) => portMatches(spec, server, protocol, port))) {
        if (entry.deny) denied = true
        else redirects.add(l7 !== undefined)
      }
  }
  if (denied) return "deny"
  if (redirects.has(true)) return "redirect"
  const host = direction === "ingress" && peer.labels.has("reserved", "host")
  const isolated = selecting.some(
    ({ enableDefaultDeny, ref, entries: list }) =>
      enableDefaultDeny[direction] &&
      (ref.origin.kind === "NetworkPolicy" || list.some((entry) => entry.direction === direction)),
  )
  return redirects.has(false) || host || !isolated ? "allow" : "deny"
}
