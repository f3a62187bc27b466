/** FQDN selectors as a DNS rule of a policy: a pod asks for each name through its agent's proxy. */
import { cilium } from "../../cni/cilium/cilium.ts"
import { isStatus } from "../../kube/api/status.ts"
import type { Manifest, Service } from "../../kube/api/types.ts"
import { UdpSocket } from "../../linux/inet/udp-socket.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { ipv4 } from "../../wire/address.ts"
import { DnsType, dnsQuery, emitDns, parseDns, Rcode } from "../../wire/dns.ts"
import type { Cluster } from "../cluster.ts"
import { createCluster } from "../create-cluster.ts"
import { type CaseReport, skippedReport } from "./answer.ts"
import { Checks } from "./checks.ts"
import { inProcess } from "./in-process.ts"
import type { NameCase } from "./name-case.ts"

/** One for all: every case takes its policy away. */
let held: Cluster | undefined

const CLIENT = { matchLabels: { app: "client" } }
const DNS_PORT = 53
const TIMEOUT = 2e9

export async function askNames(test: NameCase): Promise<CaseReport> {
  const cluster = held ?? (await clientCluster())
  held = undefined
  const checks = new Checks(test, "packets")
  const refused = create(cluster, policyOf(test))
  if (refused !== undefined) {
    held = cluster
    return skippedReport(test, "packets", `no policy can have it: ${refused}`)
  }
  // An endpoint is regenerated a moment after its policy came.
  await cluster.advance("1s")
  const server = dnsServer(cluster)
  const { net } = cluster.pod("client")
  let upper = 0
  const ask = async (name: string, wanted: string): Promise<void> => {
    // The proxy compares in lower case, the matcher alone does not.
    if (name !== name.toLowerCase()) upper++
    else checks.check(name, wanted, (await passes(net, server, name)) ? "selected" : "not selected")
  }
  const { valid, matches = [], rejects = [] } = test.expect
  if (valid) for (const name of matches) await ask(name, "selected")
  if (valid) for (const name of rejects) await ask(name, "not selected")
  if (upper > 0) checks.note(`${upper} not sent: names with capital letters, which a proxy makes small`)
  await cluster.exec(cluster.nodes[0]?.name ?? "", "kubectl delete ciliumnetworkpolicy names")
  await cluster.settle()
  held = cluster
  return checks.report()
}

async function clientCluster(): Promise<Cluster> {
  const cluster = await createCluster({ nodes: 2, cni: cilium() })
  await cluster.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "client", labels: CLIENT.matchLabels },
    spec: { containers: [{ name: "c", image: "busybox:1.28", command: ["sleep", "1000000"] }] },
  })
  await cluster.pod("client").ready()
  await cluster.settle()
  return cluster
}

const policyOf = ({ selector }: NameCase): Manifest => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { namespace: "default", name: "names" },
  spec: {
    endpointSelector: CLIENT,
    egress: [{ toPorts: [{ ports: [{ port: String(DNS_PORT), protocol: "ANY" }], rules: { dns: [selector] } }] }],
  },
})

/** What the API server says against an object; undefined when it took it. */
function create({ server: { registry } }: Cluster, manifest: Manifest): string | undefined {
  const resource = registry.resourceByKind(manifest.apiVersion, manifest.kind)
  const made = resource === undefined ? undefined : registry.create(resource, manifest)
  return isStatus(made) ? made.message : undefined
}

const dnsServer = ({ server: { registry } }: Cluster): number => {
  const service = registry.get(registry.resource("services"), "kube-system", "kube-dns")
  return ipv4(isStatus(service) ? "" : ((service as Service).spec.clusterIP ?? ""))
}

/** Whether the proxy lets a question through: it answers others with REFUSED itself (tofqdns-dns-reject-response-code). */
function passes(net: NetNamespace, server: number, name: string): Promise<boolean> {
  return inProcess(net, "dns-probe", async (proc) => {
    const socket = new UdpSocket(net)
    socket.send(emitDns(dnsQuery(1, name, DnsType.A)), server, DNS_PORT)
    const got = await socket.receiveFrom(proc, TIMEOUT)
    socket.close()
    const rcode = typeof got === "string" ? undefined : parseDns(got.data)?.rcode
    return rcode !== undefined && rcode !== Rcode.REFUSED
  })
}
