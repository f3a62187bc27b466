/** A drop names the rule that decided, and what made the rule. */
import { expect, test } from "vitest"
import { DropReason } from "../../../src/linux/drop-reason.ts"
import { UdpSocket } from "../../../src/linux/inet/udp-socket.ts"
import { iptablesRestore } from "../../../src/linux/netfilter/xtables/restore.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { TraceKind } from "../../../src/sim/trace.ts"
import { ipv4 } from "../../../src/wire/address.ts"
import { createRouter } from "../../support/router.ts"

function causes(text: string): unknown[] {
  const world = createRouter()
  expect(iptablesRestore(world.r, text, { origin: "a test" }).error).toBe("")
  const socket = new UdpSocket(world.a)
  const from = world.sim.trace.start()
  socket.send(new Uint8Array(3), ipv4("10.1.0.2"), 53)
  world.sim.runFor(SECOND)
  return world.sim.trace
    .stop(from)
    .filter(({ kind, value }) => kind === TraceKind.KFREE_SKB && value === DropReason.NETFILTER_DROP)
    .map(({ object }) => object)
}

test("the rule, in a chain of its own", () => {
  expect(
    causes("*filter\n:DENY - [0:0]\n-A FORWARD -p udp -j DENY\n-A DENY -p udp --dport 53 -j DROP\nCOMMIT\n"),
  ).toEqual([{ text: "-t filter -A DENY -p udp -m udp --dport 53 -j DROP", origin: "a test" }])
})

test("the policy, when no rule did", () => {
  expect(causes("*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp -j DROP\nCOMMIT\n")).toEqual([
    { text: "-t filter -P FORWARD DROP", origin: undefined },
  ])
})

test("the REJECT", () => {
  expect(causes("*filter\n-A FORWARD -j REJECT\nCOMMIT\n")).toEqual([
    { text: "-t filter -A FORWARD -j REJECT --reject-with icmp-port-unreachable", origin: "a test" },
  ])
})
