/** The matrix of all pairs against lookups one by one, and its changes against a matrix from scratch. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CiliumEvaluator } from "../../src/policy/cilium-evaluator.ts"
import { KubernetesEvaluator } from "../../src/policy/kubernetes.ts"
import type { MatrixPod } from "../../src/policy/matrix/classes.ts"
import { ReachabilityMatrix } from "../../src/policy/matrix/matrix.ts"
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
function differences(matrix: ReachabilityMatrix, evaluator: Evaluator, pods: readonly Peer[]): string[] {
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
        expect(differences(matrix, cilium(rules), pods)).toEqual([])
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
        expect(differences(matrix, new KubernetesEvaluator(rules), pods)).toEqual([])
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

const named = (object: PolicyObject, at: number): PolicyObject => ({
  ...object,
  metadata: { ...object.metadata, name: `policy-${at}` },
})

function put(rules: Map<string, Rule[]>, rule: Rule): void {
  const key = originKey(rule.ref.origin)
  rules.set(key, [...(rules.get(key) ?? []), rule])
}
