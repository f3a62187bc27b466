/** What the kernel's trace says of the programs: what "why was this dropped?" and the figures read. */
import { expect, test } from "vitest"
import type { DropNotify } from "../../../../src/cni/cilium/monitor/event.ts"
import { dropReasonName } from "../../../../src/linux/drop-reason.ts"
import { RawIcmpSocket } from "../../../../src/linux/inet/raw.ts"
import type { TcCause, TcProgram } from "../../../../src/linux/tc/hook.ts"
import { SECOND } from "../../../../src/sim/simulation.ts"
import { type TraceEvent, TraceKind } from "../../../../src/sim/trace.ts"
import * as icmp from "../../../../src/wire/icmp.ts"
import {
  addPod,
  type CiliumWorld,
  createCiliumWorld,
  type Node,
  type Pod,
  setPolicy,
} from "../../../support/cilium-world.ts"

function ping(world: CiliumWorld, from: Pod, to: Pod): readonly TraceEvent[] {
  const socket = new RawIcmpSocket(from.net)
  const data = new Uint8Array(64)
  icmp.emit(new DataView(data.buffer), 0, icmp.IcmpType.ECHO, 0, 0x12340001)
  const since = world.sim.trace.start()
  socket.send(to.ip, data, {})
  world.sim.runFor(SECOND)
  return world.sim.trace.stop(since)
}

const ACTS = new Map([
  [0, "OK"],
  [2, "SHOT"],
  [7, "REDIRECT"],
])

test("each program and its answer, in the order of the packet's way", () => {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  const a = addPod(world, w0, 5, 5021)
  const b = addPod(world, w1, 6, 38211)
  ping(world, a, b)
  const events = ping(world, a, b)
  const [first] = events
  const programs = events
    .filter((event) => event.kind === TraceKind.TC_PROGRAM && event.packet === first?.packet)
    .sort((x, y) => x.time - y.time)
    .map((event) => `${(event.object as TcProgram).name} ${ACTS.get(event.value)}`)
  expect(programs).toEqual([
    "cil_to_overlay OK",
    "cil_from_container REDIRECT",
    "cil_from_netdev OK",
    "cil_from_overlay REDIRECT",
  ])
  const tunnel = events.filter((event) => event.kind === TraceKind.VXLAN_XMIT || event.kind === TraceKind.VXLAN_RCV)
  expect(
    tunnel.map((event) => event.value),
    "VNIs, there and back, sent and received",
  ).toEqual([5021, 5021, 38211, 38211])
})

test("a drop knows the program's reason and the entry that decided", () => {
  const world = createCiliumWorld(2)
  const [w0, w1] = world.nodes as [Node, Node]
  const a = addPod(world, w0, 5, 5021)
  const b = addPod(world, w1, 6, 38211)
  setPolicy(b, [
    { direction: "egress" },
    { direction: "ingress" },
    { identity: 5021, direction: "ingress", deny: true },
  ])
  const drop = ping(world, a, b).find((event) => event.kind === TraceKind.KFREE_SKB)
  expect(drop).toBeDefined()
  expect(dropReasonName(drop?.value ?? 0)).toBe("SKB_DROP_REASON_TC_INGRESS")
  const cause = drop?.object as TcCause | undefined
  expect(cause?.text).toBe("Policy denied by denylist")
  expect((cause?.object as DropNotify | undefined)?.object).toMatchObject({
    identity: 5021,
    deny: true,
    direction: "ingress",
  })
})
