/** Wireshark reads every capture podwire writes: nothing malformed, no bad checksum, the same fields as podwire's own dissection. */
import { beforeAll, expect, test } from "vitest"
import { isCaptureError, readPcap } from "../../src/capture/pcap.ts"
import { type Capture, type Cluster, createCluster, dissect } from "../../src/index.ts"
import { needs } from "../support/needs.ts"
import { tshark, tsharkFields, tsharkProblems, tsharkProgram, tsharkTcpNotes } from "../support/tshark.ts"

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: client-pod }
spec: { nodeName: k8s-worker-1, containers: [{ name: busybox, image: "busybox:1.28", command: [sh, -c, sleep 3600] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: backend-pod }
spec: { nodeName: k8s-worker-2, containers: [{ name: nginx, image: nginx }] }
---
apiVersion: v1
kind: Pod
metadata: { name: sidecar-pod }
spec: { nodeName: k8s-worker-1, containers: [{ name: busybox, image: "busybox:1.28", command: [sh, -c, sleep 3600] }] }
`

/** What is run while everything is captured, by name. WEB, SIDE: the pods' addresses. */
const FLOWS: readonly (readonly [name: string, where: "client" | "node", script: string])[] = [
  ["wget", "client", "wget -q -O - http://WEB/"],
  ["a page that is not there", "client", "wget -q -O - http://WEB/nope"],
  ["curl, one connection for three requests", "node", "curl -s http://WEB/ http://WEB/nope http://WEB/"],
  ["ping", "client", "ping -c 3 WEB"],
  ["ping on the same node", "client", "ping -c 1 SIDE"],
  ["ping in fragments", "client", "ping -c 1 -s 4000 WEB"],
  ["ping from the node", "node", "ping -c 1 -s 1500 WEB"],
  ["a closed port", "client", "wget -q -O - http://WEB:81/"],
  ["a closed port of the node itself", "node", "curl -s http://127.0.0.1:81/"],
  ["nobody there", "client", "ping -c 1 -W 4 10.244.2.200"],
  ["nobody answers", "client", "wget -T 8 -q -O - http://10.244.9.9/"],
  ["TTL exceeded", "client", "ping -c 1 -t 1 WEB"],
  ["TTL exceeded behind the tunnel", "client", "ping -c 1 -t 2 WEB"],
]

needs({ tshark: tsharkProgram !== undefined })("tshark reads what podwire writes", () => {
  let cluster: Cluster
  let addresses: Readonly<Record<string, string>>

  beforeAll(async () => {
    cluster = await createCluster({ preset: "article" })
    await cluster.apply(PODS)
    const ready = async (name: string): Promise<string> => {
      await cluster.pod(name).ready()
      return cluster.pod(name).ip
    }
    addresses = { WEB: await ready("backend-pod"), SIDE: await ready("sidecar-pod") }
    await ready("client-pod")
  })

  const run = async (where: "client" | "node", script: string): Promise<unknown> => {
    const command = script.replace(/WEB|SIDE/g, (name) => addresses[name] as string)
    return await (where === "client" ? cluster.pod("client-pod") : cluster.node("k8s-worker-1")).exec(command)
  }

  const fileOn = (node: string, path: string): Uint8Array => {
    const bytes = cluster.node(node).kernel.root.readFile(path)
    if (typeof bytes === "string") throw new Error(`${path}: ${bytes}`)
    return bytes
  }

  /** Two ends and the tunnel between them, each by itself: the same segment seen twice would look retransmitted. */
  const places = (capture: Capture): [string, Capture][] =>
    [
      ["client-pod", "eth0"],
      ["k8s-worker-1", "flannel.1"],
      ["backend-pod", "eth0"],
    ].flatMap(([where = "", device = ""]) =>
      capture.frames.some((frame) => frame.where === where && frame.device === device)
        ? [[`${where} ${device}`, capture.on(where, device)]]
        : [],
    )

  test.each(FLOWS)("%s", async (_, where, script) => {
    const capture = await cluster.capture({}, () => run(where, script))
    expect(capture.length).toBeGreaterThan(0)
    expect(tsharkProblems(capture.toPcap())).toEqual([])
    expect(tsharkProblems(capture.toPcapng())).toEqual([])
    const frames = tsharkFields(capture.toPcapng(), ["frame.number", "frame.interface_name", "frame.time_epoch"])
    expect(frames.map((row) => row["frame.interface_name"])).toEqual(
      capture.frames.map((frame) => `${frame.where}/${frame.device}`),
    )
    expect(frames.map((row) => row["frame.time_epoch"])).toEqual(
      capture.frames.map((frame) => `${frame.seconds}.${String(frame.nanos).padStart(9, "0")}`),
    )
    if (!/wget|curl/.test(script)) return
    for (const [place, part] of places(capture)) {
      // A SYN that nobody answers is sent again, and so it is said.
      const odd = tsharkTcpNotes(part.toPcap()).filter(
        (note) => script.includes("10.244.9.9") === false || !note.includes("retransmission"),
      )
      expect(odd, place).toEqual([])
    }
  })

  test("a file that tcpdump wrote on a node", async () => {
    const node = cluster.node("k8s-worker-1")
    const dump = node.exec("tcpdump -i enp0s8 -w /tmp/wire.pcap -c 10 udp port 8472 or arp")
    await run("client", "wget -q -O - http://WEB/")
    await dump
    const bytes = fileOn("k8s-worker-1", "/tmp/wire.pcap")
    expect(tsharkProblems(bytes)).toEqual([])
    const protocols = tsharkFields(bytes, ["frame.protocols"]).map((row) => row["frame.protocols"])
    expect(protocols).toHaveLength(10)
    expect(protocols).toContain("eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp:http")
    expect(protocols).toContain("eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp:http:data-text-lines")
  })

  test("a file that tcpdump wrote on all devices", async () => {
    const node = cluster.node("k8s-worker-1")
    const dump = node.exec("tcpdump -i any -w /tmp/any.pcap -c 6 icmp")
    await run("client", "ping -c 1 WEB")
    await dump
    const bytes = fileOn("k8s-worker-1", "/tmp/any.pcap")
    expect(tsharkProblems(bytes)).toEqual([])
    const rows = tsharkFields(bytes, ["frame.protocols", "sll.pkttype"])
    expect(new Set(rows.map((row) => row["frame.protocols"]))).toEqual(new Set(["sll:ethertype:ip:icmp:data"]))
    expect(rows.map((row) => row["sll.pkttype"]).join(" ")).toBe("3 0 4 0 4 4")
  })

  test("fields are those of podwire's own dissection", async () => {
    const capture = await cluster.capture({}, async () => {
      await run("client", "wget -q -O - http://WEB/")
      await run("client", "ping -c 1 SIDE")
    })
    const names = [
      ...new Set(
        capture.frames.flatMap(({ bytes }) => dissect(bytes).flatMap((layer) => layer.fields.map((f) => f.name))),
      ),
    ]
    const plain = names.filter(
      (name) =>
        ![
          "ip.flags",
          "ip.checksum",
          "tcp.flags",
          "tcp.checksum",
          "udp.checksum",
          "icmp.checksum",
          "arp.opcode",
          "vxlan.flags",
          "tcp.seq",
          "tcp.ack",
        ].includes(name),
    )
    expect(plain.length).toBeGreaterThan(12)
    const rows = tsharkFields(capture.toPcap(), plain)
    expect(rows).toHaveLength(capture.length)
    for (const [i, { bytes }] of capture.frames.entries()) {
      const layers = dissect(bytes)
      const own = Object.fromEntries(
        plain.map((name) => [
          name,
          layers.flatMap((layer) => layer.fields.filter((f) => f.name === name).map((f) => f.text)).join(","),
        ]),
      )
      expect(own, `frame ${i + 1}`).toEqual(rows[i])
    }
  })

  test("bytes and lengths come through both forms of file", async () => {
    const capture = await cluster.capture({}, () => run("client", "ping -c 1 WEB"))
    for (const file of [capture.toPcap(), capture.toPcapng()]) {
      const read = readPcap(file)
      if (isCaptureError(read)) throw new Error(read.message)
      expect(read.frames.map(({ seconds, nanos, bytes, length }) => ({ seconds, nanos, bytes, length }))).toEqual(
        capture.frames.map(({ seconds, nanos, bytes, length }) => ({ seconds, nanos, bytes, length })),
      )
      expect(tshark(file, ["-T", "fields", "-e", "frame.len"]).trim().split("\n").map(Number)).toEqual(
        capture.frames.map((frame) => frame.length),
      )
    }
  })
})
