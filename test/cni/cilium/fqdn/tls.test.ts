/** TLS server names in policies: what a client sees when the one it asks for is not among them. */
import { beforeAll, expect, test } from "vitest"
import { type Cluster, cilium, createCluster } from "../../../../src/index.ts"
import { formatIpv4 } from "../../../../src/wire/address.ts"

const policy = (name: string, port: object, peers: object = { toEntities: ["world"] }): object => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name },
  spec: {
    endpointSelector: { matchLabels: { app: "client" } },
    egress: [{ toPorts: [{ ports: [{ port: "53", protocol: "ANY" }] }] }, { ...peers, toPorts: [port] }],
  },
})
const HTTPS = { ports: [{ port: "443", protocol: "TCP" }] }
const RAW = "raw.githubusercontent.com"
const FILE = "/flannel-io/flannel/v0.27.4/Documentation/kube-flannel.yml"

let cluster: Cluster
const run = async (line: string): Promise<string> => {
  const { output, code } = await cluster.exec("control-plane", line)
  return `${output.trimEnd()} [${code}]`
}
const curl = (args: string): Promise<string> =>
  run(`kubectl exec client -- curl -sS -m 3 -o /dev/null -w '%{http_code}' ${args}`)

beforeAll(async () => {
  cluster = await createCluster({ nodes: 2, cni: cilium() })
  await cluster.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "client", labels: { app: "client" } },
    spec: { nodeName: "worker-1", containers: [{ name: "c", image: "nginx" }] },
  })
  await cluster.pod("client").ready()
  await cluster.apply(policy("sni", { ...HTTPS, serverNames: ["*.githubusercontent.com"] }))
  await cluster.settle()
})

test("a name among them passes, and the bytes as they are", async () => {
  expect(await curl(`https://${RAW}${FILE}`)).toBe("200 [0]")
})

test("another is closed at once: the client's handshake ends in a reset (recorded from curl 7.88.1)", async () => {
  expect(await curl("https://github.com/")).toMatch(
    /^curl: \(35\) Recv failure: Connection reset by peer\n000.*\[35\]$/s,
  )
})

test("so is a client that says no name, and one that speaks no TLS", async () => {
  expect(await curl("-k https://185.199.108.133/")).toContain("(35)")
  expect(await curl("http://github.com:443/")).toContain("(56) Recv failure: Connection reset by peer")
})

test("the proxy called nobody for those that were closed", () => {
  const { initNet } = cluster.node("worker-1").kernel
  const called = initNet.tcp.sockets.filter(({ remotePort }) => remotePort === 443)
  expect(called.map(({ remoteAddress, state }) => `${formatIpv4(remoteAddress)} ${state}`)).toEqual([
    "185.199.108.133 TIME-WAIT",
  ])
})

test("a rule without names lets every name pass, unless it is about the same peers (mergePortProto: if any asks for names, all do)", async () => {
  await cluster.apply(policy("open", HTTPS))
  await cluster.settle()
  expect(await curl("https://github.com/")).toContain("(35)")
  await cluster.apply(policy("open", HTTPS, {}))
  await cluster.settle()
  expect(await curl("https://github.com/")).toBe("404 [0]")
  await cluster.exec("control-plane", "kubectl delete cnp open")
  await cluster.settle()
  expect(await curl("https://github.com/")).toContain("(35)")
})

test("a policy that wants TLS opened is refused by name, and says so in its status", async () => {
  const secret = { secret: { name: "ca", namespace: "default" } }
  await cluster.apply(policy("opened", { ...HTTPS, terminatingTLS: secret, rules: { http: [{}] } }))
  await cluster.settle()
  await cluster.advance("1s")
  const text = "podwire does not support terminatingTLS (spec.egress[1].toPorts[0]): its proxy cannot open TLS"
  expect(await run("kubectl get cnp opened -o jsonpath='{.status.conditions[0].message}'")).toBe(`${text} [0]`)
  const logs = await run("kubectl -n kube-system logs ds/cilium -c cilium-agent")
  expect(logs).toContain(text)
})
