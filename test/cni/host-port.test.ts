/** A pod's hostPort, by packets: from another machine, from the node itself, from the node's pods; gone with the pod. */
import { beforeAll, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"

const pod = (name: string, container: object): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { nodeName: "worker-1", containers: [{ name: "c", image: "nginx", ...container }] },
})

let cluster: Cluster
let worker = ""
const status = async (where: string, url: string): Promise<string> => {
  const place = where.startsWith("pod/") ? cluster.pod(where.slice(4)) : cluster.node(where)
  return (await place.exec(`curl -s -o /dev/null -m 2 -w '%{http_code}' ${url}`)).stdout
}

beforeAll(async () => {
  cluster = await createCluster({ nodes: 3 })
  for (const manifest of [pod("web", { ports: [{ containerPort: 80, hostPort: 8080 }] }), pod("client", {})]) {
    await cluster.apply(manifest)
    await cluster.pod((manifest as { metadata: { name: string } }).metadata.name).ready()
  }
  worker = cluster.node("worker-1").ip
})

test("another machine, the node by its address and by localhost, a pod beside it", async () => {
  expect(await status("worker-2", `http://${worker}:8080/`)).toBe("200")
  expect(await status("worker-1", `http://${worker}:8080/`)).toBe("200")
  expect(await status("worker-1", "http://127.0.0.1:8080/")).toBe("200")
  expect(await status("pod/client", `http://${worker}:8080/`)).toBe("200")
  expect(await status("worker-2", `http://${worker}:8081/`)).toBe("000")
})

test("the pod sees who asks from outside, and the node's gateway for its neighbours", async () => {
  const seen = async (ask: () => Promise<unknown>): Promise<string[]> => {
    const capture = await cluster.capture({ filter: "tcp[tcpflags] & tcp-syn != 0 and dst port 80", on: "web" }, ask)
    return capture
      .toString()
      .split("\n")
      .flatMap((line) => /IP (\d+\.\d+\.\d+\.\d+)\.\d+ > /.exec(line)?.[1] ?? [])
  }
  expect(await seen(() => status("worker-2", `http://${worker}:8080/`))).toEqual([cluster.node("worker-2").ip])
  expect(await seen(() => status("pod/client", `http://${worker}:8080/`))).toEqual(["10.244.1.1"])
})

test("the rules go with the pod", async () => {
  const rules = async (): Promise<string> =>
    (await cluster.node("worker-1").exec("iptables-save -t nat | grep -c CNI-DN-")).stdout
  expect(await rules()).toBe("5\n")
  await cluster.node("control-plane").exec("kubectl delete pod web --now")
  expect(await rules()).toBe("0\n")
  expect(await status("worker-2", `http://${worker}:8080/`)).toBe("000")
})
