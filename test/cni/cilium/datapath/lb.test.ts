import { describe, expect, test } from "vitest"
import { writePcap } from "../../../../src/capture/pcap.ts"
import { CtDirection } from "../../../../src/cni/cilium/datapath/maps/ct-map.ts"
import { TcpListener, TcpSocket } from "../../../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../../../src/linux/inet/udp-socket.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"
import {
  addPod,
  type CiliumWorld,
  createCiliumWorld,
  eventsOf,
  type Node,
  type Pod,
  watchDevices,
} from "../../../support/cilium-world.ts"
import { needs } from "../../../support/needs.ts"
import { tsharkProblems, tsharkProgram } from "../../../support/tshark.ts"
import { start } from "../../../support/world.ts"

const VIP = ipv4("10.96.12.7")

/** Says its name to who asks. */
function serve(pod: Pick<Pod, "node" | "net" | "ip">, port: number): void {
  start(pod.node.kernel, pod.net, async (proc) => {
    const listener = TcpListener.listen(proc.net, 0, port)
    if (typeof listener === "string") return 1
    for (;;) {
      const socket = await listener.accept(proc)
      await socket.read(proc)
      await socket.write(proc, new TextEncoder().encode(formatIpv4(pod.ip)))
      socket.close()
    }
  })
}

/** One request; the answer and whom the client believes to talk to, or the error. */
async function ask(world: CiliumWorld, client: Pod, address: number, port: number): Promise<string> {
  let answer = ""
  const proc = start(client.node.kernel, client.net, async (self) => {
    const socket = await TcpSocket.connect(self, address, port, { timeout: 2 * SECOND })
    if (typeof socket === "string") {
      answer = socket
      return 1
    }
    await socket.write(self, new TextEncoder().encode("who?"))
    const data = await socket.read(self)
    answer = typeof data === "string" ? data : new TextDecoder().decode(data)
    socket.close()
    return 0
  })
  await world.sim.until(() => proc.status !== undefined)
  await world.sim.advance(SECOND)
  return answer
}

function shop(): { world: CiliumWorld; w0: Node; client: Pod; near: Pod; far: Pod } {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  const client = addPod(world, w0, 5, 5021)
  const near = addPod(world, w0, 6, 38211)
  const far = addPod(world, w1, 7, 38211)
  for (const pod of [near, far]) serve(pod, 8080)
  return { world, w0, client, near, far }
}

const service = (
  backends: readonly Pick<Pod, "ip">[],
  affinityTimeout = 0,
): Parameters<Node["datapath"]["lb"]["upsert"]>[0] => ({
  address: VIP,
  port: 80,
  protocol: 6,
  backends: backends.map((pod) => ({ address: pod.ip, port: 8080 })),
  affinityTimeout,
  name: "default/web:http",
})

describe("a ClusterIP, asked by a pod", () => {
  test("reaches backends here and there, and answers come from the frontend", async () => {
    const { world, w0, client, near, far } = shop()
    w0.datapath.lb.upsert(service([near, far]))
    const answers = new Set<string>()
    for (let i = 0; i < 12; i++) answers.add(await ask(world, client, VIP, 80))
    expect([...answers].sort()).toEqual([formatIpv4(near.ip), formatIpv4(far.ip)])
    const entries = [...w0.datapath.ct.entries(world.sim.now)]
    const services = entries.filter((entry) => entry.direction === CtDirection.SERVICE)
    expect(services.every((entry) => entry.destination === VIP && entry.backendId > 0)).toBe(true)
    const out = entries.filter((entry) => entry.direction === CtDirection.OUT && !entry.related)
    expect(out.every((entry) => entry.destinationPort === 8080 && entry.revNat === 1)).toBe(true)
    expect(world.arena.inUse).toBe(0)
  })

  test("policy sees the backend: its port and identity, not the frontend's", async () => {
    const { world, w0, client, near } = shop()
    w0.datapath.lb.upsert(service([near]))
    w0.datapath.setPolicy(client.id, {
      map: w0.datapath.endpoint(client.id)?.policy?.map ?? fail(),
      enforced: { ingress: false, egress: true },
    })
    await ask(world, client, VIP, 80)
    expect(eventsOf(w0)[0]).toMatch(
      /^policy-verdict:all EGRESS allow 5021->38211 10\.0\.0\.5:\d+ -> 10\.0\.0\.6:8080 SYN$/,
    )
  })

  test("without backends refuses at once, or is silent with reason 158 when told to drop", async () => {
    const { world, w0, client } = shop()
    w0.datapath.lb.upsert(service([]))
    expect(await ask(world, client, VIP, 80)).toBe("ECONNREFUSED")
    expect(eventsOf(w0)).toEqual([])
    w0.datapath.config = { ...w0.datapath.config, serviceNoBackendResponse: "drop" }
    expect(await ask(world, client, VIP, 80)).toBe("ETIMEDOUT")
    expect(eventsOf(w0)[0]).toMatch(/^drop Service backend not found 5021->0 .* -> 10\.96\.12\.7:80 SYN$/)
  })

  test("leads a pod to itself by the loopback stand-in, whatever its policy says", async () => {
    const { world, w0, near } = shop()
    w0.datapath.lb.upsert(service([near]))
    const seen = watchDevices([near.eth0])
    expect(await ask(world, near, VIP, 80)).toBe(formatIpv4(near.ip))
    const sources = new Set(
      seen
        .filter((one) => !one.out && one.bytes[12] === 8 && one.bytes[13] === 0)
        .map((one) => one.bytes.slice(26, 30).join(".")),
    )
    expect([...sources].sort()).toEqual(["10.96.12.7", "169.254.42.1"])
    expect(world.arena.inUse).toBe(0)
  })

  test("reaches nodes as backends, its own and another: behind the stack, masqueraded to the other", async () => {
    const { world, w0, client, far } = shop()
    const asBackend = (node: Node): Pick<Pod, "node" | "net" | "ip"> => ({ node, net: node.net, ip: node.ip })
    for (const node of world.nodes) serve(asBackend(node), 8080)
    for (const [i, host] of [w0, far.node].entries()) {
      w0.datapath.lb.upsert(service([asBackend(host)]))
      const seen = watchDevices([far.node.uplink])
      expect(await ask(world, client, VIP, 80)).toBe(formatIpv4(host.ip))
      const sources = new Set(
        seen.filter((one) => !one.out && one.bytes[23] === 6).map((one) => one.bytes.slice(26, 30).join(".")),
      )
      expect([...sources]).toEqual(i === 0 ? [] : [formatIpv4(w0.ip)])
    }
    expect(eventsOf(w0).filter((text) => text.startsWith("drop"))).toEqual([])
    expect(world.arena.inUse).toBe(0)
  })

  test("with affinity keeps its backend until the time is over", async () => {
    const { world, w0, client, near, far } = shop()
    w0.datapath.lb.upsert(service([near, far], 60))
    const first = await ask(world, client, VIP, 80)
    for (let i = 0; i < 8; i++) expect(await ask(world, client, VIP, 80)).toBe(first)
    const others = new Set<string>()
    for (let i = 0; i < 12; i++) {
      await world.sim.advance(61 * SECOND)
      others.add(await ask(world, client, VIP, 80))
    }
    expect(others.size).toBe(2)
  })

  test("loses a backend: new connections go to the others", async () => {
    const { world, w0, client, near, far } = shop()
    w0.datapath.lb.upsert(service([near, far]))
    w0.datapath.lb.upsert(service([far]))
    for (let i = 0; i < 5; i++) expect(await ask(world, client, VIP, 80)).toBe(formatIpv4(far.ip))
    expect([...w0.datapath.lb.backends()].length).toBe(1)
    expect(w0.datapath.lb.delete(VIP, 80, 6)).toBe(true)
    expect([...w0.datapath.lb.backends()].length).toBe(0)
  })

  test("UDP is translated there and back", async () => {
    const { world, w0, client, far } = shop()
    w0.datapath.lb.upsert({ ...service([]), protocol: 17, port: 53, backends: [{ address: far.ip, port: 5353 }] })
    const server = new UdpSocket(far.net)
    server.bind(0, 5353)
    const socket = new UdpSocket(client.net)
    socket.bind(0, 4000)
    socket.send(new TextEncoder().encode("name?"), VIP, 53)
    let got = ""
    start(far.node.kernel, far.net, async (proc) => {
      const datagram = await server.receiveFrom(proc)
      if (typeof datagram !== "string") server.send(new TextEncoder().encode("here"), datagram.address, datagram.port)
      return 0
    })
    start(client.node.kernel, client.net, async (proc) => {
      const datagram = await socket.receiveFrom(proc)
      if (typeof datagram !== "string")
        got = `${formatIpv4(datagram.address)}:${datagram.port} ${new TextDecoder().decode(datagram.data)}`
      return 0
    })
    await world.sim.advance(SECOND)
    expect(got).toBe("10.96.12.7:53 here")
  })
})

needs({ tshark: tsharkProgram !== undefined })("tshark finds no fault with translated and tunnelled packets", () => {
  test("on any device they pass", async () => {
    const { world, w0, client, near, far } = shop()
    w0.datapath.lb.upsert(service([near, far]))
    const devices = [...w0.net.devices, client.eth0, near.eth0, far.eth0, far.node.uplink, far.lxc]
    const seen = watchDevices(devices)
    for (let i = 0; i < 4; i++) await ask(world, client, VIP, 80)
    await ask(world, near, VIP, 80)
    expect(seen.length).toBeGreaterThan(100)
    const frames = seen.map(({ bytes }) => ({ seconds: 0, nanos: 0, length: bytes.length, bytes }))
    expect(tsharkProblems(writePcap(frames))).toEqual([])
  })
})

function fail(): never {
  throw new Error("no policy")
}
