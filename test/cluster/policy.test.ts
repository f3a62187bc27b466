/** What a cluster's policies say of all pairs: `cluster.reachability`. */
import { expect, test } from "vitest"
import { type Cluster, cilium, createCluster } from "../../src/index.ts"

const pod = (name: string, labels: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: ${labels} }\nspec: { containers: [{ name: main, image: nginx }] }\n`

const POLICIES = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }] }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db-port }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }], ports: [{ port: 5432 }] }]
`

async function make(cni: Parameters<typeof createCluster>[0]): Promise<Cluster> {
  const cluster = await createCluster({ nodes: 2, ...cni })
  await cluster.apply([pod("db", "{ app: db }"), pod("api", "{ app: api }"), pod("web", "{ app: web }")].join("---\n"))
  for (const name of ["db", "api", "web"]) await cluster.pod(name).ready()
  return cluster
}

test("the pairs that a policy changes, each with the line that says so", async () => {
  const cluster = await make({ cni: cilium() })
  const before = await cluster.reachability({ port: 5432, namespace: "default" })
  await cluster.apply(POLICIES)
  const after = (await cluster.reachability({ port: 5432, namespace: "default" })).since(before)
  expect(String(after)).toBe("5432/TCP  api  db  web\napi       -    .   .\ndb        .    -   .\nweb       .    X   -")
  expect(after.changes.map(({ from, to, before: was, verdict }) => [from, to, was, verdict])).toEqual([
    ["web", "db", "allow", "deny"],
  ])
  expect(after.changes[0]?.reason).toContain("isolated by NetworkPolicy default/db spec")
  expect(after.redundant).toEqual(["NetworkPolicy default/db-port"])
  expect(after.unselected.filter((name) => !name.startsWith("kube-system/"))).toEqual(["api", "web"])
})

test("where nobody enforces policies every pair is allowed, and the policies are judged all the same", async () => {
  const cluster = await make({})
  await cluster.apply(POLICIES)
  const answer = await cluster.reachability({ port: 5432, namespace: "default" })
  expect(answer.cells.filter(({ verdict }) => verdict === "deny")).toEqual([])
  expect(answer.redundant).toEqual(["NetworkPolicy default/db-port"])
})
