/** A busy cluster, for tests that compare one run with another. */
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

/** What it leaves. */
export interface Run {
  pcapng: Uint8Array
  macs: string
  kubectl: string
  events: number
  now: number
}

/** A busy cluster: pods scheduled and pulled, requests, a lost packet, a deleted pod. */
export async function busyStory(seed: number): Promise<Run> {
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
