/** Seconds of a human's life: a ready cluster, pods that run. */
import { type Cluster, createCluster } from "../src/index.ts"
import { inTurn, type Result, summary, wall } from "./measure.ts"

export const conditions =
  "the article's preset: four machines with Flannel's VXLAN backend, until every node is Ready; then two pods applied, until both are Ready"

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: client-pod }
spec:
  nodeName: k8s-worker-1
  containers: [{ name: busybox, image: "busybox:1.28", command: [sh, -c, sleep 3600] }]
---
apiVersion: v1
kind: Pod
metadata: { name: backend-pod }
spec:
  nodeName: k8s-worker-2
  containers: [{ name: nginx, image: nginx }]
`

export async function run(): Promise<Result[]> {
  let built: Cluster | undefined
  const create = async (): Promise<number> => {
    const start = wall()
    built = await createCluster({ preset: "article" })
    return wall() - start
  }
  const apply = async (): Promise<number> => {
    const current = built as Cluster
    const start = wall()
    await current.apply(PODS)
    await Promise.all([current.pod("client-pod").ready(), current.pod("backend-pod").ready()])
    return wall() - start
  }
  const [created = [], applied = []] = await inTurn([
    { name: "create", measure: create },
    { name: "apply", measure: apply },
  ])
  return [
    summary("cluster", "4 nodes until Ready", "ms", created),
    summary("cluster", "2 pods until Ready", "ms", applied),
  ]
}
