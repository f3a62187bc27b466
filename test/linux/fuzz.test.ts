/** Whatever arrives, nothing throws, nothing loops, nothing leaks: damaged frames into every device of a small cluster. */
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { RawIcmpSocket } from "../../src/linux/inet/raw.ts"
import { TcpListener, TcpSocket } from "../../src/linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import { ethTypeTrans, type NetDevice, netifReceiveSkb } from "../../src/linux/netdev.ts"
import { iptablesRestore } from "../../src/linux/netfilter/xtables/restore.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { IpSummed } from "../../src/linux/skb.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { SECOND } from "../../src/sim/simulation.ts"
import { ipv4, mac } from "../../src/wire/address.ts"
import * as ip from "../../src/wire/ipv4.ts"
import { createWorld, ok, start, type World } from "../support/world.ts"

interface Recorded {
  /** Machine and device, so that a frame can arrive where it did. */
  device: string
  bytes: Uint8Array
}

const nameOf = (world: World, dev: NetDevice): string =>
  `${world.machines.findIndex((machine) => machine.kernel === dev.net.kernel)}/${dev.net.name}/${dev.name}`

const devicesOf = (world: World): NetDevice[] =>
  world.machines.flatMap(({ kernel }) => kernel.namespaces.flatMap((net) => [...net.devices]))

/** Every hook, match and target that reads packets, on every machine and in every pod. */
const RULES = `*raw
-A PREROUTING -p icmp -m icmp --icmp-type 13 -j NOTRACK
COMMIT
*mangle
-A PREROUTING -p tcp -m socket --transparent -j MARK --set-mark 1
-A PREROUTING -p tcp --dport 81 -j TPROXY --on-port 10001 --on-ip 127.0.0.1 --tproxy-mark 0x200
-A OUTPUT -p udp -j MARK --set-mark 2
-A POSTROUTING -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING -d 10.96.0.10 -j DNAT --to-destination 10.244.2.2
-A OUTPUT -d 10.96.0.10 -j DNAT --to-destination 10.244.2.2
-A OUTPUT -p udp --dport 54 -j REDIRECT
-A POSTROUTING ! -d 10.244.0.0/16 -p udp -j SNAT --to-source 192.168.80.103-192.168.80.110
-A POSTROUTING -m addrtype ! --dst-type LOCAL -j MASQUERADE --random-fully
COMMIT
*filter
-A INPUT -j LOG --log-tcp-options --log-ip-options --log-tcp-sequence --log-uid
-A INPUT -p tcp -m multiport --dports 1:1000 -m tcp --tcp-flags SYN,FIN SYN,FIN -j REJECT --reject-with tcp-reset
-A FORWARD -j LOG
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -m physdev --physdev-in veth+ -m limit
-A FORWARD -m statistic --mode random --probability 0.05 -j REJECT
-A FORWARD -p tcp --dport 80 -m connmark ! --mark 9 -m statistic --mode nth --every 7 --packet 0 -j REJECT --reject-with tcp-reset
COMMIT
`

/** A cluster in which something listens everywhere, a learning tunnel beside Flannel's. */
function build(rules: string): World {
  const world = createWorld()
  for (const { net, pod } of world.machines)
    for (const each of [net, pod]) expect(iptablesRestore(each, rules).error).toBe("")
  for (const { kernel, net, pod, uplink } of world.machines) {
    const vxlan = ok(
      linkAdd(net, {
        kind: "vxlan",
        name: "vx9",
        address: mac("02:00:00:00:09:09"),
        vxlan: { vni: 9, local: 0, lower: uplink },
      }),
    )
    linkUp(vxlan)
    ok(addrAdd(vxlan, { address: ipv4("10.99.0.1"), prefixLength: 24 }))
    const udp = new UdpSocket(pod)
    udp.bind(0, 53)
    start(kernel, pod, async (proc) => {
      const listener = TcpListener.listen(proc.net, 0, 80)
      if (typeof listener === "string") return 1
      for (;;) {
        const socket = await listener.accept(proc)
        await socket.read(proc)
        socket.close()
      }
    })
  }
  return world
}

/** What the cluster is busy with: pings of all sizes, datagrams, a connection. The same world gives the same ports and numbers. */
function traffic({ machines: [a] }: World): Process {
  const icmp = new RawIcmpSocket(a.pod)
  for (const [to, size, ttl] of [
    ["10.244.2.2", 64, 0],
    ["10.244.2.2", 3000, 0],
    ["10.244.2.2", 64, 1],
    ["10.244.1.1", 64, 0],
    ["10.244.2.77", 64, 0],
  ] as const) {
    const data = new Uint8Array(size)
    data[0] = 8
    icmp.send(ipv4(to), data, { ttl })
  }
  const udp = new UdpSocket(a.pod)
  udp.send(new Uint8Array(20), ipv4("10.244.2.2"), 53)
  udp.send(new Uint8Array(20), ipv4("10.244.2.2"), 54)
  udp.send(new Uint8Array(20), ipv4("10.96.0.10"), 53)
  return start(a.kernel, a.pod, async (proc) => {
    const socket = await TcpSocket.connect(proc, ipv4("10.244.2.2"), 80)
    if (typeof socket === "string") return 1
    await socket.write(proc, new Uint8Array(5000))
    await socket.read(proc)
    socket.close()
    return 0
  })
}

/** Real frames of every kind the cluster speaks: ARP, ICMP, UDP, TCP, errors, fragments, tunnel packets. */
async function record(): Promise<Recorded[]> {
  const world = build("")
  const frames: Recorded[] = []
  for (const dev of devicesOf(world))
    dev.addTap({
      deliver: (at, skb, out) => {
        if (!out) frames.push({ device: nameOf(world, at), bytes: skb.copyBytes() })
      },
    })
  const client = traffic(world)
  await world.sim.until(() => client.status !== undefined)
  await world.sim.advance(5 * SECOND)
  return frames
}

/** Longer than any reassembly, neighbour or retransmission timer; ends early when something runs in circles. */
async function comeToRest(world: World, events: number): Promise<void> {
  for (let second = 0; second < 1300; second++) {
    await world.sim.advance(SECOND)
    if (world.sim.events > events)
      throw new Error(`${world.sim.events} events by ${world.sim.now / SECOND} s: something runs in circles`)
  }
}

interface Damage {
  at: number
  value: number
}

/** Overwrites bytes, mostly in the headers, and cuts or lengthens; may repair the IPv4 checksum, so that what follows is reached. */
function damage(frame: Uint8Array, hits: readonly Damage[], length: number, repair: boolean): Uint8Array {
  const bytes = new Uint8Array(Math.max(14, Math.min(1514, frame.length + length)))
  bytes.set(frame.subarray(0, bytes.length))
  for (const { at, value } of hits) bytes[at % Math.min(bytes.length, 120)] = value
  const view = new DataView(bytes.buffer)
  for (const header of [14, 14 + 20 + 8 + 8 + 14])
    if (repair && bytes.length >= header + 20 && view.getUint8(header) >> 4 === 4) {
      const hlen = ip.headerLength(view, header)
      if (hlen >= 20 && bytes.length >= header + hlen) ip.updateChecksum(view, header)
    }
  return bytes
}

/** With `trusted` checksums, as from a veth: what lies behind them is reached. */
function inject(dev: NetDevice, bytes: Uint8Array, trusted: boolean): void {
  const skb = dev.net.kernel.arena.alloc(bytes.length)
  if (trusted) skb.ipSummed = IpSummed.UNNECESSARY
  skb.arena.bytes.set(bytes, skb.put(bytes.length))
  ethTypeTrans(skb, dev)
  netifReceiveSkb(dev, skb)
}

describe("damaged frames", () => {
  let frames: Recorded[] = []
  beforeAll(async () => {
    frames = await record()
  })

  test("are of every kind", () => {
    const kinds = new Set(
      frames.map(({ bytes }) =>
        bytes[12] === 0x08 && bytes[13] === 0 ? `ip ${bytes[23]}` : `${bytes[12]}.${bytes[13]}`,
      ),
    )
    expect([...kinds].sort()).toEqual(["8.6", "ip 1", "ip 17", "ip 6"])
    expect(frames.length).toBeGreaterThan(100)
  })

  test.each([
    ["no rules", "", 200],
    ["rules at every hook", RULES, 120],
  ])("with %s throw nowhere, come to rest, and leave no buffer behind", async (_, rules, numRuns) => {
    const hit = fc.record({ at: fc.nat(200), value: fc.nat(255) })
    const frame = fc.record({
      which: fc.nat(10_000),
      hits: fc.array(hit, { maxLength: 6 }),
      length: fc.oneof(fc.constant(0), fc.integer({ min: -200, max: 60 })),
      repair: fc.boolean(),
      trusted: fc.boolean(),
      /** Arrives where it did, or anywhere. */
      elsewhere: fc.option(fc.nat(50)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 60 }), async (injections) => {
        const world = build(rules)
        const devices = devicesOf(world)
        traffic(world)
        for (const { which, hits, length, repair, trusted, elsewhere } of injections) {
          const recorded = frames[which % frames.length] as Recorded
          const dev =
            elsewhere === null
              ? devices.find((candidate) => nameOf(world, candidate) === recorded.device)
              : devices[elsewhere % devices.length]
          inject(dev as NetDevice, damage(recorded.bytes, hits, length, repair), trusted)
          await world.sim.advance(50_000)
        }
        await comeToRest(world, 300 * injections.length + 5000)
        expect(world.machines[0].kernel.arena.inUse).toBe(0)
        expect(world.machines.flatMap(({ kernel }) => kernel.processes.crashes)).toEqual([])
      }),
      { seed: 20251018, numRuns },
    )
  })
})
