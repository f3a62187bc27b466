/** A small world for kernel tests: two machines with one pod each, joined as Flannel joins them, built by hand through rtnetlink. */
import { Kernel } from "../../src/linux/kernel.ts"
import { Segment, type SegmentOptions } from "../../src/linux/link/segment.ts"
import type { NetDevice } from "../../src/linux/netdev.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { addrAdd } from "../../src/linux/rtnetlink/addr.ts"
import type { NetlinkError } from "../../src/linux/rtnetlink/error.ts"
import { fdbAdd } from "../../src/linux/rtnetlink/fdb.ts"
import { linkAdd, linkSetMaster, linkUp } from "../../src/linux/rtnetlink/link.ts"
import { neighAdd } from "../../src/linux/rtnetlink/neigh.ts"
import { routeAdd } from "../../src/linux/rtnetlink/route.ts"
import { Arena } from "../../src/linux/skb.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { Simulation } from "../../src/sim/simulation.ts"
import { ipv4, mac } from "../../src/wire/address.ts"

export interface Machine {
  kernel: Kernel
  net: NetNamespace
  pod: NetNamespace
  uplink: NetDevice
  vxlan: NetDevice
  bridge: NetDevice
  /** The pod's eth0. */
  eth0: NetDevice
}

export interface World {
  sim: Simulation
  segment: Segment
  /** 192.168.80.103 with pod 10.244.1.2, and 192.168.80.105 with pod 10.244.2.2. */
  machines: [Machine, Machine]
}

const VTEPS = [mac("26:1f:d2:c5:65:4e"), mac("5e:83:73:4b:98:06")] as const

/** Throws when rtnetlink refuses: a world that is not what it says is no test. */
export function ok<T>(result: T | NetlinkError): T {
  if (typeof result === "object" && result !== null && "errno" in result)
    throw new Error(`refused: ${result.errno} ${result.message ?? ""}`)
  return result as T
}

export function createWorld(options: { seed?: number; segment?: SegmentOptions } = {}): World {
  const sim = new Simulation({ seed: options.seed ?? 1 })
  const arena = new Arena()
  const segment = new Segment(sim, "lan", options.segment)
  const machines = [0, 1].map((i) => createMachine(sim, arena, segment, i)) as [Machine, Machine]
  for (const [i, machine] of machines.entries()) joinPeer(machine, 1 - i)
  return { sim, segment, machines }
}

function createMachine(sim: Simulation, arena: Arena, segment: Segment, i: number): Machine {
  const kernel = new Kernel(sim, { hostname: `worker-${i + 1}`, arena })
  const net = kernel.initNet
  net.sysctl.ipForward = true
  const subnet = `10.244.${i + 1}`
  const address = ipv4(`192.168.80.10${3 + 2 * i}`)
  linkUp(net.loopback)
  const uplink = ok(linkAdd(net, { kind: "ethernet", name: "enp0s8", segment }))
  linkUp(uplink)
  ok(addrAdd(uplink, { address, prefixLength: 24, broadcast: ipv4("192.168.80.255") }))
  const vxlan = ok(
    linkAdd(net, {
      kind: "vxlan",
      name: "flannel.1",
      address: VTEPS[i] as number,
      txQueueLength: 0,
      vxlan: { vni: 1, local: address, lower: uplink, learning: false },
    }),
  )
  linkUp(vxlan)
  ok(addrAdd(vxlan, { address: ipv4(`${subnet}.0`), prefixLength: 32 }))
  const bridge = ok(linkAdd(net, { kind: "bridge", name: "cni0", mtu: 1450 }))
  linkUp(bridge)
  ok(addrAdd(bridge, { address: ipv4(`${subnet}.1`), prefixLength: 24, broadcast: ipv4(`${subnet}.255`) }))
  const { pod, eth0 } = createPod(kernel, bridge, subnet, 2)
  return { kernel, net, pod, uplink, vxlan, bridge, eth0 }
}

/** A pod on the machine's bridge, at `subnet.host`. */
export function createPod(
  kernel: Kernel,
  bridge: NetDevice,
  subnet: string,
  host: number,
): { pod: NetNamespace; eth0: NetDevice } {
  const pod = kernel.createNamespace(`pod-${host}`)
  linkUp(pod.loopback)
  const eth0 = ok(
    linkAdd(pod, {
      kind: "veth",
      name: "eth0",
      mtu: 1450,
      peer: { name: `veth${host}`, net: kernel.initNet, mtu: 1450 },
    }),
  )
  const host0 = eth0.link as NetDevice
  linkUp(host0)
  ok(linkSetMaster(host0, bridge))
  linkUp(eth0)
  ok(addrAdd(eth0, { address: ipv4(`${subnet}.${host}`), prefixLength: 24, broadcast: ipv4(`${subnet}.255`) }))
  ok(routeAdd(pod, { destination: 0, prefixLength: 0, gateway: ipv4(`${subnet}.1`) }))
  return { pod, eth0 }
}

function joinPeer(machine: Machine, peer: number): void {
  const gateway = ipv4(`10.244.${peer + 1}.0`)
  const lladdr = VTEPS[peer] as number
  ok(neighAdd(machine.vxlan, { address: gateway, lladdr }, "replace"))
  ok(fdbAdd(machine.vxlan, { mac: lladdr, destination: ipv4(`192.168.80.10${3 + 2 * peer}`) }, "replace"))
  ok(
    routeAdd(
      machine.net,
      { destination: gateway, prefixLength: 24, gateway, dev: machine.vxlan, onlink: true },
      "replace",
    ),
  )
}

/** Starts a program in a namespace and returns its process. */
export function start(kernel: Kernel, net: NetNamespace, main: (proc: Process) => Promise<number>): Process {
  const proc = kernel.processes.run(["test"], { tool: { name: "test", main }, net })
  if (typeof proc === "string") throw new Error(proc)
  return proc
}
