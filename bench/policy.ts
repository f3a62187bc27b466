/** Every pair of pods under many policies: building the matrix, asking it, changing it, counting; and the direct evaluator beside it. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { KubernetesEvaluator } from "../src/policy/kubernetes.ts"
import type { MatrixPod } from "../src/policy/matrix/classes.ts"
import { ReachabilityMatrix } from "../src/policy/matrix/matrix.ts"
import type { PolicyObject } from "../src/policy/parse/cilium-policy.ts"
import { parseNetworkPolicy } from "../src/policy/parse/network-policy.ts"
import { type Peer, podPeer } from "../src/policy/peer.ts"
import { originKey, type Rule } from "../src/policy/rule.ts"
import type { FlowPort } from "../src/policy/verdict.ts"
import { Prng } from "../src/sim/prng.ts"
import { type Result, ROUNDS, ratio, summary, wall } from "./measure.ts"

interface World {
  readonly pods: readonly MatrixPod[]
  readonly peers: readonly Peer[]
  readonly rules: readonly Rule[]
}

const PODS = 150_000
const POLICIES = 10_000
/** The direct evaluator asks each policy for each pair: it gets a world in which that ends. */
const SMALL = { pods: 1000, policies: 1000 }
const PORTS: readonly FlowPort[] = [80, 443, 8080, 8443, 5432, 6379, 9090, 9000].map((port) => ({ protocol: 6, port }))
const PAIRS = 200_000
const CHANGES = 200

export const conditions =
  `${PODS.toLocaleString("en")} pods of 500 namespaces in deployments of 1 to 20 pods (labels app, tier, version, team), ${POLICIES.toLocaleString("en")} ` +
  `NetworkPolicies (a selector, two peers of labels or namespaces, one or two of 8 ports; a sixth deny everything), plain Kubernetes semantics; ` +
  `build: labels and rules in memory -> all pairs of all 8 ports answerable; goals: 0.6 s, 100 ns, 1 ms, 0.5 s, 350 MB; direct: the evaluator that ` +
  `asks every policy, on ${SMALL.pods} pods and ${SMALL.policies} policies, and the matrix on the same`

export async function run(): Promise<Result[]> {
  const large = makeWorld(PODS, POLICIES)
  const small = makeWorld(SMALL.pods, SMALL.policies)
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  const samples = { build: [], pair: [], change: [], count: [], bytes: [], own: [], direct: [] } as Record<
    string,
    number[]
  >
  for (let round = 0; round <= ROUNDS; round++) {
    const line = measure(large, collect)
    const direct = measureDirect(small)
    const own = measureSmall(small)
    if (round === 0) continue
    for (const [name, value] of Object.entries({ ...line, direct, own })) samples[name]?.push(value)
  }
  const of = (name: string): number[] => samples[name] ?? []
  return [
    summary("policy", "build: every pair of 8 ports answerable (goal 600)", "ms", of("build")),
    summary("policy", "a pair (goal 100)", "ns", of("pair")),
    summary("policy", "a change of one policy, one port asked again (goal 1)", "ms", of("change")),
    summary("policy", "exact count of the pairs of one port (goal 500)", "ms", of("count")),
    summary("policy", "memory of the matrix (goal 350)", "MB", of("bytes")),
    summary("policy", `matrix: all pairs of one port, ${SMALL.pods} pods`, "ms", of("own")),
    summary("policy", `direct evaluator: the same pairs`, "ms", of("direct")),
    ratio("policy", "direct / matrix", of("direct"), of("own")),
  ]
}

function measure({ pods, rules }: World, collect: () => void): Record<string, number> {
  collect()
  const before = process.memoryUsage()
  let start = wall()
  const matrix = ReachabilityMatrix.build({ pods, rules, engine: "kubernetes" })
  const ports = PORTS.map((port) => matrix.port(port))
  const build = wall() - start
  collect()
  const after = process.memoryUsage()
  const bytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1e6
  const prng = new Prng(7)
  const from = Int32Array.from({ length: PAIRS }, () => prng.below(pods.length))
  const to = Int32Array.from({ length: PAIRS }, () => prng.below(pods.length))
  let allowed = 0
  start = wall()
  for (let i = 0; i < PAIRS; i++) if (ports[i & 7]?.allowed(from[i] as number, to[i] as number) === true) allowed++
  const pair = ((wall() - start) * 1e6) / PAIRS
  if (allowed === 0 || allowed === PAIRS) throw new Error("a world in which every pair is alike says nothing")
  start = wall()
  matrix.count(PORTS[0] as FlowPort)
  const count = wall() - start
  const keys = [...new Set(rules.map(({ ref }) => originKey(ref.origin)))]
  start = wall()
  for (let i = 0; i < CHANGES; i++) {
    const key = keys[(i * 37) % keys.length] as string
    matrix.update(key, [])
    const own = byKey(rules).get(key) as Rule[]
    matrix.update(key, own)
    matrix.verdict(from[i] as number, to[i] as number, PORTS[0] as FlowPort)
  }
  const change = (wall() - start) / (2 * CHANGES)
  return { build, pair, change, count, bytes }
}

const grouped = new WeakMap<readonly Rule[], Map<string, Rule[]>>()

function byKey(rules: readonly Rule[]): Map<string, Rule[]> {
  let map = grouped.get(rules)
  if (map === undefined) grouped.set(rules, (map = Map.groupBy(rules, ({ ref }) => originKey(ref.origin))))
  return map
}

function measureSmall({ pods, rules }: World): number {
  const start = wall()
  const port = ReachabilityMatrix.build({ pods, rules, engine: "kubernetes" }).port(PORTS[0] as FlowPort)
  let allowed = 0
  for (let i = 0; i < pods.length; i++) for (let j = 0; j < pods.length; j++) if (port.allowed(i, j)) allowed++
  if (allowed === 0) throw new Error("nothing is allowed")
  return wall() - start
}

/** A tenth of the rows, and the time of all. */
function measureDirect({ peers, rules }: World): number {
  const evaluator = new KubernetesEvaluator(rules)
  const rows = peers.slice(0, peers.length / 10)
  const start = wall()
  let allowed = 0
  for (const from of rows)
    for (const to of peers) if (evaluator.lookup(from, to, PORTS[0] as FlowPort).verdict !== "deny") allowed++
  if (allowed === 0) throw new Error("nothing is allowed")
  return ((wall() - start) * peers.length) / rows.length
}

function makeWorld(podCount: number, policyCount: number): World {
  const prng = new Prng(podCount)
  const namespaces = Math.max(5, Math.round(podCount / 300))
  const peers: Peer[] = []
  const pick = (list: readonly string[]): string => list[prng.below(list.length)] as string
  for (let deployment = 0; peers.length < podCount; deployment++) {
    const namespace = `ns-${prng.below(namespaces)}`
    const labels = {
      app: `app-${deployment % 40}`,
      tier: pick(["web", "api", "db", "cache"]),
      version: `v${prng.below(3)}`,
      team: `team-${prng.below(20)}`,
    }
    const first = podPeer({
      namespace,
      name: "",
      labels,
      namespaceLabels: { "kubernetes.io/metadata.name": namespace, env: pick(["prod", "test"]) },
      addresses: [],
    })
    const replicas = 1 + prng.below(20)
    for (let i = 0; i < replicas && peers.length < podCount; i++)
      peers.push({ ...first, name: `${namespace}/d${deployment}-${i}` })
  }
  const pods = peers.map((peer): MatrixPod => ({ name: peer.name, labels: peer.podLabels ?? peer.labels }))
  const rules = Array.from({ length: policyCount }, (_, i) => parseNetworkPolicy(policy(prng, i, namespaces)))
  return { pods, peers, rules }
}

function policy(prng: Prng, i: number, namespaces: number): PolicyObject {
  const selector = (): object => ({
    matchLabels: { app: `app-${prng.below(40)}`, ...(prng.below(3) === 0 ? { tier: "db" } : {}) },
  })
  const peer = (): object =>
    prng.below(4) === 0
      ? { namespaceSelector: { matchLabels: { env: "prod" } }, podSelector: selector() }
      : { podSelector: selector() }
  const ports = Array.from({ length: 1 + prng.below(2) }, () => ({
    protocol: "TCP",
    port: (PORTS[prng.below(PORTS.length)] as FlowPort).port,
  }))
  const deny = prng.below(6) === 0
  const egress = prng.below(4) === 0
  const rule = { [egress ? "to" : "from"]: [peer(), peer()], ...(prng.below(4) === 0 ? {} : { ports }) }
  return {
    kind: "NetworkPolicy",
    metadata: { namespace: `ns-${prng.below(namespaces)}`, name: `p${i}` },
    spec: {
      podSelector: deny ? {} : selector(),
      policyTypes: [egress ? "Egress" : "Ingress"],
      ...(deny ? {} : { [egress ? "egress" : "ingress"]: [rule] }),
    },
  }
}
