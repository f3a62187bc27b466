import { describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../../../src/linux/inet/raw.ts"
import { TcpListener, TcpSocket } from "../../../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../../../src/linux/inet/udp-socket.ts"
import type { NetNamespace } from "../../../../src/linux/netns.ts"
import { addrAdd } from "../../../../src/linux/rtnetlink/addr.ts"
import { linkDel } from "../../../../src/linux/rtnetlink/link.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"
import * as icmp from "../../../../src/wire/icmp.ts"
import { addPod, createCiliumWorld, eventsOf, type Node, type Pod, setPolicy } from "../../../support/cilium-world.ts"
import { ok, start } from "../../../support/world.ts"

function two(): { world: ReturnType<typeof createCiliumWorld>; w0: Node; w1: Node; client: Pod; web: Pod } {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  return { world, w0, w1, client: addPod(world, w0, 5, 5021), web: addPod(world, w1, 6, 38211) }
}

function echo(net: NetNamespace, destination: number, size = 64, source?: number): RawIcmpSocket {
  const socket = new RawIcmpSocket(net)
  const data = new Uint8Array(size)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  socket.send(destination, data, source === undefined ? { pmtudisc: "dont" } : { source })
  return socket
}

describe("a pod may not", () => {
  test("speak with an address that is not its own", () => {
    const { world, w0, client, web } = two()
    ok(addrAdd(client.eth0, { address: ipv4("10.0.0.99"), prefixLength: 32 }))
    echo(client.net, web.ip, 64, ipv4("10.0.0.99"))
    world.sim.runFor(SECOND)
    expect(eventsOf(w0)).toEqual(["drop Invalid source ip 5021->0 10.0.0.99 -> 10.0.1.6 ICMP 8"])
  })

  test("send to a pod whose endpoint is going", () => {
    const { world, w1, client, web } = two()
    w1.datapath.endpoint(web.id)
    const policy = w1.datapath.endpoint(web.id)?.policy
    w1.datapath.attach({
      id: web.id,
      identity: web.identity,
      address: web.ip,
      mac: web.eth0.address,
      hostInterface: web.lxc.name,
      name: "p6",
    })
    expect(w1.datapath.endpoint(web.id)?.policy, "an agent that comes back finds the policy in place").toBe(policy)
    w1.datapath.detach(web.id)
    w1.datapath.ipcache.delete(web.ip, 32)
    echo(client.net, web.ip)
    world.sim.runFor(SECOND)
    // The address is nobody's here: the packet goes to the host, which would send it where it came from.
    expect(eventsOf(w1)).toEqual(["drop Stale or unroutable IP 5021->0 10.0.0.5 -> 10.0.1.6 ICMP 8"])
    expect(world.arena.inUse).toBe(0)
  })
})

describe("answers about a connection", () => {
  test("pass as RELATED where nothing may come in: port unreachable", async () => {
    const { world, w0, client, web } = two()
    setPolicy(client, [{ direction: "egress" }, { identity: 1, direction: "ingress" }])
    const socket = new UdpSocket(client.net)
    socket.connect(web.ip, 9)
    socket.send(new Uint8Array(8))
    await world.sim.advance(SECOND)
    let refused = ""
    const proc = start(client.node.kernel, client.net, async (self) => {
      const got = await socket.receiveFrom(self, SECOND)
      refused = typeof got === "string" ? got : "data"
      return 0
    })
    await world.sim.until(() => proc.status !== undefined)
    expect(refused).toBe("ECONNREFUSED")
    expect(eventsOf(w0).at(-1)).toBe("to-endpoint related 38211->5021 10.0.1.6 -> 10.0.0.5 ICMP 3")
  })

  test("pass where only the question was allowed: ICMP echo by its identifier", () => {
    const { world, w0, w1, client, web } = two()
    setPolicy(client, [
      { identity: 1, direction: "ingress" },
      { identity: 38211, direction: "egress", protocol: 1, port: 8 },
    ])
    const socket = echo(client.net, web.ip)
    world.sim.runFor(SECOND)
    expect(socket.pending.length).toBe(1)
    expect(eventsOf(w0)[0]).toBe("policy-verdict:L3-L4 EGRESS allow 5021->38211 10.0.0.5 -> 10.0.1.6 ICMP 8")
    const back = echo(web.net, client.ip)
    world.sim.runFor(SECOND)
    expect(back.pending).toEqual([])
    expect(eventsOf(w0).at(-1)).toBe("drop Policy denied 38211->5021 10.0.1.6 -> 10.0.0.5 ICMP 8")
    expect(eventsOf(w1).length).toBeGreaterThan(0)
  })
})

describe("fragments", () => {
  test("follow their first one: through policy, tunnel and service", async () => {
    const { world, w0, w1, client, web } = two()
    setPolicy(web, [
      { direction: "egress" },
      { identity: 5021, direction: "ingress", protocol: 17, port: 5353 },
      { identity: 5021, direction: "ingress", protocol: 1, port: 8 },
    ])
    w0.datapath.lb.upsert({
      address: ipv4("10.96.0.9"),
      port: 53,
      protocol: 17,
      backends: [{ address: web.ip, port: 5353 }],
      name: "default/dns",
    })
    const server = new UdpSocket(web.net)
    server.bind(0, 5353)
    const socket = new UdpSocket(client.net)
    socket.bind(0, 4000)
    socket.send(new Uint8Array(4000).fill(7), ipv4("10.96.0.9"), 53)
    let length = 0
    start(web.node.kernel, web.net, async (proc) => {
      const got = await server.receiveFrom(proc)
      length = typeof got === "string" ? -1 : got.data.length
      return 0
    })
    await world.sim.advance(SECOND)
    expect(length).toBe(4000)
    expect(eventsOf(w1).filter((line) => line.startsWith("drop"))).toEqual([])
    const big = echo(client.net, web.ip, 3000)
    await world.sim.advance(SECOND)
    // Later fragments of an echo carry no type: to policy they are other packets (as with the real programs).
    expect(big.pending.length).toBe(0)
    await world.sim.advance(31 * SECOND)
    expect(world.arena.inUse).toBe(0)
  })
})

describe("a live connection", () => {
  test("that an L7 rule begins to cover goes to the proxy with its next packet, and breaks there", async () => {
    const { world, w0, client, web } = two()
    start(web.node.kernel, web.net, async (proc) => {
      const listener = TcpListener.listen(proc.net, 0, 80)
      if (typeof listener === "string") return 1
      const socket = await listener.accept(proc)
      for (;;) {
        const data = await socket.read(proc)
        if (typeof data === "string" || data.length === 0) return 0
        await socket.write(proc, data)
      }
    })
    const log: string[] = []
    let second = false
    start(client.node.kernel, client.net, async (proc) => {
      const socket = await TcpSocket.connect(proc, web.ip, 80)
      if (typeof socket === "string") return 1
      await socket.write(proc, new Uint8Array(3))
      log.push(typeof (await socket.read(proc)))
      while (!second) await proc.sleep(SECOND / 10)
      socket.receiveTimeout = SECOND
      await socket.write(proc, new Uint8Array(3))
      const got = await socket.read(proc)
      log.push(typeof got === "string" ? got : "data")
      return 0
    })
    await world.sim.advance(SECOND)
    const { port } = w0.datapath.proxyPorts.register(false, "http")
    setPolicy(client, [{ direction: "ingress" }, { direction: "egress", protocol: 6, port: 80, proxyPort: port }])
    const before = eventsOf(w0).length
    second = true
    await world.sim.advance(3 * SECOND)
    expect(log[0]).toBe("object")
    expect(["ECONNRESET", "EAGAIN"]).toContain(log[1])
    const after = eventsOf(w0).slice(before)
    expect(after[0]).toMatch(/^to-proxy established 5021->0 10\.0\.0\.5:\d+ -> 10\.0\.1\.6:80 PSH,ACK$/)
    const entry = [...w0.datapath.ct.entries(world.sim.now)].find(
      (one) => formatIpv4(one.source) === "10.0.0.5" && one.protocol === 6,
    )
    expect((entry?.flags ?? 0) & 0x40).toBe(0x40)
  })
})

test("a pod's device takes its program along when it goes", () => {
  const { w0, client } = two()
  linkDel(client.lxc)
  w0.datapath.detach(client.id)
  expect(w0.datapath.endpoints.lookup(client.ip)).toBeUndefined()
})
