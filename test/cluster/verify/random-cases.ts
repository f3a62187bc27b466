/** Random clusters and policies of both kinds as cases: what `lookup` says of a pair and what a packet meets must be the same. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { verifyByPackets } from "../../../src/cluster/verify/by-packets.ts"
import { verifyByVerdict } from "../../../src/cluster/verify/by-verdict.ts"
import type { Case, CaseCluster, CaseObject, CasePod, CaseStep, CaseTable } from "../../../src/cluster/verify/case.ts"
import { answerText } from "../../../src/cluster/verify/report.ts"
import type { PolicyObject } from "../../../src/policy/parse/cilium-policy.ts"
import { ciliumPolicy, labels, NAMESPACES, networkPolicy, policies } from "../../support/random-policy.ts"

const NODES = ["worker-1", "worker-2"] as const
const EXTERNALS = [
  { name: "near", ips: ["192.0.2.7"] },
  { name: "far", ips: ["203.0.113.9"] },
  { name: "host", entity: "host" },
  { name: "remote-node", entity: "remote-node" },
]
/** Sets of policies that one cluster sees, one after the other. */
const STEPS = 100
const names = Object.keys(NAMESPACES) as (keyof typeof NAMESPACES)[]

const pods: fc.Arbitrary<CasePod[]> = fc
  .array(fc.record({ namespace: fc.constantFrom(...names), labels }), {
    minLength: 3,
    maxLength: 5,
  })
  .map((list) =>
    list.map(({ namespace, labels: own }, i) => ({
      namespace,
      name: `p${i}`,
      labels: own,
      node: NODES[i % 2] as string,
      ips: [`10.244.${1 + (i % 2)}.${10 + i}`],
      // Pods of one identity mean the same by a name: where they do not, the real answer depends on which came first.
      containers: [
        { ports: [{ name: "web", containerPort: own["tier"] === "a" ? 8080 : 80, protocol: "TCP" as const }] },
      ],
    })),
  )

const port: fc.Arbitrary<Pick<CaseTable, "protocol" | "port">> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(80, 81, 443, 8080).map((number) => ({ protocol: "TCP" as const, port: number })),
  },
  { weight: 2, arbitrary: fc.constantFrom(80, 443).map((number) => ({ protocol: "UDP" as const, port: number })) },
  { weight: 1, arbitrary: fc.constant({ protocol: "SCTP" as const, port: 80 }) },
  { weight: 1, arbitrary: fc.constant({ protocol: "ICMP" as const, port: 8 }) },
)

const set = fc.tuple(policies(fc.oneof(networkPolicy, ciliumPolicy(true)), 3), port)

/** @param count sets of policies, each with everybody's packets to everybody on a random port */
export function randomCases(seed: number, count: number): void {
  test(`${count} sets of policies, seed ${seed}: lookup and packets agree`, { timeout: 300_000 }, async () => {
    const clusters = fc.sample(pods, { seed, numRuns: Math.ceil(count / STEPS) })
    const sets = fc.sample(set, { seed: seed + 1, numRuns: count })
    let pairs = 0
    for (const [i, own] of clusters.entries()) {
      const one = caseOf(`random/${seed}/${i}`, own, sets.slice(i * STEPS, (i + 1) * STEPS))
      const said = verifyByVerdict(one)
      const sent = await verifyByPackets(one)
      expect(sent.skipped).toBeUndefined()
      expect(said.notes).toEqual([])
      expect(sent.answers.length).toBe(said.answers.length)
      for (const [at, answer] of sent.answers.entries()) {
        const verdict = said.answers[at]
        if (verdict?.got === answer.got) continue
        const step = one.steps.find(({ name }) => name === answer.question?.step)
        const objects = (step?.actions ?? []).flatMap((action) => ("object" in action ? [action.object] : []))
        expect.fail(
          `seed ${seed}, ${one.id} ${answer.question?.step}: ${answerText({ ...answer, expected: verdict?.got ?? "?" })}\n` +
            `by lookup: ${verdict?.why}\nby packets: ${answer.why}\npods: ${JSON.stringify(own)}\n${objects.map((object) => JSON.stringify(object)).join("\n")}`,
        )
      }
      pairs += sent.answers.length
    }
    expect(pairs).toBeGreaterThan(count * 20)
  })
}

function caseOf(
  id: string,
  own: readonly CasePod[],
  sets: readonly (readonly [PolicyObject[], Pick<CaseTable, "protocol" | "port">])[],
): Case {
  const cluster: CaseCluster = {
    nodes: NODES.map((name, i) => ({ name, ips: [`172.18.0.${2 + i}`] })),
    namespaces: names.map((name) => ({ name, labels: { "kubernetes.io/metadata.name": name, ...NAMESPACES[name] } })),
    pods: own,
    externals: EXTERNALS,
  }
  const ends = [
    ...own.map(({ namespace, name }) => `${namespace}/${name}`),
    ...EXTERNALS.map(({ name }) => `ext:${name}`),
  ]
  return {
    id,
    suite: "random",
    title: id,
    profile: "cilium",
    config: { policyEnforcement: "default" },
    cluster,
    steps: sets.map(([objects, what], i) => stepOf(`set ${i}`, objects, what, ends, own.length)),
  } as unknown as Case
}

/** Everybody to everybody; of pairs without a pod policy says nothing, and a pod reaches itself. */
function stepOf(
  name: string,
  objects: readonly PolicyObject[],
  what: Pick<CaseTable, "protocol" | "port">,
  ends: readonly string[],
  podCount: number,
): CaseStep {
  const mark = (from: number, to: number): string => (from === to || (from >= podCount && to >= podCount) ? "-" : ".")
  const rows = ends.map((_, from) => ends.map((_end, to) => mark(from, to)).join(""))
  return {
    name,
    actions: [
      { op: "deleteAllPolicies" },
      ...objects.map((object) => ({
        op: "create" as const,
        object: { ...object, apiVersion: versionOf(object) } as unknown as CaseObject,
      })),
    ],
    expect: { from: ends, to: ends, tables: [{ ...what, basis: "random", rows }] },
  } as unknown as CaseStep
}

const versionOf = ({ kind }: PolicyObject): string =>
  kind === "NetworkPolicy" ? "networking.k8s.io/v1" : "cilium.io/v2"
