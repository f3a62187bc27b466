/** podwire/vitest as a user has it: real packets in virtual time, and a failure that says where the packet died. */
import { beforeAll, describe, expect, test } from "vitest"
import "../../src/vitest.ts"
import { type Cluster, createCluster, defineTool, type Tool } from "../../src/index.ts"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"

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
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }
`

/** Listens on UDP port 9, and never answers. */
const discard: Tool = defineTool("discard", async (proc) => {
  const socket = new UdpSocket(proc.net)
  socket.bind(0, 9)
  for (;;) await socket.receiveFrom(proc)
})

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ preset: "article", tools: [discard] })
  await cluster.apply(PODS)
})

const client = (): ReturnType<Cluster["pod"]> => cluster.pod("client-pod")
const backend = (): ReturnType<Cluster["pod"]> => cluster.pod("backend-pod")

/** What a failed expectation says. */
async function complaint(expectation: Promise<void>): Promise<string> {
  return expectation.then(
    () => "it held",
    (error: Error) => error.message,
  )
}

describe("toReach", () => {
  test("pods that are still starting are waited for; a pod's only port needs no saying", async () => {
    expect(client().phase).toBe("Pending")
    await expect(client()).toReach(backend())
  })

  test("pods by name and by address, nodes, from pods and from nodes", async () => {
    await expect(client()).toReach("backend-pod:80")
    await expect(client()).toReach("default/backend-pod:80")
    await expect(client()).toReach(`${backend().ip}:80`)
    await expect(cluster.node("k8s-worker-3")).toReach(backend(), { port: 80 })
    await expect(client()).toReach("k8s-worker-3", { protocol: "icmp" })
    await expect(client()).toReach(backend(), { protocol: "icmp" })
    await expect(cluster.node("k8s-master")).toReach(cluster.node("k8s-worker-1"), { protocol: "icmp" })
  })

  test("UDP: a datagram that a socket takes has arrived, answered or not", async () => {
    await cluster.node("k8s-worker-3").exec("discard &")
    await expect(client()).toReach("k8s-worker-3:9", { protocol: "udp" })
    await expect(client()).not.toReach("k8s-worker-3:10", { protocol: "udp", because: "NO_SOCKET" })
  })

  test("a closed port is not reached, and the kernel says why", async () => {
    await expect(client()).not.toReach("backend-pod:81")
    await expect(client()).not.toReach("backend-pod:81", { because: "NO_SOCKET" })
    await expect(client()).not.toReach("backend-pod:81", { because: "SKB_DROP_REASON_NO_SOCKET" })
    expect(await complaint(expect(client()).toReach("backend-pod:81"))).toMatch(
      /^expected pod default\/client-pod to reach 10\.244\.2\.2:81\/tcp\n\npod default\/client-pod did not reach 10\.244\.2\.2:81\/tcp: Connection refused after \d+\.\d{3} ms; dropped at backend-pod eth0: SKB_DROP_REASON_NO_SOCKET\n {2}client-pod +eth0 +sent\n/,
    )
  })

  test("nobody at the address: the last hop asked in vain", async () => {
    const said = await complaint(expect(client()).toReach("10.244.2.99:80"))
    expect(said).toContain("No route to host after")
    expect(said).toContain("dropped at k8s-worker-2 cni0: SKB_DROP_REASON_NEIGH_FAILED")
    expect(said).toMatch(
      /\n {2}k8s-worker-1 +flannel\.1 +encapsulated +5e:83:73:4b:98:06 dev flannel\.1 dst 192\.168\.80\.105\n/,
    )
  })

  test("a neighbour on its own network that is not there: the packet never left the pod", async () => {
    const reach = await client().reach("10.244.1.200:80")
    expect(reach.explain()).toMatch(
      /^pod default\/client-pod did not reach 10\.244\.1\.200:80\/tcp: No route to host after 30\d\d\.\d{3} ms; dropped at client-pod eth0: SKB_DROP_REASON_NEIGH_FAILED\n {2}client-pod {2}eth0 {2}dropped {2}SKB_DROP_REASON_NEIGH_FAILED$/,
    )
    await expect(client()).not.toReach("10.244.1.200:80", { because: "NEIGH_FAILED" })
  })

  test("without a route nothing is sent", async () => {
    const reach = await cluster.node("k8s-worker-1").reach("10.244.2.2:80")
    expect(reach.reached).toBe(true)
    await cluster.node("k8s-worker-3").exec("ip route del default; ip route add unreachable 172.30.0.0/16")
    const gone = await cluster.node("k8s-worker-3").reach("172.31.0.1:80")
    expect(gone.explain()).toBe(
      "node k8s-worker-3 did not reach 172.31.0.1:80/tcp: Network is unreachable after 0.000 ms\nno packet was sent",
    )
  })

  test("a row of Flannel's missing: where, and at what", async () => {
    const worker = cluster.node("k8s-worker-1")
    const row = "5e:83:73:4b:98:06 dev flannel.1 dst 192.168.80.105"
    await worker.exec(`bridge fdb del ${row}`)
    const said = await complaint(expect(client()).toReach("backend-pod:80"))
    await worker.exec(`bridge fdb append ${row}`)
    expect(said).toContain(
      "Connection timed out after 5000.000 ms; dropped at k8s-worker-1 flannel.1: SKB_DROP_REASON_",
    )
    await expect(client()).toReach("backend-pod:80")
  })

  test("dropped outside the cluster: at a device that is no machine's", async () => {
    const worker = cluster.node("k8s-worker-2")
    const row = "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink"
    await worker.exec(`ip route del ${row}`)
    const said = await complaint(expect(client()).toReach("backend-pod:80"))
    await worker.exec(`ip route add ${row}`)
    expect(said).toContain("; dropped at enp0s3: SKB_DROP_REASON_IP_FORWARD_DISABLED\n")
    await expect(client()).toReach("backend-pod:80")
  })

  test(".not of what is reached: how and how fast", async () => {
    expect(await complaint(expect(client()).not.toReach("backend-pod:80"))).toMatch(
      /^expected pod default\/client-pod not to reach 10\.244\.2\.2:80\/tcp\n\npod default\/client-pod reached 10\.244\.2\.2:80\/tcp in \d+\.\d{3} ms\n {2}client-pod/,
    )
  })

  test("another reason than the one expected is a failure", async () => {
    expect(await complaint(expect(client()).not.toReach("backend-pod:81", { because: "NETFILTER_DROP" }))).toMatch(
      /^expected .* because of SKB_DROP_REASON_NETFILTER_DROP\n\n.* SKB_DROP_REASON_NO_SOCKET\n/,
    )
  })

  test("timeouts are virtual", async () => {
    const before = cluster.sim.now
    const reach = await client().reach("10.244.2.99:80", { timeout: "1s" })
    expect([reach.errno, cluster.sim.now - before < 1.2e9]).toEqual(["ETIMEDOUT", true])
  })
})

describe("what cannot be asked", () => {
  test.each([
    [
      "nosuch:80",
      {},
      /^no pod, node or Service "nosuch"; pods: backend-pod, client-pod, .*; nodes: k8s-master, k8s-worker-1, .*; Services: db, kubernetes, /,
    ],
    ["db:5432", {}, '"db" is a Service without an address of its own: name one of its pods'],
    ["k8s-master", {}, 'which port of k8s-master? Say "k8s-master:80", or { port: 80 }'],
    ["client-pod", {}, 'which port of client-pod? Say "client-pod:80", or { port: 80 }'],
    ["10.244.2.2", {}, 'which port of 10.244.2.2? Say "10.244.2.2:80", or { port: 80 }'],
    ["10.244.2.2:0", {}, "port 0: expected 1 to 65535"],
    ["backend-pod:80", { protocol: "icmp" as const }, "backend-pod: ICMP has no port"],
    ["backend-pod:80", { protocol: "sctp" as "tcp" }, 'protocol "sctp": there are tcp, udp, icmp'],
    ["backend-pod:80", { timeout: "soon" }, 'not a duration: "soon"'],
    ["backend-pod:80", { because: "NO_SOCKET" }, '"because" says why something is not reached: use it with .not'],
  ])("%s %j", async (target, options, message) => {
    expect(await complaint(expect(client()).toReach(target, options))).toMatch(message)
  })

  test("things that send no packets", async () => {
    expect(await complaint(expect("client-pod").toReach("backend-pod:80"))).toMatch(/^toReach is for pods and nodes/)
    expect(await complaint(expect(cluster.pod("nosuch")).toReach("backend-pod:80"))).toMatch(/^no pod "nosuch"/)
  })
})

test("results are data", async () => {
  const reach = await client().reach("backend-pod:80")
  expect(JSON.parse(JSON.stringify(reach))).toEqual({
    from: "pod default/client-pod",
    to: "10.244.2.2:80/tcp",
    reached: true,
    elapsed: reach.elapsed,
  })
  expect(reach.hops.map((hop) => hop.action)).toContain("encapsulated")
})
