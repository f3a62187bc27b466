/** Connection tracking where no recorded command can look: timeouts, UDP, fragments, errors, windows. */
import { describe, expect, test } from "vitest"
import { TcpListener, TcpSocket } from "../../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../../src/linux/inet/udp-socket.ts"
import { CtStatus, type NfConn } from "../../../src/linux/netfilter/conntrack/entry.ts"
import { flowText } from "../../../src/linux/netfilter/conntrack/print.ts"
import { TcpCt } from "../../../src/linux/netfilter/conntrack/tcp-table.ts"
import { netfilterOf } from "../../../src/linux/netfilter/netfilter.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { ipv4 } from "../../../src/wire/address.ts"
import { createRouter, type Router } from "../../support/router.ts"
import { start } from "../../support/world.ts"

const A = ipv4("10.0.0.2")
const B = ipv4("10.1.0.2")
const VIP = ipv4("10.96.0.10")

const table = (world: Router): NfConn[] => netfilterOf(world.r).conntrack.entries()
const lines = (world: Router): string[] => table(world).map((ct) => flowText(ct, world.sim.now))
const left = (world: Router, ct: NfConn): number => (ct.expires - world.sim.now) / SECOND

function udpPair(world: Router): { client: UdpSocket; server: UdpSocket } {
  const client = new UdpSocket(world.a)
  const server = new UdpSocket(world.b)
  expect(client.bind(0, 4000)).toBeUndefined()
  expect(server.bind(0, 53)).toBeUndefined()
  return { client, server }
}

const text = new TextEncoder()

describe("UDP", () => {
  test("30 seconds, and 120 and ASSURED once it is a stream of two seconds", () => {
    const world = createRouter()
    world.rule("-A FORWARD -m conntrack --ctstate NEW")
    const { client, server } = udpPair(world)
    client.send(text.encode("one"), B, 53)
    world.sim.runFor(SECOND)
    const [ct] = table(world) as [NfConn]
    expect(lines(world)).toEqual([
      "udp      17 29 src=10.0.0.2 dst=10.1.0.2 sport=4000 dport=53 [UNREPLIED] src=10.1.0.2 dst=10.0.0.2 sport=53 dport=4000",
    ])
    server.send(text.encode("answer"), A, 4000)
    world.sim.runFor(SECOND / 10)
    expect(ct.status & CtStatus.SEEN_REPLY).not.toBe(0)
    expect(left(world, ct)).toBeCloseTo(29.9, 1)
    world.sim.runFor(3 * SECOND)
    client.send(text.encode("two"), B, 53)
    world.sim.runFor(SECOND / 10)
    expect(left(world, ct)).toBeCloseTo(119.9, 1)
    expect(ct.status & CtStatus.ASSURED).not.toBe(0)
    world.sim.runFor(121 * SECOND)
    expect(netfilterOf(world.r).conntrack.count).toBe(0)
  })

  test("an error about a mapped datagram reaches its sender in the sender's words", async () => {
    const world = createRouter()
    world.rule("-t nat -A PREROUTING -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination 10.1.0.2:5353")
    world.rule("-t nat -A POSTROUTING -o p1 -j MASQUERADE")
    const client = new UdpSocket(world.a)
    client.connect(VIP, 53)
    client.send(text.encode("hi"))
    let result: unknown
    start(world.kernel, world.a, async (proc) => {
      result = await client.receiveFrom(proc, SECOND)
      return 0
    })
    await world.sim.until(() => result !== undefined)
    // Without the way back through both mappings nobody would know whose error it is.
    expect(result).toBe("ECONNREFUSED")
    expect(lines(world)[0]).toMatch(
      /dst=10\.96\.0\.10 .*dport=53 \[UNREPLIED\] src=10\.1\.0\.2 dst=10\.1\.0\.1 sport=5353/,
    )
  })

  test("fragments are one datagram to the rules, and go on in pieces", async () => {
    const world = createRouter()
    world.rule("-t nat -A PREROUTING -d 10.96.0.10 -p udp --dport 53 -j DNAT --to-destination 10.1.0.2")
    world.rule("-A FORWARD -p udp --dport 53")
    const { client, server } = udpPair(world)
    const data = new Uint8Array(5000).map((_, i) => i)
    client.send(data, VIP, 53)
    let got: unknown
    start(world.kernel, world.b, async (proc) => {
      got = await server.receiveFrom(proc, SECOND)
      return 0
    })
    await world.sim.until(() => got !== undefined)
    expect(got).toMatchObject({ data, address: A, port: 4000 })
    expect(world.rule("-vnL FORWARD")).toMatch(/ {4}1 {2}5028 /)
    expect(world.r.snmp.ipFragCreates).toBe(4)
    world.sim.runFor(60 * SECOND)
    expect(world.arena.inUse).toBe(0)
  })
})

describe("TCP", () => {
  async function connected(world: Router): Promise<{ client: TcpSocket; server: TcpSocket }> {
    const listener = TcpListener.listen(world.b, 0, 80) as TcpListener
    let server: TcpSocket | undefined
    let client: TcpSocket | undefined
    start(world.kernel, world.b, async (proc) => {
      server = await listener.accept(proc)
      return 0
    })
    start(world.kernel, world.a, async (proc) => {
      client = (await TcpSocket.connect(proc, B, 80)) as TcpSocket
      return 0
    })
    await world.sim.until(() => client !== undefined && server !== undefined)
    return { client: client as TcpSocket, server: server as TcpSocket }
  }

  test("five days while it stands, two minutes after", async () => {
    const world = createRouter()
    world.rule("-A FORWARD -m conntrack --ctstate INVALID -j DROP")
    const { client, server } = await connected(world)
    world.sim.runFor(SECOND / 10)
    const [ct] = table(world) as [NfConn]
    expect(ct.state).toBe(TcpCt.ESTABLISHED)
    expect(ct.status & CtStatus.ASSURED).not.toBe(0)
    expect(left(world, ct)).toBeCloseTo(432_000 - 0.1, 0)
    client.close()
    world.sim.runFor(SECOND)
    expect(ct.state).toBe(TcpCt.CLOSE_WAIT)
    server.close()
    world.sim.runFor(SECOND)
    expect(ct.state).toBe(TcpCt.TIME_WAIT)
    expect(left(world, ct)).toBeCloseTo(119, 0)
    expect(netfilterOf(world.r).conntrack.stats.invalid).toBe(0)
  })

  test("a reset leaves ten seconds", async () => {
    const world = createRouter()
    world.rule("-A FORWARD -m conntrack --ctstate INVALID -j DROP")
    const { client } = await connected(world)
    world.sim.runFor(SECOND / 10)
    client.sock.abort()
    world.sim.runFor(SECOND / 10)
    const [ct] = table(world) as [NfConn]
    expect(ct.state).toBe(TcpCt.CLOSE)
    expect(left(world, ct)).toBeCloseTo(9.9, 0)
  })

  test("what is acknowledged and was never sent is INVALID", async () => {
    const world = createRouter()
    world.rule("-A FORWARD -m conntrack --ctstate INVALID -j DROP")
    const { client, server } = await connected(world)
    world.sim.runFor(SECOND / 10)
    // A segment from elsewhere in the sequence space: the receiver would believe its acknowledgment.
    client.sock.rcvNxt = (client.sock.rcvNxt + 1_000_000) >>> 0
    client.sock.write(text.encode("x"))
    world.sim.runFor(SECOND / 10)
    expect(netfilterOf(world.r).conntrack.stats.invalid).toBeGreaterThan(0)
    expect(server.sock.receiveQueue.size).toBe(0)
  })
})

test("tracking comes with the first rule that needs it and goes with the last", () => {
  const world = createRouter()
  const { client } = udpPair(world)
  const seen = (): number => {
    client.send(text.encode("x"), B, 53)
    world.sim.runFor(SECOND)
    return netfilterOf(world.r).conntrack.count
  }
  expect(seen()).toBe(0)
  world.rule("-A FORWARD -p udp")
  expect(seen()).toBe(0)
  world.rule("-t nat -A POSTROUTING -j ACCEPT")
  expect(seen()).toBe(0)
  world.rule("-A FORWARD -m conntrack --ctstate NEW")
  expect(seen()).toBe(1)
  world.rule("-F FORWARD")
  world.sim.runFor(40 * SECOND)
  expect(seen()).toBe(0)
})
