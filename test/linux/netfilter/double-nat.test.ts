/**
 * The fault of old kube-proxies: a mark that is left on a packet marks the tunnel packet as well, which is then mapped, and its checksum spoilt
 * (spec: fault-double-nat-checksum, measured on 6.18). What is in the tunnel must be TCP or UDP whose sum was left to the device.
 */
import { expect, test } from "vitest"
import { RawIcmpSocket } from "../../../src/linux/inet/raw.ts"
import { TcpListener, TcpSocket } from "../../../src/linux/inet/tcp-socket.ts"
import { iptablesRestore } from "../../../src/linux/netfilter/xtables/restore.ts"
import { SECOND } from "../../../src/sim/simulation.ts"
import { ipv4 } from "../../../src/wire/address.ts"
import { createWorld, start, type World } from "../../support/world.ts"

const rules = (clear: string): string => `*nat
-A PREROUTING -s 10.244.1.0/24 -j MARK --or-mark 0x4000
-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
${clear}-A POSTROUTING -j MASQUERADE --random-fully
COMMIT
`

async function connect(world: World, timeout: number): Promise<unknown> {
  const [a, b] = world.machines
  TcpListener.listen(b.pod, 0, 80)
  let result: unknown
  start(a.kernel, a.pod, async (proc) => {
    result = await TcpSocket.connect(proc, ipv4("10.244.2.2"), 80, { timeout })
    return 0
  })
  await world.sim.until(() => result !== undefined)
  return result
}

test("with the mark left on, the first SYN is lost at the other node", async () => {
  const world = createWorld()
  const [a, b] = world.machines
  expect(iptablesRestore(a.net, rules("")).error).toBe("")
  expect(await connect(world, SECOND / 2)).toBe("ETIMEDOUT")
  expect(b.net.snmp.udpInCsumErrors).toBe(1)
})

test("the retransmission leaves by another port, which nobody maps, and passes", async () => {
  const world = createWorld()
  const [a, b] = world.machines
  iptablesRestore(a.net, rules(""))
  expect(await connect(world, 3 * SECOND)).toBeInstanceOf(TcpSocket)
  expect(b.net.snmp.udpInCsumErrors).toBe(1)
})

test("cured: the mark cleared, or sums finished before the tunnel", async () => {
  const cleared = createWorld()
  iptablesRestore(cleared.machines[0].net, rules("-A POSTROUTING -j MARK --xor-mark 0x4000\n"))
  expect(await connect(cleared, SECOND / 2)).toBeInstanceOf(TcpSocket)
  const finished = createWorld()
  const [a] = finished.machines
  iptablesRestore(a.net, rules(""))
  // ethtool -K flannel.1 tx-checksum-ip-generic off
  a.vxlan.checksumOffload = false
  expect(await connect(finished, SECOND / 2)).toBeInstanceOf(TcpSocket)
})

test("ICMP never fails", () => {
  const world = createWorld()
  const [a, b] = world.machines
  iptablesRestore(a.net, rules(""))
  const icmp = new RawIcmpSocket(a.pod)
  icmp.send(ipv4("10.244.2.2"), Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 1), {})
  world.sim.runFor(SECOND)
  expect(b.pod.snmp.icmpInMsgs).toBe(1)
})
