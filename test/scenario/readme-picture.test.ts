/** The picture in README: drawn by podwire from a packet that really went that way. `vitest -u` accepts a change. */
import { expect, test } from "vitest"
import { createCluster, topology } from "../../src/index.ts"

const pod = (name: string, node: string, container: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { nodeName: ${node}, containers: [${container}] }
`

test("README's picture", async () => {
  const cluster = await createCluster({ preset: "article" })
  await cluster.apply(pod("client-pod", "k8s-worker-1", '{ name: c, image: "busybox:1.28", command: [sleep, "3600"] }'))
  await cluster.apply(pod("backend-pod", "k8s-worker-2", "{ name: c, image: nginx }"))
  const [client, backend] = [cluster.pod("client-pod"), cluster.pod("backend-pod")]
  await Promise.all([client.ready(), backend.ready()])
  const capture = await cluster.capture({ filter: "ip" }, () => client.exec(`wget -qO- http://${backend.ip}/`))
  const picture = topology({
    label: "A SYN's way from client-pod to backend-pod, as podwire followed it",
    nodes: cluster.topology(),
    underlay: "192.168.80.0/24",
    highlight: capture.journey(),
  })
  await expect(`${picture}\n`).toMatchFileSnapshot("../../site/public/a-packet-between-pods.svg")
})
