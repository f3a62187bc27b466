/** What holds for all rules and all mappings. fast-check prints the seed and the path of a failure. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { UdpSocket } from "../../../src/linux/inet/udp-socket.ts"
import { netfilterOf } from "../../../src/linux/netfilter/netfilter.ts"
import { iptablesCommand } from "../../../src/linux/netfilter/xtables/command.ts"
import { quote, splitWords } from "../../../src/linux/netfilter/xtables/quote.ts"
import { iptablesRestore, iptablesSave } from "../../../src/linux/netfilter/xtables/restore.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../src/wire/address.ts"
import { createRouter } from "../../support/router.ts"
import { start } from "../../support/world.ts"

const SEED = 20251018

const not = fc.constantFrom("", "! ")
const prefix = fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 1, max: 32 })).map(([a, n]) => `${formatIpv4(a)}/${n}`)
const port = fc.nat(65535)
const mark = fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)).map(([m, k]) => `0x${m.toString(16)}/0x${k.toString(16)}`)
const option = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(not, value).map(([no, text]) => `${no}${name} ${text}`)
const maybe = (words: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), words)
const states = fc.subarray(["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"], { minLength: 1 })

const ports = fc
  .tuple(fc.constantFrom("tcp", "udp"), port, port, not)
  .map(([protocol, x, y, no]) => `-p ${protocol} ${no}--dport ${Math.min(x, y)}:${Math.max(x, y)}`)
const match = fc.oneof(
  option("-m mark --mark", mark).map((text) => text.replace(/^! (-m mark) /, "$1 ! ")),
  states.map((words) => `-m conntrack --ctstate ${words.join(",")}`),
  fc
    .string({ minLength: 1, maxLength: 40 })
    .filter((text) => !text.includes("\n"))
    .map((text) => `-m comment --comment ${quote(text)}`),
  fc.integer({ min: 1, max: 1e6 }).map((n) => `-m statistic --mode random --probability ${n / 1e6}`),
  fc
    .tuple(fc.integer({ min: 2, max: 9 }), fc.nat(1))
    .map(([n, p]) => `-m statistic --mode nth --every ${n} --packet ${p}`),
  fc
    .integer({ min: 1, max: 10_000 })
    .chain((n) => fc.constantFrom("s", "m", "h", "d").map((unit) => `-m limit --limit ${n}/${unit}`)),
)
const target = fc.oneof(
  fc.constantFrom(
    "-j ACCEPT",
    "-j DROP",
    "-j RETURN",
    "-j USER",
    "-g USER",
    "-j REJECT",
    '-j LOG --log-prefix "a b"',
    "",
  ),
  mark.map((text) => `-j MARK --set-xmark ${text}`),
  mark.map((text) => `-j CONNMARK --set-mark ${text}`),
)
const rule = fc
  .tuple(
    maybe(option("-s", prefix)),
    maybe(option("-d", prefix)),
    maybe(option("-i", fc.constantFrom("eth0", "lxc+"))),
    maybe(ports),
    fc.array(match, { maxLength: 2 }),
    target,
  )
  .map((parts) =>
    parts
      .flat()
      .filter((words) => words !== "")
      .join(" "),
  )

const withoutDates = (text: string): string => text.replaceAll(/^# .*$/gm, "#")

test("iptables-save | iptables-restore changes nothing", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
      const { r } = createRouter()
      iptablesCommand(r, ["-N", "USER"])
      for (const words of rules) {
        const result = iptablesCommand(r, ["-A", "INPUT", ...splitWords(words)])
        expect(result.error).toBe("")
      }
      const saved = iptablesSave(r, { counters: true })
      const other = createRouter().r
      expect(iptablesRestore(other, saved, { counters: true })).toEqual({ code: 0, output: "", error: "" })
      expect(withoutDates(iptablesSave(other, { counters: true }))).toBe(withoutDates(saved))
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test("a rule deletes itself by what it says", () => {
  fc.assert(
    fc.property(rule, (words) => {
      const { r } = createRouter()
      iptablesCommand(r, ["-N", "USER"])
      iptablesCommand(r, ["-A", "INPUT", ...splitWords(words)])
      expect(iptablesCommand(r, ["-C", "INPUT", ...splitWords(words)]).code).toBe(0)
      expect(iptablesCommand(r, ["-D", "INPUT", ...splitWords(words)]).code).toBe(0)
      expect(iptablesCommand(r, ["-S", "INPUT"]).output).toBe("-P INPUT ACCEPT\n")
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test("words come back from their quotes", () => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((text) => !text.includes("\n"))), (words) => {
      expect(splitWords(words.map(quote).join(" "))).toEqual(words)
    }),
    { seed: SEED },
  )
})

/** Sends a datagram from each port and answers it; the answers' sources and ports as the senders saw them. */
async function exchange(rules: readonly string[], clientPorts: readonly number[], to: number): Promise<string[]> {
  const world = createRouter()
  for (const words of rules) world.rule(words)
  const server = new UdpSocket(world.b)
  server.bind(0, 53)
  start(world.kernel, world.b, async (proc) => {
    for (;;) {
      const got = await server.receiveFrom(proc)
      if (typeof got !== "string") server.send(got.data, got.address, got.port)
    }
  })
  const answers: string[] = []
  const tuples = new Set<string>()
  for (const localPort of clientPorts) {
    const client = new UdpSocket(world.a)
    client.bind(0, localPort)
    client.send(new TextEncoder().encode(String(localPort)), to, 53)
    start(world.kernel, world.a, async (proc) => {
      const got = await client.receiveFrom(proc, SECOND)
      answers.push(
        typeof got === "string"
          ? got
          : `${localPort} ${new TextDecoder().decode(got.data)} ${formatIpv4(got.address)}:${got.port}`,
      )
      return 0
    })
  }
  await world.sim.until(() => answers.length === clientPorts.length)
  for (const { reply } of netfilterOf(world.r).conntrack.entries())
    tuples.add(`${reply.source}:${reply.sourcePort} ${reply.destination}:${reply.destinationPort}`)
  // No two connections look alike from the far side.
  expect(tuples.size).toBe(clientPorts.length)
  return answers.sort()
}

test("the answer to a mapped packet is mapped back, whatever the mapping", async () => {
  const VIP = "10.96.0.10"
  const source = fc.oneof(
    fc.constant("-j MASQUERADE"),
    fc.constant("-j MASQUERADE --random-fully"),
    fc.nat(60_000).map((low) => `-p udp -j MASQUERADE --to-ports ${low + 1}-${low + 64}`),
    fc.nat(60_000).map((low) => `-p udp -j SNAT --to-source 10.1.0.1:${low + 1}-${low + 64}`),
    fc.constant("-m mark --mark 1 -j MASQUERADE"),
  )
  const cases = fc.tuple(
    source,
    fc.boolean(),
    fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 20 }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([words, dnat, clientPorts]) => {
      const to = dnat ? VIP : "10.1.0.2"
      const rules = [
        `-t nat -A PREROUTING -d ${VIP} -j DNAT --to-destination 10.1.0.2`,
        `-t nat -A POSTROUTING ${words}`,
      ]
      const expected = clientPorts.map((number) => `${number} ${number} ${to}:53`).sort()
      expect(await exchange(rules, clientPorts, ipv4(to))).toEqual(expected)
    }),
    { seed: SEED, numRuns: 60 },
  )
})
