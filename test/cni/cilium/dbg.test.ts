/** cilium-dbg on a node. Forms: spec/cilium.md 7.2 and 7.3; columns are measured by the widths Go's tabwriter gives. */
import { beforeAll, describe, expect, test } from "vitest"
import { type Cluster, cilium, createCluster } from "../../../src/index.ts"

const pod = (name: string, node: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, labels: { app: ${name} } }\nspec: { nodeName: ${node}, containers: [{ name: main, image: nginx }] }\n`

const POLICY = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: l7 }
spec:
  endpointSelector: { matchLabels: { app: web } }
  ingress:
    - fromEndpoints: [{ matchLabels: { app: client } }]
      toPorts:
        - ports: [{ port: "8080", endPort: 8087, protocol: TCP }]
        - ports: [{ port: "80", protocol: TCP }]
          rules: { http: [{ path: "/public" }] }
  ingressDeny:
    - fromEndpoints: [{ matchLabels: { app: evil } }]
`

let cluster: Cluster
let agentPod: string
let web: { ip: string; id: number; identity: number }

/** In the agent's container on w1. */
async function dbg(words: string): Promise<{ code: number; output: string; stdout: string }> {
  return await cluster
    .node("master")
    .exec(`kubectl -n kube-system exec ${agentPod} -c cilium-agent -- cilium-dbg ${words}`)
}

const lines = async (words: string): Promise<string[]> => (await dbg(words)).stdout.split("\n")

beforeAll(async () => {
  cluster = await createCluster({ nodes: ["master", "w1", "w2"], cni: cilium() })
  await cluster.apply([pod("web", "w1"), pod("client", "w2"), pod("evil", "w2"), POLICY].join("---\n"))
  for (const name of ["web", "client", "evil"]) await cluster.pod(name).ready()
  const master = cluster.node("master")
  const list = await master.exec(
    `kubectl -n kube-system get pods -l k8s-app=cilium --field-selector spec.nodeName=w1 -o jsonpath='{.items[0].metadata.name}'`,
  )
  agentPod = list.stdout
  const endpoint = await master.exec("kubectl get cep web -o jsonpath='{.status.id} {.status.identity.id}'")
  const [id, identity] = endpoint.stdout.split(" ").map(Number)
  web = { ip: cluster.pod("web").ip, id: id as number, identity: identity as number }
})

describe("tables", () => {
  test("status says what the agent says of itself", async () => {
    const rows = await lines("status")
    expect(rows.slice(0, 2)).toEqual([
      "KVStore:                 Disabled   ",
      expect.stringMatching(/^Kubernetes: {14}Ok {9}1\.31 \(v1\.31\.\d+\) \[linux\/amd64\]$/),
    ])
    expect(rows).toContain("KubeProxyReplacement:    False   ")
    expect(rows).toContain(
      "CNI Config file:         successfully wrote CNI configuration file to /host/etc/cni/net.d/05-cilium.conflist",
    )
    expect(rows).toContain("Routing:                 Network: Tunnel [vxlan]   Host: Legacy")
    expect(rows).toContain("Masquerading:            IPTables [IPv4: Enabled, IPv6: Disabled]")
    expect(rows).toContainEqual(expect.stringMatching(/^IPAM: {20}IPv4: \d\/254 allocated from 10\.0\.1\.0\/24, $/))
    expect(rows).toContainEqual(
      expect.stringMatching(
        /^Proxy Status: {12}OK, ip 10\.0\.1\.\d+, 1 redirects active on ports 10000-20000, Envoy: external$/,
      ),
    )
    // ln(1 + 3) minutes.
    expect(rows).toContainEqual(
      expect.stringMatching(
        /^Cluster health: {10}3\/3 reachable {3}\(2025-\S+Z\) {3}\(Probe interval: 1m23\.177661667s\)$/,
      ),
    )
    expect((await dbg("status --brief")).output).toBe("OK\n")
  })

  test("endpoint list: the pod, the host, the health endpoint", async () => {
    const rows = await lines("endpoint list")
    expect(rows[0]).toMatch(
      /^ENDPOINT {3}POLICY \(ingress\) {3}POLICY \(egress\) {3}IDENTITY {3}LABELS \(source:key\[=value\]\) +IPv6 {3}IPv4 +STATUS {3}$/,
    )
    expect(rows[1]).toMatch(/^ {11}ENFORCEMENT {8}ENFORCEMENT +$/)
    const own = rows.findIndex((row) => row.startsWith(`${web.id} `))
    expect(rows[own]?.split(/\s{2,}/)).toEqual([
      String(web.id),
      "Enabled",
      "Disabled",
      String(web.identity),
      "k8s:app=web",
      web.ip,
      "ready",
      "",
    ])
    expect(rows.slice(own + 1, own + 5).map((row) => row.trim())).toEqual([
      "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=default",
      "k8s:io.cilium.k8s.policy.cluster=kubernetes",
      "k8s:io.cilium.k8s.policy.serviceaccount=default",
      "k8s:io.kubernetes.pod.namespace=default",
    ])
    expect(rows).toContainEqual(expect.stringMatching(/^\d+ +Disabled {11}Disabled {10}4 {10}reserved:health /))
    expect(rows.filter((row) => / 1 {10}k8s:/.test(row))).toHaveLength(1)
  })

  test("endpoint get by number, pod and address; what is not there", async () => {
    for (const id of [`${web.id}`, "pod-name:default:web", `ipv4:${web.ip}`])
      expect(JSON.parse((await dbg(`endpoint get ${id}`)).stdout)[0].id).toBe(web.id)
    expect(await dbg("endpoint get pod-name:default:nobody")).toMatchObject({
      code: 1,
      output:
        "Error: Cannot get endpoint pod-name:default:nobody: [GET /endpoint/{id}][404] getEndpointIdNotFound\n\ncommand terminated with exit code 1\n",
    })
  })

  test("identity list: reserved ones first, a label a line", async () => {
    const rows = await lines("identity list")
    expect(rows.slice(0, 4).map((row) => row.trimEnd())).toEqual([
      "ID      LABELS",
      "1       reserved:host",
      "2       reserved:world",
      "3       reserved:unmanaged",
    ])
    expect(rows).toContain(`${String(web.identity).padEnd(8)}k8s:app=web`)
  })

  test("bpf policy get: denials first, port blocks, proxy ports, what was counted", async () => {
    const rows = (await lines(`bpf policy get ${web.id}`)).filter((row) => /^(POLICY|Allow|Deny)/.test(row))
    expect(rows[0]).toMatch(
      /^POLICY {3}DIRECTION {3}LABELS \(source:key\[=value\]\) +PORT\/PROTO {6}PROXY PORT {3}AUTH TYPE {3}BYTES {3}PACKETS {3}PREFIX {3}$/,
    )
    const cells = rows.slice(1).map((row) => row.trimEnd().split(/\s{2,}/))
    expect(cells.map((row) => [row[0], row[1], row[2], row[3], row[8]])).toEqual([
      ["Deny", "Ingress", "k8s:app=evil", "ANY", "0"],
      ["Allow", "Ingress", "reserved:host", "ANY", "0"],
      ["Allow", "Ingress", "k8s:app=client", "80/TCP", "24"],
      ["Allow", "Ingress", "k8s:app=client", "8080-8087/TCP", "21"],
      ["Allow", "Egress", "ANY", "ANY", "0"],
    ])
    expect(Number(cells[2]?.[4])).toBeGreaterThanOrEqual(10000)
  })

  test("bpf ipcache list: which identity an address has, and behind which node", async () => {
    const client = cluster.pod("client").ip
    const rows = (await lines("bpf ipcache list")).map((row) => row.trimEnd())
    expect(rows).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${client}/32 +identity=\\d+ encryptkey=0 tunnelendpoint=192\\.168\\.80\\.103 flags=hastunnel$`),
      ),
    )
    expect(rows).toContainEqual(
      expect.stringMatching(/^0\.0\.0\.0\/0 +identity=2 encryptkey=0 tunnelendpoint=0\.0\.0\.0 flags=<none>$/),
    )
    expect((await dbg("bpf ipcache get 10.0.2.250")).output).toBe(
      "10.0.2.250 maps to identity identity=2 encryptkey=0 tunnelendpoint=192.168.80.103 flags=hastunnel\n",
    )
  })
})

describe("traffic", () => {
  test("bpf ct list global: a connection of TCP, and how it is forgotten", async () => {
    await cluster.pod("client").nsenter(`curl -s -m 2 http://${web.ip}:8080/`)
    const [row] = (await lines("bpf ct list global")).filter((line) => line.includes(`${web.ip}:8080`))
    expect(row).toMatch(
      /^TCP IN [\d.]+:\d+ -> [\d.]+:8080 expires=\d+ Packets=0 Bytes=0 RxFlagsSeen=0x02 LastRxReport=\d+ TxFlagsSeen=0x14 LastTxReport=\d+ Flags=0x04[0-9a-f]{2} \[ .*FromTunnel \] RevNAT=0 SourceSecurityID=\d+ BackendID=0 $/,
    )
    expect((await dbg("bpf ct flush global")).output).toMatch(
      /^Flushed \d+ entries from \/sys\/fs\/bpf\/tc\/globals\/cilium_ct4_global\nFlushed \d+ entries from \/sys\/fs\/bpf\/tc\/globals\/cilium_ct_any4_global\n$/,
    )
    expect((await dbg("bpf ct list global")).stdout).toBe("\n\n")
  })

  test("monitor tells events as they happen", async () => {
    const master = cluster.node("master")
    const all = `kubectl -n kube-system exec ${agentPod} -c cilium-agent -- timeout -s INT 3 cilium-dbg monitor`
    const watching = master.exec(`${all} --related-to ${web.id}`)
    await cluster.pod("client").nsenter(`curl -s -m 2 http://${web.ip}/denied`)
    await cluster.pod("evil").nsenter(`curl -s -m 1 http://${web.ip}/`)
    const { output } = await watching
    expect(output).toMatch(/^Listening for events on 2 CPUs with 64x4096 of shared memory\nPress Ctrl-C to quit\n/)
    expect(output).toMatch(/\n\nReceived an interrupt, disconnecting from monitor\.\.\.\n\n/)
    expect(output).toMatch(
      new RegExp(
        `^Policy verdict log: flow 0x[0-9a-f]+ local EP ID ${web.id}, remote ID \\d+, proto 6, ingress, action deny, auth: disabled, match L3-Only, [\\d.]+:\\d+ -> ${web.ip}:80 tcp SYN$`,
        "m",
      ),
    )
    expect(output).toMatch(
      new RegExp(
        `^xx drop \\(Policy denied by denylist\\) flow 0x[0-9a-f]+ to endpoint ${web.id}, ifindex \\d+, file bpf_lxc.c:0, , identity \\d+->${web.identity}: [\\d.]+:\\d+ -> ${web.ip}:80 tcp SYN$`,
        "m",
      ),
    )
    expect(output).toMatch(
      /^-> proxy port \d+ flow 0x[0-9a-f]+ , identity \d+->\d+ state new ifindex lxc\w+ orig-ip [\d.]+: [\d.]+:\d+ -> [\d.]+:80 tcp SYN$/m,
    )
    expect(output).toMatch(
      new RegExp(
        `^<- Request http from 0 \\(\\[k8s:app=client .*\\]\\) to ${web.id} \\(\\[k8s:app=web .*\\]\\), identity \\d+->${web.identity}, verdict Denied GET http://${web.ip}/denied => 0$`,
        "m",
      ),
    )
  })

  test("monitor -t leaves the others out", async () => {
    const master = cluster.node("master")
    const watching = master.exec(
      `kubectl -n kube-system exec ${agentPod} -c cilium-agent -- timeout -s INT 3 cilium-dbg monitor -t drop`,
    )
    await cluster.pod("evil").nsenter(`curl -s -m 1 http://${web.ip}/`)
    const told = (await watching).stdout.split("\n").filter((line) => line !== "")
    expect(told).not.toEqual([])
    expect(told.filter((line) => !line.startsWith("xx drop "))).toEqual([])
  })
})

describe("what is not there", () => {
  test.each([
    ["foo", 1, /^Error: unknown command "foo" for "cilium-dbg"\nRun 'cilium-dbg --help' for usage\.\n/],
    ["bpf tunnel list", 0, /^Direct access to local BPF maps\n/],
    ["debuginfo", 1, /^Error: podwire's cilium-dbg has no command "debuginfo"\n/],
    [
      "monitor -t nonsense",
      1,
      /^Error: invalid argument "nonsense" for "-t, --type" flag: invalid type \(nonsense\)\./,
    ],
    ["monitor --hex", 1, /^Error: podwire does not support the flag --hex\n/],
    ["bpf policy get", 1, /^Error: Missing endpoint id argument\n/],
    ["endpoint list -o jsonpath={}", 1, /^Error: podwire's cilium-dbg prints json and yaml, not jsonpath=\{\}\n/],
  ])("%s", async (words, code, output) => {
    const result = await dbg(words)
    expect(result.code).toBe(code)
    expect(result.output).toMatch(output)
  })
})
