/** The matrix of all pairs against lookups one by one, and its changes against a matrix from scratch. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../src/policy/kubernetes.ts"
import type { MatrixPod } from "../../src/policy/matrix/classes.ts"
import { differences, redundant } from "../../src/policy/matrix/difference.ts"
import { ReachabilityMatrix } from "../../src/policy/matrix/matrix.ts"
import { representativePorts } from "../../src/policy/matrix/ports.ts"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../../src/policy/parse/network-policy.ts"
import type { Peer } from "../../src/policy/peer.ts"
import { originKey, type Rule } from "../../src/policy/rule.ts"
import type { FlowPort, Verdict } from "../../src/policy/verdict.ts"
import { ciliumPolicy, networkPolicy, PORTS, PROTOCOLS, peers, policies } from "../support/random-policy.ts"

const OPTIONS = { seed: 20, numRuns: 400 }
const both = fc.oneof(networkPolicy, ciliumPolicy(true, true))

const rulesOf = (objects: readonly PolicyObject[]): Rule[] =>
  objects.flatMap((object) =>
    object.kind === "NetworkPolicy" ? [parseNetworkPolicy(object)] : parseCiliumPolicy(object, {}).rules,
  )

const podsOf = (all: readonly Peer[]): Peer[] => all.filter(({ endpoint }) => endpoint)

const forCilium = ({ name, labels, namedPorts }: Peer): MatrixPod => ({
  name,
  labels,
  ...(namedPorts === undefined ? {} : { namedPorts }),
})
const forKubernetes = (peer: Peer): MatrixPod => ({
  ...forCilium(peer),
  labels: peer.podLabels ?? peer.labels,
  addresses: peer.addresses,
})

const FLOWS: readonly FlowPort[] = PROTOCOLS.flatMap((protocol) => PORTS.map((port) => ({ protocol, port })))

const marks = { allow: "allow", deny: "deny", redirect: "l7" } as const
const mark = ({ verdict }: Verdict): "allow" | "deny" | "l7" => marks[verdict]

interface Evaluator {
  lookup(from: Peer, to: Peer, flow: FlowPort): Verdict
}

/** What differs from lookups, pair by pair. */
function wrongPairs(matrix: ReachabilityMatrix, evaluator: Evaluator, pods: readonly Peer[]): string[] {
  const wrong: string[] = []
  for (const flow of FLOWS) {
    const one = matrix.port(flow)
    let pairs = 0
    for (const [i, from] of pods.entries())
      for (const [j, to] of pods.entries()) {
        if (i === j) continue
        const wanted = mark(evaluator.lookup(from, to, flow))
        const got = matrix.verdict(i, j, flow)
        if (got !== wanted || one.allowed(i, j) !== (wanted !== "deny"))
          wrong.push(`${from.name} -> ${to.name} ${flow.protocol}/${flow.port}: ${got}, not ${wanted}`)
        if (wanted !== "deny") pairs++
      }
    if (one.count() !== pairs) wrong.push(`${flow.protocol}/${flow.port}: ${one.count()} pairs, not ${pairs}`)
  }
  return wrong
}

function cilium(rules: readonly Rule[]): CiliumEvaluator {
  const evaluator = new CiliumEvaluator()
  evaluator.repository.upsert(rules)
  return evaluator
}

describe("the matrix is what lookups say, pair by pair", () => {
  test("Cilium, with denials, L7 rules, ranges and port names", () => {
    fc.assert(
      fc.property(peers, policies(both), (all, objects) => {
        const rules = rulesOf(objects)
        const pods = podsOf(all)
        const matrix = ReachabilityMatrix.build({ pods: pods.map(forCilium), rules, engine: "cilium" })
        expect(wrongPairs(matrix, cilium(rules), pods)).toEqual([])
      }),
      OPTIONS,
    )
  })

  test("the plain API, where address blocks select pods", () => {
    const blocks = networkPolicy.map((object) => ({
      ...object,
      spec: JSON.parse(JSON.stringify(object.spec).replaceAll("192.0.2.0/24", "10.0.0.0/30")) as object,
    }))
    fc.assert(
      fc.property(peers, policies(blocks as typeof networkPolicy), (all, objects) => {
        const rules = rulesOf(objects)
        const pods = podsOf(all)
        const matrix = ReachabilityMatrix.build({ pods: pods.map(forKubernetes), rules, engine: "kubernetes" })
        expect(wrongPairs(matrix, new KubernetesEvaluator(rules), pods)).toEqual([])
      }),
      OPTIONS,
    )
  })
})

describe("changes", () => {
  test("an object put, replaced or taken away leaves what a matrix from scratch has", () => {
    fc.assert(
      fc.property(
        peers,
        policies(both),
        fc.array(fc.tuple(fc.nat(3), both), { maxLength: 4 }),
        (all, objects, changes) => {
          const pods = podsOf(all).map(forCilium)
          const others = changes.flatMap(([at, object]) => rulesOf([named(object, at)]))
          const matrix = ReachabilityMatrix.build({ pods, rules: rulesOf(objects), engine: "cilium", others })
          const current = new Map<string, Rule[]>()
          for (const rule of rulesOf(objects)) put(current, rule)
          for (const [at, object] of changes) {
            const rules = at === 0 ? [] : rulesOf([named(object, at)])
            const key = rules[0] === undefined ? `NetworkPolicy/red/policy-${at}` : originKey(rules[0].ref.origin)
            current.delete(key)
            for (const rule of rules) put(current, rule)
            expect(matrix.update(key, rules)).toBe(true)
            const fresh = ReachabilityMatrix.build({ pods, rules: [...current.values()].flat(), engine: "cilium" })
            for (const flow of FLOWS)
              for (let i = 0; i < pods.length; i++)
                for (let j = 0; j < pods.length; j++) expect(matrix.verdict(i, j, flow)).toBe(fresh.verdict(i, j, flow))
          }
        },
      ),
      { ...OPTIONS, numRuns: 150 },
    )
  })

  test("rules that tell pods apart as never before ask for a new matrix", () => {
    const pods = podsOf(fc.sample(peers, { seed: 1, numRuns: 1 })[0] as Peer[]).map(forCilium)
    const matrix = ReachabilityMatrix.build({ pods, rules: [], engine: "cilium" })
    const rules = rulesOf([
      {
        kind: "NetworkPolicy",
        metadata: { namespace: "red", name: "p" },
        spec: { podSelector: { matchLabels: { app: "a" } } },
      },
    ])
    expect(matrix.update("NetworkPolicy/red/p", rules)).toBe(false)
  })

  test("a pod's new labels move it to the class of its like", () => {
    fc.assert(
      fc.property(peers, policies(both), fc.nat(5), fc.nat(5), (all, objects, a, b) => {
        const pods = podsOf(all)
        const [pod, like] = [a % pods.length, b % pods.length]
        const rules = rulesOf(objects)
        const matrix = ReachabilityMatrix.build({ pods: pods.map(forCilium), rules, engine: "cilium" })
        const moved = { ...forCilium(pods[like] as Peer), name: (pods[pod] as Peer).name }
        expect(matrix.relabel(pod, moved)).toBe(true)
        const fresh = ReachabilityMatrix.build({
          pods: pods.map((peer, i) => (i === pod ? moved : forCilium(peer))),
          rules,
          engine: "cilium",
        })
        for (const flow of FLOWS) {
          expect(matrix.count(flow)).toBe(fresh.count(flow))
          for (let i = 0; i < pods.length; i++) expect(matrix.verdict(pod, i, flow)).toBe(fresh.verdict(pod, i, flow))
        }
      }),
      { ...OPTIONS, numRuns: 150 },
    )
  })
})

describe("two sets of policies", () => {
  test("the pairs that differ are those whose lookups differ, on every port", () => {
    fc.assert(
      fc.property(peers, policies(both, 3), policies(both, 3), (all, first, second) => {
        const pods = podsOf(all)
        const [one, other] = [rulesOf(first), rulesOf(second)]
        const build = (rules: Rule[], others: Rule[]): ReachabilityMatrix =>
          ReachabilityMatrix.build({ pods: pods.map(forCilium), rules, engine: "cilium", others })
        const changes = differences(build(one, other), build(other, one), FLOWS)
        const [before, after] = [cilium(one), cilium(other)]
        let pairs = 0
        for (const flow of FLOWS)
          for (const from of pods)
            for (const to of pods)
              if (from !== to && mark(before.lookup(from, to, flow)) !== mark(after.lookup(from, to, flow))) pairs++
        expect(changes.reduce((sum, change) => sum + change.pairs, 0)).toBe(pairs)
        for (const { from, to, port, before: old, after: now } of changes) {
          const [a, b] = [from, to].map((name) => pods.find((pod) => pod.name === name) as Peer) as [Peer, Peer]
          expect([mark(before.lookup(a, b, port)), mark(after.lookup(a, b, port))]).toEqual([old, now])
        }
      }),
      { ...OPTIONS, numRuns: 150 },
    )
  })

  test("nothing changes between ports that rules mention, so some stand for all", () => {
    fc.assert(
      fc.property(peers, policies(both, 3), fc.integer({ min: 1, max: 65_535 }), (all, objects, port) => {
        const pods = podsOf(all).map(forCilium)
        const rules = rulesOf(objects)
        const matrix = ReachabilityMatrix.build({ pods, rules, engine: "cilium" })
        const stand = representativePorts(rules, pods).filter(({ protocol }) => protocol === 6)
        const column = (number: number): string =>
          pods.map((_, i) => pods.map((_other, j) => matrix.verdict(i, j, { protocol: 6, port: number })).join()).join()
        expect(stand.map((one) => column(one.port))).toContain(column(port))
      }),
      { ...OPTIONS, numRuns: 150 },
    )
  })
})

describe("policies that could go", () => {
  const deny = { kind: "NetworkPolicy", metadata: { namespace: "red", name: "deny" }, spec: { podSelector: {} } }
  const allow = (name: string, spec: object): PolicyObject => ({
    kind: "NetworkPolicy",
    metadata: { namespace: "red", name },
    spec: { podSelector: {}, ...spec },
  })
  const pods = podsOf(fc.sample(peers, { seed: 4, numRuns: 1 })[0] as Peer[]).map(forCilium)
  const redundantOf = (...objects: PolicyObject[]): string[] =>
    redundant(ReachabilityMatrix.build({ pods, rules: rulesOf(objects), engine: "cilium" }))

  test("one that another covers; one that isolates what is isolated already", () => {
    const wide = allow("wide", { ingress: [{ from: [{ namespaceSelector: {} }] }] })
    const narrow = allow("narrow", { ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }] })
    expect(redundantOf(wide, narrow)).toEqual(["NetworkPolicy/red/narrow"])
    expect(redundantOf(deny as PolicyObject, wide)).toEqual(["NetworkPolicy/red/deny"])
    expect(redundantOf(deny as PolicyObject)).toEqual([])
  })

  test("taking a redundant one away changes no lookup", () => {
    fc.assert(
      fc.property(peers, policies(both), (all, objects) => {
        const ends = podsOf(all)
        const rules = rulesOf(objects)
        const matrix = ReachabilityMatrix.build({ pods: ends.map(forCilium), rules, engine: "cilium" })
        const [key] = redundant(matrix)
        if (key === undefined) return
        const rest = rules.filter(({ ref }) => originKey(ref.origin) !== key)
        expect(changed(cilium(rules), cilium(rest), ends)).toEqual([])
      }),
      OPTIONS,
    )
  })

  function changed(one: Evaluator, other: Evaluator, ends: readonly Peer[]): string[] {
    return FLOWS.flatMap((flow) =>
      ends.flatMap((from) =>
        ends
          .filter((to) => mark(one.lookup(from, to, flow)) !== mark(other.lookup(from, to, flow)))
          .map((to) => `${from.name} -> ${to.name} ${flow.protocol}/${flow.port}`),
      ),
    )
  }
})

const named = (object: PolicyObject, at: number): PolicyObject => ({
  ...object,
  metadata: { ...object.metadata, name: `policy-${at}` },
})

function put(rules: Map<string, Rule[]>, rule: Rule): void {
  const key = originKey(rule.ref.origin)
  rules.set(key, [...(rules.get(key) ?? []), rule])
}
