/** nodeSelectorLabels: fromNodes and toNodes pick machines by their labels. Models Documentation/security/policy/language.rst, "Node based". */
import { beforeAll, expect, test } from "vitest"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { nodeName: w1, containers: [{ name: main, image: nginx }] }
`
const POLICY = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: from-control-plane }
spec:
  endpointSelector: { matchLabels: { app: web } }
  ingress:
    - fromNodes: [{ matchLabels: { "node-role.kubernetes.io/control-plane": "" } }]
`

async function clusterWith(values: NonNullable<NonNullable<Parameters<typeof cilium>[0]>["values"]>): Promise<Cluster> {
  const cluster = await createCluster({ nodes: ["master", "w1", "w2"], cni: cilium({ values }) })
  await cluster.apply(`${POD}---\n${POLICY}`)
  await cluster.pod("web").ready()
  return cluster
}

let on: Cluster
beforeAll(async () => {
  on = await clusterWith({ nodeSelectorLabels: true })
})

test("a machine with the label gets in, one without does not, the pod's own always does", async () => {
  const web = on.pod("web").ip
  const fetched = async (node: string): Promise<number> =>
    (await on.node(node).exec(`curl -s -o /dev/null -m 2 http://${web}/`)).code
  expect({ master: await fetched("master"), w1: await fetched("w1"), w2: await fetched("w2") }).toEqual({
    master: 0,
    w1: 0,
    w2: 28,
  })
})

test("lookup says the same", async () => {
  const verdicts = await Promise.all(["master", "w1", "w2"].map((node) => on.lookup(node, "web:80")))
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(["allow", "allow", "deny"])
})

test("remote machines have identities of their own, with their labels", async () => {
  const agents = await on
    .node("master")
    .exec("kubectl -n kube-system get pods -l k8s-app=cilium --field-selector spec.nodeName=w1 -o name")
  const { stdout } = await on
    .node("master")
    .exec(`kubectl -n kube-system exec ${agents.stdout.trim()} -c cilium-agent -- cilium-dbg identity list`)
  const [first] = stdout.split("\n").filter((line) => line.startsWith("335544"))
  expect(first).toMatch(/^3355443\d {3}node:beta\.kubernetes\.io\/arch=amd64$/)
  expect(stdout).toContain("node:kubernetes.io/hostname=w2")
})

test("without the option the policy is not valid", async () => {
  const off = await clusterWith({})
  const { stdout } = await off
    .node("master")
    .exec("kubectl get cnp from-control-plane -o jsonpath='{.status.conditions}'")
  expect(stdout).toContain(
    String.raw`FromNodes/ToNodes rules can only be applied when the \"enable-node-selector-labels\" flag is set`,
  )
})
