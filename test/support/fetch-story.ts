/** One story for every place podwire runs in: two pods on two machines, a fetch across Flannel's tunnel, and the capture file it leaves. */
import type * as podwire from "../../src/index.ts"

export async function fetchStory(createCluster: typeof podwire.createCluster, seed?: number): Promise<Uint8Array> {
  const cluster = await createCluster({ preset: "article", ...(seed === undefined ? {} : { seed }) })
  await cluster.apply(PODS)
  const client = cluster.pod("client-pod")
  const backend = cluster.pod("backend-pod")
  await Promise.all([client.ready(), backend.ready()])
  let page = ""
  const capture = await cluster.capture({ filter: "ip" }, async () => {
    page = (await client.exec(`wget -qO- http://${backend.ip}/`)).stdout
  })
  if (!page.includes("Welcome to nginx!")) throw new Error(`the page did not arrive: ${page}`)
  return capture.toPcapng()
}

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: client-pod }
spec:
  nodeName: k8s-worker-1
  containers: [{ name: busybox, image: "busybox:1.28", command: [sleep, "3600"] }]
---
apiVersion: v1
kind: Pod
metadata: { name: backend-pod }
spec:
  nodeName: k8s-worker-2
  containers: [{ name: nginx, image: nginx, ports: [{ containerPort: 80 }] }]
`
