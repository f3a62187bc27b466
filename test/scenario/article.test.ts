/** The article's first half, command by command, on the cluster the preset builds: what podwire prints beside what the article prints. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, createCluster } from "../../src/index.ts"
import { readGolden } from "../support/golden.ts"

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: client-pod, labels: { app: client } }
spec:
  nodeName: k8s-worker-1
  containers: [{ name: busybox, image: "busybox:1.28", command: [sh, -c, sleep 3600] }]
---
apiVersion: v1
kind: Pod
metadata: { name: backend-pod, labels: { app: backend } }
spec:
  nodeName: k8s-worker-2
  containers: [{ name: nginx, image: nginx, ports: [{ containerPort: 80 }] }]
`

const article = readGolden("test/golden/article/worker-1.txt")
const printed = (command: string): string[] =>
  (article.find((block) => block.command.startsWith(command))?.output ?? "").trimEnd().split("\n")
/** iproute2 ends some lines with a blank; the article's page has lost it. */
const lines = (text: string): string[] => text.trimEnd().replace(/ +$/gm, "").split("\n")

describe("the article's overlay part", () => {
  let cluster: Cluster
  const worker = (command: string): Promise<string> =>
    cluster
      .node("k8s-worker-1")
      .exec(command)
      .then((result) => result.stdout)

  beforeAll(async () => {
    cluster = await createCluster({ preset: "article" })
    await cluster.apply(PODS)
    await Promise.all([cluster.pod("client-pod").ready(), cluster.pod("backend-pod").ready()])
  })

  test("ip addr show flannel.1: line by line", async () => {
    expect(lines(await worker("ip addr show flannel.1"))).toEqual(printed("ip addr"))
  })

  test("ip route: the article shows the pods' ranges, a whole table also has the machine's own networks", async () => {
    const shown = lines(await worker("ip route"))
    expect(shown.filter((line) => line.startsWith("10.244."))).toEqual(printed("ip route"))
    expect(shown.filter((line) => !line.startsWith("10.244."))).toEqual([
      "default via 10.0.2.2 dev enp0s3",
      "10.0.2.0/24 dev enp0s3 proto kernel scope link src 10.0.2.15",
      "192.168.80.0/24 dev enp0s8 proto kernel scope link src 192.168.80.103",
    ])
  })

  test("bridge fdb show: the article's rows, in whatever order the kernel's hash table gives", async () => {
    expect(lines(await worker("bridge fdb show dev flannel.1")).sort()).toEqual(printed("bridge fdb").sort())
  })

  test("tcpdump: node to node outside, pod network inside, from flannel.1's own address when the node asks", async () => {
    const dump = worker('sudo tcpdump -i enp0s8 -n -c 3 "dst host 192.168.80.105 and udp port 8472" 2>/dev/null')
    const page = await cluster.node("k8s-worker-1").exec(`curl -s http://${cluster.pod("backend-pod").ip}/`)
    expect(page.stdout).toContain("<title>Welcome to nginx!</title>")
    const shown = lines(await dump)
    // Time, ports and sequence numbers are a run's own; the article writes the backend's address as its range, and "..." for the rest.
    const shape = (line: string): string =>
      line
        .replace(/^\d\d:\d\d:\d\d\.\d{6}/, "TIME")
        .replace(/(192\.168\.80\.103|10\.244\.1\.0)\.\d+ >/, "$1.PORT >")
        .replace(/10\.244\.2\.[02]\.80/, "10.244.2.x.80")
        .replace(/(Flags \[[^\]]+\]),.*?( HTTP: .*)?$/, "$1, ...$2")
        .replace(/: OTV, .*$/, ": OTV")
    const expected = printed("sudo tcpdump").map(shape)
    // The article leaves out the segment in between, an acknowledgement.
    expect([0, 1, 4, 5].map((k) => shape(shown[k] as string))).toEqual(expected)
    expect(shown[0]).toContain("OTV, flags [I] (0x08), overlay 0, instance 1")
    expect(shape(shown[3] as string)).toBe("IP 10.244.1.0.PORT > 10.244.2.x.80: Flags [.], ...")
  })
})
