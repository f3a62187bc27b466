/** The same seed gives the same bytes; another one gives others. */
import { beforeAll, describe, expect, test } from "vitest"
import { createCluster } from "../../src/index.ts"

const PODS = ["one", "two", "three"].map((name) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "web", image: "nginx" }] },
}))
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "shop" } },
    template: {
      metadata: { labels: { app: "shop" } },
      spec: { containers: [{ name: "c", image: "busybox:1.28", command: ["sleep", "3600"] }] },
    },
  },
}

interface Run {
  pcapng: Uint8Array
  macs: string
  kubectl: string
  events: number
  now: number
}

/** A busy cluster: pods scheduled and pulled, requests, a lost packet, a deleted pod. */
async function busy(seed: number): Promise<Run> {
  const cluster = await createCluster({ preset: "article", seed })
  await cluster.apply([...PODS, DEPLOYMENT])
  await cluster.settle()
  const worker = cluster.node("k8s-worker-1")
  const capture = await cluster.capture({}, async () => {
    await Promise.all([
      worker.exec(`curl -s http://${cluster.pod("one").ip}/`),
      cluster.node("k8s-worker-2").exec(`curl -s http://${cluster.pod("two").ip}/`),
      cluster.node("k8s-master").exec(`ping -c 3 ${cluster.pod("three").ip}`),
    ])
    await worker.exec(`ping -c 1 -W 1 10.244.3.250; kubectl delete pod one --wait=false`)
    await cluster.settle()
  })
  const everywhere = cluster.nodes.map((node) => node.exec("ip -o link; ip neigh; bridge fdb show dev flannel.1"))
  const kubectl = await cluster
    .node("k8s-master")
    .exec("kubectl get pods -A -o wide; kubectl get pods -o yaml; kubectl get events; kubectl get nodes -o json")
  return {
    pcapng: capture.toPcapng(),
    macs: (await Promise.all(everywhere)).map((result) => result.stdout).join(""),
    kubectl: kubectl.output,
    events: cluster.sim.events,
    now: cluster.sim.now,
  }
}

let runs: readonly [Run, Run, Run]
beforeAll(async () => {
  runs = [await busy(1), await busy(1), await busy(2)]
})

describe("two clusters of one seed that do the same things", () => {
  test("there was something to compare", () => {
    expect(runs[0].pcapng.length).toBeGreaterThan(10_000)
    expect(runs[0].kubectl).toMatch(/shop-[a-z0-9]+-[a-z0-9]{5} /)
    expect(runs[0].kubectl).not.toContain("command not found")
  })

  test("send the same bytes at the same times", () => {
    expect(Buffer.compare(runs[0].pcapng, runs[1].pcapng)).toBe(0)
  })

  test("have the same addresses, names, versions, ages", () => {
    expect(runs[1].macs).toBe(runs[0].macs)
    expect(runs[1].kubectl).toBe(runs[0].kubectl)
  })

  test("took the same steps", () => {
    expect([runs[1].events, runs[1].now]).toEqual([runs[0].events, runs[0].now])
  })
})

test("another seed: other bytes, other MAC addresses of pods, other names", () => {
  expect(Buffer.compare(runs[0].pcapng, runs[2].pcapng)).not.toBe(0)
  expect(runs[2].macs).not.toBe(runs[0].macs)
  expect(runs[2].kubectl).not.toBe(runs[0].kubectl)
})
