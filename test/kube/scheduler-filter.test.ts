/** Which nodes can run a pod, plugin by plugin, in the scheduler's words. */
import { describe, expect, test } from "vitest"
import type { Node, Pod } from "../../src/kube/api/types.ts"
import { filterNode } from "../../src/kube/scheduler/filter.ts"

const node = (spec: object = {}, labels: Record<string, string> = {}): Node =>
  ({
    metadata: { name: "n1", labels },
    spec,
    status: { allocatable: { cpu: "2", memory: "1Gi", pods: "3" } },
  }) as unknown as Node

const pod = (spec: object = {}, metadata: object = {}): Pod =>
  ({
    metadata: { name: "p", namespace: "default", ...metadata },
    spec: { containers: [{ name: "c" }], ...spec },
  }) as unknown as Pod

const asking = (requests: Record<string, string>): Pod => pod({ containers: [{ name: "c", resources: { requests } }] })

const reasons = (wanted: Pod, on: Node, pods: Pod[] = []): readonly string[] =>
  filterNode(wanted, { node: on, pods })?.reasons ?? []

describe("the scheduler's filters", () => {
  test("nothing asked, nothing in the way: fits", () =>
    expect(filterNode(pod(), { node: node(), pods: [] })).toBeUndefined())

  test("NodeUnschedulable, and who tolerates it", () => {
    expect(reasons(pod(), node({ unschedulable: true }))).toEqual(["node(s) were unschedulable"])
    expect(reasons(pod({ tolerations: [{ operator: "Exists" }] }), node({ unschedulable: true }))).toEqual([])
  })

  test("NodeName", () => {
    expect(reasons(pod({ nodeName: "n2" }), node())).toEqual(["node(s) didn't match the requested node name"])
    expect(reasons(pod({ nodeName: "n1" }), node())).toEqual([])
  })

  test("TaintToleration: by key, value and effect; PreferNoSchedule does not keep away", () => {
    const tainted = node({ taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }] })
    const refused = ["node(s) had untolerated taint {dedicated: db}"]
    expect(reasons(pod(), tainted)).toEqual(refused)
    expect(reasons(pod({ tolerations: [{ key: "dedicated", operator: "Equal", value: "web" }] }), tainted)).toEqual(
      refused,
    )
    expect(reasons(pod({ tolerations: [{ key: "dedicated", value: "db", effect: "NoExecute" }] }), tainted)).toEqual(
      refused,
    )
    expect(reasons(pod({ tolerations: [{ key: "dedicated", value: "db" }] }), tainted)).toEqual([])
    expect(
      reasons(pod({ tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }] }), tainted),
    ).toEqual([])
    expect(reasons(pod(), node({ taints: [{ key: "a", effect: "PreferNoSchedule" }] }))).toEqual([])
  })

  test("NodeAffinity: selector and terms, labels and the node's own name", () => {
    const refused = ["node(s) didn't match Pod's node affinity/selector"]
    expect(reasons(pod({ nodeSelector: { disk: "ssd" } }), node())).toEqual(refused)
    expect(reasons(pod({ nodeSelector: { disk: "ssd" } }), node({}, { disk: "ssd" }))).toEqual([])
    const affinity = (...nodeSelectorTerms: object[]): object => ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    })
    const zone = { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] }
    expect(reasons(pod(affinity(zone)), node({}, { zone: "c" }))).toEqual(refused)
    expect(reasons(pod(affinity(zone)), node({}, { zone: "b" }))).toEqual([])
    const byName = { matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }
    expect(reasons(pod(affinity(zone, byName)), node())).toEqual([])
    expect(reasons(pod(affinity({})), node())).toEqual(refused)
  })

  test("NodePorts: a host port is there once", () => {
    const web = pod({ containers: [{ name: "c", ports: [{ containerPort: 80, hostPort: 80 }] }] })
    const dns = pod({ containers: [{ name: "c", ports: [{ containerPort: 80, hostPort: 80, protocol: "UDP" }] }] })
    expect(reasons(web, node(), [web])).toEqual(["node(s) didn't have free ports for the requested pod ports"])
    expect(reasons(web, node(), [dns])).toEqual([])
  })

  test("NodeResourcesFit: sums of requests, the greediest init container, the number of pods", () => {
    expect(reasons(asking({ cpu: "1500m" }), node(), [asking({ cpu: "500m" })])).toEqual([])
    expect(reasons(asking({ cpu: "1501m" }), node(), [asking({ cpu: "500m" })])).toEqual(["Insufficient cpu"])
    expect(reasons(asking({ cpu: "3", memory: "2Gi" }), node())).toEqual(["Insufficient cpu", "Insufficient memory"])
    const init = pod({ initContainers: [{ name: "i", resources: { requests: { memory: "2Gi" } } }] })
    expect(reasons(init, node())).toEqual(["Insufficient memory"])
    expect(reasons(pod(), node(), [pod(), pod(), pod()])).toEqual(["Too many pods"])
  })

  test("InterPodAffinity: required anti-affinity within a node", () => {
    const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "db" } } }
    const alone = pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })
    const db = pod({}, { labels: { app: "db" } })
    expect(reasons(alone, node(), [db])).toEqual(["node(s) didn't match pod anti-affinity rules"])
    expect(reasons(alone, node(), [pod({}, { labels: { app: "db" }, namespace: "other" })])).toEqual([])
  })

  test("the first that objects decides", () => {
    const bad = node({ unschedulable: true, taints: [{ key: "a", effect: "NoSchedule" }] })
    expect(reasons(asking({ cpu: "9" }), bad)).toEqual(["node(s) were unschedulable"])
  })
})
