/** CoreDNS's plugins over a cluster's Services: every kind of question, over UDP and TCP, and what a Corefile may not say. */
import { beforeAll, expect, test } from "vitest"
import { coredns } from "../../src/images/coredns.ts"
import type { Manifest } from "../../src/kube/api/types.ts"
import { ControlPlane } from "../../src/kube/control-plane.ts"
import { parseCorefile } from "../../src/kube/dns/corefile.ts"
import { TcpSocket } from "../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import { Kernel } from "../../src/linux/kernel.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkUp } from "../../src/linux/rtnetlink/link.ts"
import { Arena } from "../../src/linux/skb.ts"
import { SinkFile } from "../../src/linux/task/file.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../src/wire/address.ts"
import {
  type DnsMessage,
  type DnsRecord,
  DnsType,
  dnsAnswer,
  dnsQuery,
  emitDns,
  parseDns,
  Rcode,
} from "../../src/wire/dns.ts"
import { ok, start } from "../support/world.ts"

const COREFILE = `.:1053 {
    errors
    log
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . 10.9.9.9
    cache 30
    loop
    reload
}
`.replace("health { lameduck 5s }", "health {\n lameduck 5s\n }")
const LOOPBACK = ipv4("127.0.0.1")

const sim = new Simulation({ seed: 3 })
const kernel = new Kernel(sim, { hostname: "dns", arena: new Arena() })
let output = ""
let forwarded = 0
let server: Process

const create = (control: ControlPlane, manifest: Manifest): void => {
  const { registry } = control.api
  registry.create(registry.resourceByKind(manifest.apiVersion, manifest.kind) as never, manifest)
}

function slice(service: string, addresses: string[], ports: object[], hostname?: string): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${service}-x`, namespace: "default", labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports,
    endpoints: addresses.map((ip) => ({
      addresses: [ip],
      conditions: { ready: true },
      ...(hostname === undefined ? {} : { hostname }),
    })),
  }
}

beforeAll(async () => {
  const { loopback } = kernel.initNet
  linkUp(loopback)
  ok(addrAdd(loopback, { address: ipv4("10.9.9.9"), prefixLength: 32 }))
  const control = new ControlPlane(sim)
  const service = (name: string, spec: object): void =>
    create(control, { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec })
  service("web", {
    clusterIP: "10.96.1.1",
    ports: [
      { name: "http", port: 80 },
      { name: "dns", port: 53, protocol: "UDP" },
    ],
  })
  service("db", { clusterIP: "None", ports: [{ name: "pg", port: 5432 }] })
  service("empty", { clusterIP: "None", ports: [{ port: 1 }] })
  service("many", { clusterIP: "None", ports: [{ port: 1 }] })
  service("out", { type: "ExternalName", externalName: "example.org" })
  create(control, slice("db", ["10.244.1.2", "10.244.2.2"], [{ name: "pg", port: 5432 }]))
  create(
    control,
    slice(
      "many",
      Array.from({ length: 40 }, (_, i) => `10.244.3.${i + 2}`),
      [{ name: "", port: 1 }],
    ),
  )
  kernel.root.writeFile("/Corefile", COREFILE)
  // Upstream knows one name, and says nothing about silent.example.org.
  start(kernel, kernel.initNet, async (proc) => {
    const socket = new UdpSocket(proc.net)
    socket.bind(ipv4("10.9.9.9"), 53)
    for (;;) {
      const got = await socket.receiveFrom(proc)
      const query = typeof got === "string" ? undefined : parseDns(got.data)
      if (query === undefined || typeof got === "string") continue
      const name = query.questions[0]?.name ?? ""
      if (name === "silent.example.org") continue
      forwarded++
      const answers: DnsRecord[] = [{ name, type: DnsType.A, ttl: 300, data: { address: ipv4("192.0.2.80") } }]
      const known = name === "example.org" && query.questions[0]?.type === DnsType.A
      socket.send(emitDns(dnsAnswer(query, known ? { answers } : { rcode: Rcode.NXDOMAIN })), got.address, got.port)
    }
  })
  const sink = new SinkFile((data) => (output += new TextDecoder().decode(data)))
  const proc = kernel.processes.run(["coredns", "-conf", "/Corefile"], {
    tool: coredns(control.api),
    fds: new Map([[1, sink]]),
  })
  if (typeof proc === "string") throw new Error(proc)
  server = proc
  await sim.advance(1e9)
})

/** Runs a program on the server's own machine until it has a result. */
async function inside<T>(main: (proc: Process) => Promise<T>): Promise<T> {
  let result: T | undefined
  const proc = start(kernel, kernel.initNet, async (child) => {
    result = await main(child)
    return 0
  })
  await sim.until(() => proc.status !== undefined)
  return result as T
}

function ask(name: string, type: number = DnsType.A): Promise<DnsMessage> {
  return inside(async (proc) => {
    const socket = new UdpSocket(proc.net)
    socket.connect(LOOPBACK, 1053)
    socket.send(emitDns(dnsQuery(7, name, type)))
    const got = await socket.receiveFrom(proc, 20e9)
    if (typeof got === "string") throw new Error(got)
    return parseDns(got.data) as DnsMessage
  })
}

/** Records as dig prints them, nearly. */
const text = (records: readonly DnsRecord[]): string[] =>
  records.map(({ name, ttl, data }) => {
    const said =
      "address" in data
        ? formatIpv4(data.address)
        : "priority" in data
          ? `${data.priority} ${data.weight} ${data.port} ${data.target}`
          : "target" in data
            ? data.target
            : "mname" in data
              ? `${data.mname} ${data.rname} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`
              : new TextDecoder().decode(data.bytes.subarray(1))
    return `${name} ${ttl} ${said}`
  })

const answers = async (name: string, type?: number): Promise<string[]> => text((await ask(name, type)).answers)
const SOA = "cluster.local 30 ns.dns.cluster.local hostmaster.cluster.local 7200 1800 86400 30"

test("Services and pods by name", async () => {
  const reply = await ask("web.default.svc.cluster.local")
  expect([reply.rcode, reply.authoritative, reply.recursionAvailable]).toEqual([Rcode.NOERROR, true, false])
  expect(text(reply.answers)).toEqual(["web.default.svc.cluster.local 30 10.96.1.1"])
  expect((await answers("db.default.svc.cluster.local")).sort()).toEqual([
    "db.default.svc.cluster.local 30 10.244.1.2",
    "db.default.svc.cluster.local 30 10.244.2.2",
  ])
  expect(await answers("10-244-1-2.db.default.svc.cluster.local")).toHaveLength(1)
  expect(await answers("10-1-2-3.default.pod.cluster.local")).toEqual([
    "10-1-2-3.default.pod.cluster.local 30 10.1.2.3",
  ])
  // Spelt as it was asked for.
  expect(await answers("WEB.default.svc.cluster.local")).toEqual(["WEB.default.svc.cluster.local 30 10.96.1.1"])
})

test("ports as SRV records, with the addresses beside", async () => {
  const reply = await ask("_http._tcp.web.default.svc.cluster.local", DnsType.SRV)
  expect(text(reply.answers)).toEqual([
    "_http._tcp.web.default.svc.cluster.local 30 0 100 80 web.default.svc.cluster.local",
  ])
  expect(text(reply.additional)).toEqual(["web.default.svc.cluster.local 30 10.96.1.1"])
  expect((await answers("db.default.svc.cluster.local", DnsType.SRV)).sort()).toEqual([
    "db.default.svc.cluster.local 30 0 50 5432 10-244-1-2.db.default.svc.cluster.local",
    "db.default.svc.cluster.local 30 0 50 5432 10-244-2-2.db.default.svc.cluster.local",
  ])
  expect((await ask("_ftp._tcp.web.default.svc.cluster.local", DnsType.SRV)).rcode).toBe(Rcode.NXDOMAIN)
})

test("names of addresses", async () => {
  expect(await answers("1.1.96.10.in-addr.arpa", DnsType.PTR)).toEqual([
    "1.1.96.10.in-addr.arpa 30 web.default.svc.cluster.local",
  ])
  expect(await answers("2.1.244.10.in-addr.arpa", DnsType.PTR)).toEqual([
    "2.1.244.10.in-addr.arpa 30 10-244-1-2.db.default.svc.cluster.local",
  ])
  const before = forwarded
  expect((await ask("4.3.2.1.in-addr.arpa", DnsType.PTR)).rcode).toBe(Rcode.NXDOMAIN)
  expect(forwarded).toBe(before + 1)
})

test("what does not exist, and what exists without this type", async () => {
  for (const name of ["nothing.default.svc.cluster.local", "web.nowhere.svc.cluster.local", "x.cluster.local"]) {
    const reply = await ask(name)
    expect([name, reply.rcode, text(reply.authority)]).toEqual([name, Rcode.NXDOMAIN, [SOA]])
  }
  for (const [name, type] of [
    ["web.default.svc.cluster.local", DnsType.AAAA],
    ["empty.default.svc.cluster.local", DnsType.A],
    ["default.svc.cluster.local", DnsType.A],
    ["cluster.local", DnsType.A],
  ] as const) {
    const reply = await ask(name, type)
    expect([name, reply.rcode, reply.answers.length, text(reply.authority)]).toEqual([name, Rcode.NOERROR, 0, [SOA]])
  }
  expect(await answers("dns-version.cluster.local", DnsType.TXT)).toEqual(["dns-version.cluster.local 30 1.1.0"])
})

test("names elsewhere are asked for once in thirty seconds", async () => {
  const before = forwarded
  expect(await answers("example.org")).toEqual(["example.org 30 192.0.2.80"])
  await sim.advance(10e9)
  expect(await answers("example.org")).toEqual(["example.org 20 192.0.2.80"])
  expect(forwarded).toBe(before + 1)
  await sim.advance(25e9)
  expect(await answers("example.org")).toEqual(["example.org 30 192.0.2.80"])
  expect(forwarded).toBe(before + 2)
  expect(await answers("out.default.svc.cluster.local")).toEqual(
    ["out.default.svc.cluster.local 30 example.org", "example.org 300 192.0.2.80"].map((line) =>
      line.replace(" 300 ", " 30 "),
    ),
  )
})

test("a silent upstream is a failure of the server, and is logged", async () => {
  const reply = await ask("silent.example.org")
  expect(reply.rcode).toBe(Rcode.SERVFAIL)
  expect(output).toMatch(
    /\[ERROR\] plugin\/errors: 2 silent\.example\.org\. A: read udp 10\.9\.9\.9:\d+->10\.9\.9\.9:53: i\/o timeout\n/,
  )
})

test("the log says who asked what", async () => {
  await ask("web.default.svc.cluster.local")
  expect(output).toMatch(
    /\[INFO\] 127\.0\.0\.1:\d+ - 7 "A IN web\.default\.svc\.cluster\.local\. udp 47 false 512" NOERROR qr,aa,rd 63 0\.\d+s\n/,
  )
})

test("an answer too long for a datagram is cut, and whole over TCP", async () => {
  const reply = await ask("many.default.svc.cluster.local")
  expect(reply.truncated).toBe(true)
  expect(reply.answers.length).toBeLessThan(40)
  const whole = await inside(async (proc) => {
    const socket = await TcpSocket.connect(proc, LOOPBACK, 1053)
    if (typeof socket === "string") throw new Error(socket)
    const query = emitDns(dnsQuery(8, "many.default.svc.cluster.local", DnsType.A))
    await socket.write(proc, Uint8Array.from([0, query.length, ...query]))
    let bytes: number[] = []
    while (bytes.length < 2 || bytes.length < 2 + (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0))) {
      const data = await socket.read(proc)
      if (typeof data === "string" || data.length === 0) break
      bytes = [...bytes, ...data]
    }
    return parseDns(Uint8Array.from(bytes.slice(2))) as DnsMessage
  })
  expect([whole.truncated, whole.answers.length]).toEqual([false, 40])
})

test("a Corefile that asks for more is refused with its line", () => {
  expect(parseCorefile(".:53 {\n  errors\n  template IN A\n}\n", "/etc/coredns/Corefile")).toBe(
    "/etc/coredns/Corefile:3 - Error during parsing: Unknown directive 'template'",
  )
  expect(parseCorefile(".:53 {\n  errors\n", "Corefile")).toBe("Corefile:2 - Error during parsing: Unexpected EOF")
})

test("told to stop, the server goes on for its lameduck time", async () => {
  server.kill("SIGTERM")
  await sim.advance(4e9)
  expect(server.status).toBeUndefined()
  await sim.advance(2e9)
  expect(server.status).toEqual({ code: 0 })
})
