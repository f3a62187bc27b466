import { describe, expect, test } from "vitest"
import { UdpSocket } from "../../src/linux/inet/udp-socket.ts"
import type { NetDevice } from "../../src/linux/netdev.ts"
import { linkDown } from "../../src/linux/rtnetlink/link.ts"
import { MILLISECOND, SECOND } from "../../src/sim/simulation.ts"
import { ipv4 } from "../../src/wire/address.ts"
import { csumFold, csumPartial, pseudoHeaderSum } from "../../src/wire/checksum.ts"
import { createWorld, start, type World } from "../support/world.ts"

/** Where an IPv4 packet with UDP begins in `view`, and whether its checksum is right. */
function udpSumOk(view: DataView, at: number): boolean {
  const header = (view.getUint8(at) & 15) << 2
  const length = view.getUint16(at + 2) - header
  const pseudo = pseudoHeaderSum(view.getUint32(at + 12), view.getUint32(at + 16), 17, length)
  return csumFold(csumPartial(view, at + header, length, pseudo)) === 0
}

/** Sums of the UDP datagrams a device sees: right or not, in order. */
function sumsAt(dev: NetDevice, inner = 0): boolean[] {
  const seen: boolean[] = []
  dev.addTap({
    deliver: (_dev, skb) => {
      if (skb.view.getUint16(skb.data + 12) === 0x0800) seen.push(udpSumOk(skb.view, skb.data + 14 + inner))
    },
  })
  return seen
}

function sendFromPod(world: World, port: number): void {
  const [a] = world.machines
  const socket = new UdpSocket(a.pod)
  for (let i = 0; i < 3; i++) socket.send(new Uint8Array(64).fill(0x5a + i), ipv4("10.244.2.2"), port)
  world.sim.runFor(SECOND)
}

const VXLAN_AND_BELOW = 20 + 8 + 8 + 14

describe("checksums beyond the wire are complete for whoever looks, wherever the only look is taken", () => {
  test.each([
    ["the sender's own veth: not yet finished, as Linux leaves it", 0, "eth0", 0, false],
    ["the sender's uplink, outside", 0, "uplink", 0, true],
    ["the sender's uplink, inside", 0, "uplink", VXLAN_AND_BELOW, true],
    ["the receiver's uplink, outside", 1, "uplink", 0, true],
    ["the receiver's uplink, inside", 1, "uplink", VXLAN_AND_BELOW, true],
    ["the receiver's flannel.1", 1, "vxlan", 0, true],
    ["the receiver's bridge", 1, "bridge", 0, true],
    ["the receiving pod", 1, "eth0", 0, true],
  ] as const)("%s", (_name, machine, device, inner, right) => {
    const world = createWorld()
    world.machines[1].pod.udp.bind(Object.assign(new UdpSocket(world.machines[1].pod), { localPort: 7 }))
    const seen = sumsAt(world.machines[machine][device], inner)
    sendFromPod(world, 7)
    expect(seen).toEqual([right, right, right])
  })

  test("an ICMP error quotes the finished checksum", () => {
    const world = createWorld()
    const quoted: boolean[] = []
    world.machines[0].eth0.addTap({
      deliver: (_dev, skb, outgoing) => {
        const at = skb.data + 14
        if (!outgoing && skb.view.getUint8(at + 9) === 1) quoted.push(udpSumOk(skb.view, at + 20 + 8))
      },
    })
    sendFromPod(world, 9)
    expect(quoted).toEqual([true, true, true])
  })

  test("a program that ends the tunnel itself reads finished checksums inside", async () => {
    const world = createWorld()
    const [, b] = world.machines
    linkDown(b.vxlan)
    const inside: boolean[] = []
    const proc = start(b.kernel, b.net, async (self) => {
      const socket = new UdpSocket(self.net)
      if (socket.bind(0, 8472) !== undefined) return 1
      while (inside.length < 3) {
        const datagram = await socket.receiveFrom(self, SECOND)
        if (typeof datagram === "string") return 2
        const { data } = datagram
        inside.push(udpSumOk(new DataView(data.buffer, data.byteOffset), 8 + 14))
      }
      return 0
    })
    await world.sim.advance(MILLISECOND)
    sendFromPod(world, 7)
    await world.sim.until(() => proc.status !== undefined)
    expect([proc.status?.code, inside]).toEqual([0, [true, true, true]])
  })
})
