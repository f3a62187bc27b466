/** LOG writes what the real kernel wrote about the same packets. */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { RawIcmpSocket } from "../../../src/linux/inet/raw.ts"
import { TcpSocket } from "../../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../../src/linux/inet/udp-socket.ts"
import { iptablesCommand } from "../../../src/linux/netfilter/xtables/command.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { ipv4 } from "../../../src/wire/address.ts"
import { createRouter } from "../../support/router.ts"
import { start } from "../../support/world.ts"

const golden = readFileSync("test/golden/netfilter/log.txt", "utf8").split("\n").slice(1, -1)
const NAMES: Readonly<Record<string, string>> = { "10.0.0.1": "10.0.0.2", "10.0.0.2": "10.0.0.1", eth0: "p0" }

/** What differs from run to run: ids, ports drawn, numbers of a connection, addresses of devices. */
const normalise = (line: string): string =>
  line
    .replaceAll(/([0-9a-f]{2}:){12}/g, "MAC:")
    .replaceAll(/\bID=[1-9]\d*/g, "ID=N")
    .replaceAll(/\b(SPT|DPT)=\d{5}/g, "$1=P")
    .replaceAll(/\b(SEQ|ACK)=\d{4,}/g, "$1=N")
    .replace(/080A[0-9A-F]{8}(0{8})010303(..)/, "080A-TIME-$1010303WS")

/** The recorder's host was at the other end. */
const seenFromHere = (line: string): string => line.replaceAll(/10\.0\.0\.[12]|eth0/g, (name) => NAMES[name] as string)

test("a ping, a SYN and a datagram to a port nobody has", async () => {
  const world = createRouter()
  const { kernel, r, a } = world
  iptablesCommand(r, ["-A", "INPUT", "-p", "icmp", "-j", "LOG", "--log-prefix", "in: "])
  world.rule("-A OUTPUT -j LOG --log-uid")
  world.rule("-A INPUT -p tcp -j LOG --log-tcp-options --log-tcp-sequence")
  world.rule("-t mangle -A PREROUTING -p udp -j MARK --set-mark 5")
  iptablesCommand(r, ["-A", "INPUT", "-p", "udp", "-j", "LOG", "--log-prefix", "u "])
  const to = ipv4("10.0.0.1")
  const echo = new Uint8Array(64)
  echo.set([8, 0, 0, 0, 0x56, 0xa3, 0, 1])
  new RawIcmpSocket(a).send(to, echo)
  world.sim.runFor(SECOND)
  let refused: unknown
  start(kernel, a, async (proc) => {
    refused = await TcpSocket.connect(proc, to, 81)
    return 0
  })
  await world.sim.until(() => refused !== undefined)
  new UdpSocket(a).send(new TextEncoder().encode("hi\n"), to, 53)
  world.sim.runFor(SECOND)
  expect(kernel.log.map(({ level }) => level)).toEqual([4, 4, 4, 4, 4, 4])
  expect(kernel.log.map(({ text }) => normalise(text))).toEqual(golden.map((line) => normalise(seenFromHere(line))))
})

test("a pod's namespace does not log", () => {
  const world = createRouter()
  iptablesCommand(world.b, ["-A", "OUTPUT", "-j", "LOG"])
  new UdpSocket(world.b).send(new Uint8Array(3), ipv4("10.1.0.1"), 53)
  world.sim.runFor(SECOND)
  expect(world.kernel.log).toEqual([])
})
