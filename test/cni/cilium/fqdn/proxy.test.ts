/** Names in policies, end to end: a pod asks CoreDNS through the agent's proxy, and may go where the answer said. */
import { beforeAll, describe, expect, test } from "vitest"
import { agentOf } from "../../../../src/cni/cilium/agent/registry.ts"
import { type Cluster, cilium, createCluster } from "../../../../src/index.ts"
import { TcpSocket } from "../../../../src/linux/inet/tcp-socket.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"
import { type DnsMessage, DnsType, dnsQuery, emitDns, parseDns, Rcode } from "../../../../src/wire/dns.ts"
import { start } from "../../../support/world.ts"

const pod = (name: string, image: string, nodeName = "worker-1"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "client", name } },
  spec: {
    nodeName,
    containers: [{ name: "c", image, ...(image === "nginx" ? {} : { command: ["sleep", "36000"] }) }],
  },
})
const KUBE_DNS = [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } }]
/** May ask for anything under github.com and githubusercontent.com, and go to raw.githubusercontent.com. */
const fqdn = (dns: object[] | undefined, names: object[] = [{ matchName: "raw.githubusercontent.com" }]): object => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name: "fqdn" },
  spec: {
    endpointSelector: { matchLabels: { app: "client" } },
    egress: [
      {
        toEndpoints: KUBE_DNS,
        toPorts: [{ ports: [{ port: "53", protocol: "ANY" }], ...(dns === undefined ? {} : { rules: { dns } }) }],
      },
      { toFQDNs: names, toPorts: [{ ports: [{ port: "80", protocol: "TCP" }] }] },
    ],
  },
})
const GITHUB = [{ matchPattern: "**.githubusercontent.com" }, { matchName: "github.com" }]

async function createClients(values = {}, replicas = 1): Promise<Cluster> {
  const cluster = await createCluster({ nodes: 2, cni: cilium({ values }) })
  await cluster.exec("control-plane", `kubectl -n kube-system scale deployment coredns --replicas=${replicas}`)
  await cluster.apply([pod("curl", "nginx"), pod("box", "busybox:1.28"), pod("far", "busybox:1.28", "control-plane")])
  for (const name of ["curl", "box", "far"]) await cluster.pod(name).ready()
  await cluster.settle()
  return cluster
}

const run = async (cluster: Cluster, from: string, line: string): Promise<string> => {
  const { output, code } = await cluster.exec("control-plane", `kubectl exec ${from} -- ${line}`)
  return `${output.trimEnd()}${code === 0 ? "" : ` [${code}]`}`
}
const STATUS = "curl -sS -m 2 -o /dev/null -w '%{http_code}'"

/** Hubble's lines about names, without times, numbers and ports of clients. */
async function hubble(cluster: Cluster, flags = ""): Promise<string[]> {
  const pods = await cluster.exec("control-plane", "kubectl -n kube-system get pods -l k8s-app=cilium -o wide")
  const agent = / ?(cilium-\S+) .*worker-1/.exec(pods.output)?.[1] ?? ""
  const { output } = await cluster.exec(
    "control-plane",
    `kubectl -n kube-system exec ${agent} -c cilium-agent -- hubble observe --last 400 ${flags}`,
  )
  return output
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replace(/^.{19}: /, "")
        .replace(/(default\/\w+):\d+/g, "$1")
        .replace(/\(ID:\d+\)/g, "(ID)")
        .replace(/coredns-[\w-]+/g, "coredns"),
    )
}

const agent = (cluster: Cluster) => {
  const found = agentOf(cluster.node("worker-1").kernel)
  if (found === undefined) throw new Error("no agent on worker-1")
  return found
}
const learned = (cluster: Cluster): string[] =>
  agent(cluster)
    .names.list()
    .map(({ lookup: { name, addresses } }) => `${name} ${addresses.map(formatIpv4)}`)

/** What a query over TCP gets. */
async function ask(
  cluster: Cluster,
  name: string,
  more: Partial<DnsMessage> = {},
): Promise<{ rcode: number; answers: number } | string> {
  const where = "-l k8s-app=kube-dns -o jsonpath={.items[0].status.podIP}"
  const server = ipv4((await cluster.exec("control-plane", `kubectl -n kube-system get pod ${where}`)).output)
  let result: { rcode: number; answers: number } | string | undefined
  const { net } = cluster.pod("box")
  start(net.kernel, net, async (proc) => {
    const socket = await TcpSocket.connect(proc, server, 53, { timeout: 2e9 })
    if (typeof socket === "string") {
      result = socket
      return 1
    }
    const query = emitDns({ ...dnsQuery(77, name, DnsType.A), ...more })
    await socket.write(proc, Uint8Array.from([0, query.length, ...query]))
    const got = await socket.read(proc, 65536, 2e9)
    const message = typeof got === "string" ? undefined : parseDns(got.subarray(2))
    result = message === undefined ? "none" : { rcode: message.rcode, answers: message.answers.length }
    socket.close()
    return 0
  })
  await cluster.sim.until(() => result !== undefined)
  return result as { rcode: number; answers: number }
}

describe("names that policies mention", () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await createClients()
    await cluster.apply(fqdn(GITHUB))
    await cluster.settle()
  })

  test("an address that no name led to is closed", async () => {
    expect(await run(cluster, "curl", `${STATUS} http://185.199.108.133/`)).toMatch(
      /^curl: \(28\) Connection timed out after \d+ milliseconds\n000.*\[28\]$/s,
    )
  })

  test("once its name was asked for, it is open: what follows from the answer holds before the pod has it", async () => {
    expect(await run(cluster, "curl", `${STATUS} http://raw.githubusercontent.com/`)).toBe("301")
    expect(learned(cluster)).toContain("raw.githubusercontent.com. 185.199.108.133")
    const [identity] = agent(cluster).localIdentities.list
    expect(identity?.labels.labels).toEqual(["fqdn:raw.githubusercontent.com", "reserved:world"])
    expect(identity?.id).toBe(16777217)
    expect(agent(cluster).datapath.ipcache.lookup(ipv4("185.199.108.133"))?.identity).toBe(16777217)
  })

  test("a name that may be asked for is no name that may be gone to", async () => {
    expect(await run(cluster, "curl", `${STATUS} http://github.com/`)).toContain("(28)")
    expect(learned(cluster)).toContain("github.com. 140.82.112.3")
  })

  test("other names are refused", async () => {
    expect(await run(cluster, "box", "nslookup example.com")).toMatch(/nslookup: can't resolve 'example.com'/)
  })

  test("Hubble tells of each question and answer", async () => {
    const lines = await hubble(cluster)
    const at = lines.findIndex((line) => line.includes("DNS Query raw.githubusercontent.com. A"))
    expect(lines[at]).toBe(
      "default/curl (ID) -> kube-system/coredns:53 (ID) dns-request proxy FORWARDED (DNS Query raw.githubusercontent.com. A)",
    )
    expect(lines).toContain(
      'default/curl (ID) <- kube-system/coredns:53 (ID) dns-response proxy FORWARDED (DNS Answer "185.199.108.133" TTL: 30 (Proxy raw.githubusercontent.com. A))',
    )
    expect(lines).toContain(
      "default/box (ID) -> kube-system/coredns:53 (ID) dns-request proxy DROPPED (DNS Query example.com. A)",
    )
    expect(lines.filter((line) => line.includes("Answer") && line.includes("example.com"))).toEqual([])
    expect(lines).toContain("default/curl (ID) <> github.com:80 (world) Policy denied DROPPED (TCP Flags: SYN)")
    expect(lines).toContain(
      "default/curl (ID) -> raw.githubusercontent.com:80 (ID) to-stack FORWARDED (TCP Flags: SYN)",
    )
  })

  test("CoreDNS sees the pod itself, and answers it through the proxy", async () => {
    const lines = await hubble(cluster, "--protocol udp")
    const about = lines.filter((line) => line.startsWith("default/curl"))
    expect(about).toContain("default/curl (ID) -> kube-system/coredns:53 (ID) to-proxy FORWARDED (UDP)")
    expect(about).toContain("default/curl (ID) <- kube-system/coredns:53 (ID) to-endpoint FORWARDED (UDP)")
  })

  test("wherever CoreDNS is: on the pod's own node, or through the tunnel", async () => {
    for (const from of ["box", "far"])
      expect(await run(cluster, from, "nslookup github.com")).toContain("Address 1: 140.82.112.3")
    const other = agentOf(cluster.node("control-plane").kernel)
    expect(other?.names.list().map(({ lookup }) => lookup.name)).toEqual(["github.com."])
  })

  test("on the wire the server sees another id, and the pod an answer that saves no room", async () => {
    const taken = await cluster.capture({ filter: "udp port 53", on: "worker-1" }, () =>
      run(cluster, "box", "nslookup github.com"),
    )
    const lxc = taken.frames.map(({ device }) => device).find((device) => device.startsWith("lxc"))
    const messages = (device: string) =>
      taken.on("worker-1", device).frames.map(({ bytes }) => {
        const data = bytes.subarray(14 + 20 + 8)
        return {
          data,
          checksum: ((bytes[40] as number) << 8) | (bytes[41] as number),
          message: parseDns(data) as DnsMessage,
        }
      })
    const [pod, server] = [messages(lxc ?? ""), messages("cilium_vxlan")]
    const ids = (list: typeof pod): number[] => list.map(({ message }) => message.id)
    expect(ids(pod).filter((id) => ids(server).includes(id))).toEqual([])
    const answer = pod.find(({ message }) => message.answers.length > 0)
    expect(answer?.data).toEqual(emitDns(answer?.message as DnsMessage, false))
    // The raw socket's own header, which nobody completes.
    expect(answer?.checksum).toBe(0)
    expect(server.find(({ message }) => message.answers.length > 0)?.data.length).toBeLessThan(answer?.data.length ?? 0)
  })

  test("in JSON an answer has its records' types", async () => {
    const { output } = await cluster.exec("control-plane", "kubectl -n kube-system get pods -l k8s-app=cilium -o wide")
    const name = /(cilium-\S+) .*worker-1/.exec(output)?.[1] ?? ""
    const flows = await cluster.exec(
      "control-plane",
      `kubectl -n kube-system exec ${name} -c cilium-agent -- hubble observe --last 4000 --protocol dns -o jsonpb`,
    )
    const dns = flows.output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).flow as { l4: object; l7: { type: string; dns: Record<string, unknown> } })
    expect(dns.find(({ l7 }) => l7.type === "REQUEST")?.l7.dns).toEqual({
      query: expect.stringMatching(/\.$/) as string,
      observation_source: "proxy",
      qtypes: ["A"],
    })
    expect(dns.find(({ l7 }) => l7.dns["ips"] !== undefined)?.l7.dns).toMatchObject({ qtypes: ["A"], rrtypes: ["A"] })
    expect(dns.map(({ l4 }) => Object.keys(l4)[0])).toContain("UDP")
  })

  test("over TCP it is the same", async () => {
    expect(await ask(cluster, "release-assets.githubusercontent.com")).toEqual({ rcode: Rcode.NOERROR, answers: 1 })
    expect(learned(cluster)).toContain("release-assets.githubusercontent.com. 185.199.109.133")
    expect(await ask(cluster, "example.com")).toEqual({ rcode: Rcode.REFUSED, answers: 0 })
  })

  test("what is no single question is refused before anybody judges it", async () => {
    const [question] = dnsQuery(77, "github.com", DnsType.A).questions
    const two = { questions: [question, question] as DnsMessage["questions"] }
    expect(await ask(cluster, "github.com", two)).toEqual({ rcode: Rcode.FORMERR, answers: 0 })
    expect(await ask(cluster, "github.com", { questions: [] })).toEqual({ rcode: Rcode.FORMERR, answers: 0 })
    expect(await ask(cluster, "github.com", { opcode: 2 })).toEqual({ rcode: Rcode.NOTIMP, answers: 0 })
  })

  test("a policy that comes later finds the names that are known", async () => {
    await cluster.apply(fqdn(GITHUB, [{ matchPattern: "*.githubusercontent.com" }, { matchName: "github.com" }]))
    await cluster.settle()
    expect(await run(cluster, "curl", `${STATUS} http://140.82.112.3/`)).toBe("301")
  })

  test("the next agent knows the names of the last", async () => {
    const before = learned(cluster)
    await cluster.exec("control-plane", "kubectl -n kube-system delete pod -l k8s-app=cilium")
    await cluster.settle()
    await cluster.advance("30s")
    expect(learned(cluster)).toEqual(before)
    expect(await run(cluster, "curl", `${STATUS} http://140.82.112.3/`)).toBe("301")
    expect(await run(cluster, "curl", `${STATUS} http://raw.githubusercontent.com/`)).toBe("301")
  })
})

test("without a rule for DNS nothing is learned, and the address stays closed", async () => {
  const cluster = await createClients()
  await cluster.apply(fqdn(undefined))
  await cluster.settle()
  expect(await run(cluster, "box", "nslookup raw.githubusercontent.com")).toContain("185.199.108.133")
  expect(learned(cluster)).toEqual([])
  expect(await run(cluster, "curl", `${STATUS} http://raw.githubusercontent.com/`)).toContain("(28)")
})

test("dnsRejectResponseCode nameError says that there is no such name", async () => {
  const cluster = await createClients({ dnsProxy: { dnsRejectResponseCode: "nameError" } })
  await cluster.apply(fqdn(GITHUB))
  await cluster.settle()
  expect(await ask(cluster, "example.com")).toEqual({ rcode: Rcode.NXDOMAIN, answers: 0 })
})

test("a server that does not answer: the proxy tells of an error after ten seconds, and the pod hears nothing", async () => {
  const cluster = await createClients()
  await cluster.apply([
    fqdn(GITHUB),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "deaf", namespace: "kube-system" },
      spec: { podSelector: { matchLabels: { "k8s-app": "kube-dns" } }, policyTypes: ["Ingress"] },
    },
  ])
  await cluster.settle()
  expect(await run(cluster, "box", "nslookup github.com")).toContain("can't resolve 'github.com'")
  await cluster.advance("11s")
  const lines = await hubble(cluster)
  expect(lines).toContain(
    "default/box (ID) -> kube-system/coredns:53 (ID) dns-request proxy ERROR (DNS Query github.com. A)",
  )
  expect(learned(cluster)).toEqual([])
})

test("the same seed tells the same story, byte for byte", async () => {
  const story = async (): Promise<string[]> => {
    const cluster = await createClients({}, 2)
    await cluster.apply(fqdn(GITHUB))
    await cluster.settle()
    const outputs = [
      await run(cluster, "box", "nslookup github.com"),
      await run(cluster, "far", "nslookup example.com"),
      await run(cluster, "curl", `${STATUS} http://raw.githubusercontent.com/`),
      (await cluster.exec("worker-1", "iptables -t mangle -S")).output,
    ]
    const { output } = await cluster.exec("control-plane", "kubectl -n kube-system get pods -l k8s-app=cilium -o name")
    for (const name of output.trimEnd().split("\n"))
      outputs.push(
        (
          await cluster.exec(
            "control-plane",
            `kubectl -n kube-system exec ${name} -c cilium-agent -- hubble observe -o jsonpb`,
          )
        ).output,
      )
    return outputs
  }
  const first = await story()
  expect(first.join("")).toContain("cilium-dns-egress")
  expect(await story()).toEqual(first)
})
