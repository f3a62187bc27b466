/** Transparent UDP sockets, TPROXY for UDP and raw answers, against the real kernel (test/record/kernel-udp.py). */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { RouteType } from "../../src/linux/fib/route.ts"
import { sendRawUdp } from "../../src/linux/inet/udp-raw.ts"
import { type Datagram, UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { routeAdd } from "../../src/linux/rtnetlink/route.ts"
import { ruleAdd } from "../../src/linux/rtnetlink/rule.ts"
import { formatIpv4, ipv4 } from "../../src/wire/address.ts"
import { createRouter, type Router } from "../support/router.ts"
import { ok, start } from "../support/world.ts"

const [A, B, LOCALHOST] = [ipv4("10.0.0.2"), ipv4("10.1.0.2"), ipv4("127.0.0.1")]
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function createProxyRouter(): Router {
  const world = createRouter()
  const { r } = world
  ok(ruleAdd(r, { priority: 9, mark: 0x200, markMask: 0xf00, table: 2004 }))
  ok(routeAdd(r, { type: RouteType.LOCAL, destination: 0, prefixLength: 0, dev: r.loopback, table: 2004 }))
  world.rule(
    "-t mangle -A PREROUTING -p udp --dport 53 -j TPROXY --on-port 10001 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
  )
  world.rule("-t mangle -A PREROUTING -p udp -m socket --transparent -j MARK --set-mark 0x200")
  return world
}

async function receive(world: Router, net: NetNamespace, socket: UdpSocket): Promise<string> {
  let got: Datagram | string | undefined
  start(world.kernel, net, async (proc) => {
    got = await socket.receiveFrom(proc, 300e6)
    return 0
  })
  await world.sim.until(() => got !== undefined)
  if (typeof got === "string") return got === "ETIMEDOUT" ? "nothing" : got
  const { data, address, port, original } = got as Datagram
  const text = `${new TextDecoder().decode(data)} from ${formatIpv4(address)}:${port}`
  return original === undefined ? text : `${text} for ${formatIpv4(original.address)}:${original.port}`
}

test("transparent sockets do what the real kernel's do", async () => {
  const world = createProxyRouter()
  const { a, r, b } = world
  const lines: string[] = []
  const say = (what: string, value: string): void => {
    lines.push(`${what}: ${value}`)
  }
  const transparent = { transparent: true, originalDestination: true }
  const client = new UdpSocket(a)
  client.bind(A, 4000)
  const plain = new UdpSocket(r)
  plain.bind(LOCALHOST, 10001)
  client.send(bytes("one"), B, 53)
  say("a listener that is not transparent", await receive(world, r, plain))
  plain.close()

  const proxy = new UdpSocket(r, transparent)
  proxy.bind(LOCALHOST, 10001)
  client.send(bytes("two"), B, 53)
  say("a transparent listener", await receive(world, r, proxy))

  say("a foreign address", new UdpSocket(r).bind(A, 4000) ?? "ok")
  const first = new UdpSocket(r, { ...transparent, reuse: true })
  say("a foreign address, transparent", first.bind(A, 4000) ?? "ok")
  say("the same again", new UdpSocket(r, transparent).bind(A, 4000) ?? "ok")
  const second = new UdpSocket(r, { ...transparent, reuse: true })
  say("the same again, both reusing", second.bind(A, 4000) ?? "ok")
  second.close()

  const server = new UdpSocket(b)
  server.bind(B, 53)
  first.connect(B, 53)
  first.send(bytes("three"))
  say("the server", await receive(world, b, server))
  server.send(bytes("four"), A, 4000)
  say("the answer, in the client's name", await receive(world, r, first))
  say("the client meanwhile", await receive(world, a, client))

  client.connect(B, 53)
  const datagram = { source: B, sourcePort: 53, destination: A, destinationPort: 4000, mark: 0xb00 }
  expect(sendRawUdp(r, datagram, bytes("five"))).toBeUndefined()
  say("the client, from a raw socket", await receive(world, a, client))

  const golden = readFileSync("test/golden/kernel/udp-transparent.txt", "utf8").split("\n").slice(1, -1)
  expect(lines).toEqual(golden)
  expect(world.arena.inUse).toBe(0)
})

test("a raw answer has no checksum and its own mark; too long a one is refused", async () => {
  const world = createProxyRouter()
  const { r } = world
  world.rule("-A OUTPUT -m mark --mark 0xb00")
  const datagram = { source: B, sourcePort: 53, destination: A, destinationPort: 4000, mark: 0xb00 }
  expect(sendRawUdp(r, datagram, bytes("x"))).toBeUndefined()
  expect(sendRawUdp(r, datagram, new Uint8Array(65_530))).toBe("EMSGSIZE")
  expect(world.rule("-nvL OUTPUT")).toMatch(/^ {4}1 {4}29 .*mark match 0xb00$/m)
  await world.sim.advance(1e9)
})
