/** Rules by mark, and what stands on them: TPROXY, transparent sockets, SO_MARK, marks of the OUTPUT chain. */
import { expect, test } from "vitest"
import { RouteType } from "../../../src/linux/fib/route.ts"
import { TcpListener, TcpSocket } from "../../../src/linux/inet/tcp-socket.ts"
import { routeAdd } from "../../../src/linux/rtnetlink/route.ts"
import { ruleAdd, ruleDel } from "../../../src/linux/rtnetlink/rule.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../src/wire/address.ts"
import { createRouter, type Router } from "../../support/router.ts"
import { ok, start } from "../../support/world.ts"

const B = ipv4("10.1.0.2")

/** As Cilium has it: `ip rule add fwmark 0x200/0xf00 lookup 2004`, `ip route add local 0.0.0.0/0 dev lo table 2004`. */
function redirectToProxy(world: Router): void {
  const { r } = world
  ok(ruleAdd(r, { priority: 9, mark: 0x200, markMask: 0xf00, table: 2004 }))
  ok(ruleAdd(r, { priority: 100, table: 255 }))
  ok(ruleDel(r, { priority: 0, table: 255 }))
  ok(routeAdd(r, { type: RouteType.LOCAL, destination: 0, prefixLength: 0, dev: r.loopback, table: 2004 }))
}

test("a listener on 127.0.0.1 takes a connection to somebody else, and answers as that", async () => {
  const world = createRouter()
  redirectToProxy(world)
  world.rule(
    "-t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 10001 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
  )
  const listener = TcpListener.listen(world.r, ipv4("127.0.0.1"), 10001, { transparent: true }) as TcpListener
  let seen = ""
  start(world.kernel, world.r, async (proc) => {
    const socket = await listener.accept(proc)
    seen = `${formatIpv4(socket.localAddress)}:${socket.localPort} from ${formatIpv4(socket.remoteAddress)}`
    await socket.write(proc, new TextEncoder().encode("proxied"))
    socket.close()
    return 0
  })
  let answer = ""
  start(world.kernel, world.a, async (proc) => {
    const socket = (await TcpSocket.connect(proc, B, 80, { timeout: SECOND })) as TcpSocket
    answer = typeof socket === "string" ? socket : new TextDecoder().decode((await socket.read(proc)) as Uint8Array)
    return 0
  })
  await world.sim.until(() => answer !== "")
  expect([answer, seen]).toEqual(["proxied", "10.1.0.2:80 from 10.0.0.2"])
})

test("without a transparent socket TPROXY drops", async () => {
  const world = createRouter()
  redirectToProxy(world)
  world.rule(
    "-t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 10001 --on-ip 127.0.0.1 --tproxy-mark 0x200",
  )
  TcpListener.listen(world.r, ipv4("127.0.0.1"), 10001)
  let result: unknown
  start(world.kernel, world.a, async (proc) => {
    result = await TcpSocket.connect(proc, B, 80, { timeout: SECOND })
    return 0
  })
  await world.sim.until(() => result !== undefined)
  expect(result).toBe("ETIMEDOUT")
})

test("a proxy calls on with the client's address and its socket's mark", async () => {
  const world = createRouter()
  redirectToProxy(world)
  world.rule("-t mangle -A PREROUTING -p tcp -m socket --transparent -j MARK --set-mark 0x200")
  world.rule("-A OUTPUT -m mark --mark 0xb00")
  const listener = TcpListener.listen(world.b, 0, 80) as TcpListener
  let peer = ""
  start(world.kernel, world.b, async (proc) => {
    peer = formatIpv4((await listener.accept(proc)).remoteAddress)
    return 0
  })
  let result: unknown
  start(world.kernel, world.r, async (proc) => {
    const options = { source: ipv4("10.0.0.2"), transparent: true, mark: 0xb00, timeout: SECOND }
    result = await TcpSocket.connect(proc, B, 80, options)
    return 0
  })
  await world.sim.until(() => result !== undefined && peer !== "")
  expect(result).toBeInstanceOf(TcpSocket)
  expect(peer).toBe("10.0.0.2")
  expect(world.rule("-nvL OUTPUT")).toMatch(/^ {4}2 {3}112 .*mark match 0xb00$/m)
})

test("a foreign source without IP_TRANSPARENT is refused", async () => {
  const world = createRouter()
  let result: unknown
  start(world.kernel, world.r, async (proc) => {
    result = await TcpSocket.connect(proc, B, 80, { source: ipv4("10.0.0.2") })
    return 0
  })
  await world.sim.until(() => result !== undefined)
  expect(result).toBe("EADDRNOTAVAIL")
})

test("a mark given in OUTPUT chooses another way", async () => {
  const world = createRouter()
  const { r } = world
  const p0 = r.device("p0")
  if (p0 === undefined) throw new Error("no p0")
  ok(ruleAdd(r, { priority: 50, mark: 7, table: 100 }))
  ok(routeAdd(r, { destination: 0, prefixLength: 0, gateway: ipv4("10.0.0.2"), dev: p0, table: 100 }))
  world.rule("-t mangle -A OUTPUT -p tcp --dport 80 -j MARK --set-mark 7")
  world.rule("-t mangle -A POSTROUTING -o p0 -p tcp")
  let result: unknown
  start(world.kernel, r, async (proc) => {
    result = await TcpSocket.connect(proc, B, 80, { timeout: SECOND / 2 })
    return 0
  })
  await world.sim.until(() => result !== undefined)
  expect(world.rule("-t mangle -nvL POSTROUTING")).toMatch(/^ {4}1 {4}60 {12}6 .* \* {6}p0/m)
})

test("the tables part with the first rule: local is asked whole before main", () => {
  const world = createRouter()
  const { r } = world
  const p1 = r.device("p1")
  if (p1 === undefined) throw new Error("no p1")
  // One trie: the longer prefix of main wins over the shorter one of local.
  ok(routeAdd(r, { destination: ipv4("127.9.9.9"), prefixLength: 32, dev: p1 }))
  expect(r.fib.lookup(ipv4("127.9.9.9"))?.dev).toBe(p1)
  ok(ruleAdd(r, { priority: 10, mark: 1, table: 100 }))
  expect(r.fib.lookup(ipv4("127.9.9.9"))?.dev).toBe(r.loopback)
  expect(ruleAdd(r, { priority: 10, mark: 1, table: 100 })).toMatchObject({ errno: "EEXIST" })
  expect(ruleDel(r, { priority: 11 })).toMatchObject({ errno: "ENOENT" })
})
