import { describe, expect, test } from "vitest"
import { CiliumDatapath } from "../../../../src/cni/cilium/datapath/datapath.ts"
import { hostInterfaceName } from "../../../../src/cni/cilium/plugin/interface.ts"
import { runProgram } from "../../../../src/kube/cri/program.ts"
import { UdpSocket } from "../../../../src/linux/inet/udp-socket.ts"
import type { NetNamespace } from "../../../../src/linux/netns.ts"
import { linkDel } from "../../../../src/linux/rtnetlink/link.ts"
import { tcAttachments } from "../../../../src/linux/tc/hook.ts"
import { ip } from "../../../../src/tools/ip/index.ts"
import { formatMac, ipv4 } from "../../../../src/wire/address.ts"
import { addPod, type CiliumWorld, createCiliumWorld, type Node } from "../../../support/cilium-world.ts"
import { createWorld, start } from "../../../support/world.ts"

/** What the tool prints on a node, or in a pod. */
async function shell(world: CiliumWorld, node: Node, net: NetNamespace, command: string): Promise<string> {
  let text = ""
  const proc = start(node.kernel, net, async (self) => {
    const tool = { name: "ip", main: ip.main }
    const words = command.split(" ")
    const ran = await runProgram(node.kernel, self.task, words, { tool, env: new Map(), stdin: "" })
    text = typeof ran === "string" ? ran : ran.stdout + ran.stderr
    return 0
  })
  await world.sim.until(() => proc.status !== undefined)
  return text
}

const trimmed = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")

describe("a node's base", () => {
  test("routes: everything by the node's own router, remote ranges with the tunnel's MTU", async () => {
    const world = createCiliumWorld(3)
    const node = world.nodes[1] as Node
    expect(trimmed(await shell(world, node, node.net, "ip route"))).toEqual([
      "default via 192.168.10.1 dev eth0",
      "10.0.0.0/24 via 10.0.1.227 dev cilium_host proto kernel src 10.0.1.227 mtu 1450",
      "10.0.1.0/24 via 10.0.1.227 dev cilium_host proto kernel src 10.0.1.227",
      "10.0.1.227 dev cilium_host proto kernel scope link",
      "10.0.2.0/24 via 10.0.1.227 dev cilium_host proto kernel src 10.0.1.227 mtu 1450",
      "192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.12",
    ])
    node.datapath.setRemoteCidrs([{ address: ipv4("10.0.2.0"), length: 24 }])
    expect(await shell(world, node, node.net, "ip route")).not.toContain("10.0.0.0/24")
  })

  test("neighbours: none are asked for behind cilium_host, and the gateway is never one (recorded on 6.18)", async () => {
    const world = createCiliumWorld(2)
    const [node] = world.nodes as [Node]
    const mac = formatMac(node.net.device("cilium_host")?.address ?? 0)
    start(node.kernel, node.net, async () => {
      const socket = new UdpSocket(node.net)
      socket.bind(0, 4000)
      socket.send(new Uint8Array(8), ipv4("10.0.1.5"), 9)
      return 0
    })
    await world.sim.advance(1e9)
    expect(await shell(world, node, node.net, "ip neigh show dev cilium_host")).toBe("")
    expect(await shell(world, node, node.net, "ip neigh show dev cilium_host nud all")).toBe(
      `10.0.1.5 lladdr ${mac} NOARP \n`,
    )
    expect(trimmed(await shell(world, node, node.net, "ip route get 10.0.1.5"))).toEqual([
      "10.0.1.5 dev cilium_host src 10.0.0.227 uid 0",
      "    cache mtu 1450",
    ])
  })

  test("devices as ip prints them", async () => {
    const world = createCiliumWorld(1)
    const [node] = world.nodes as [Node]
    const net = (name: string): string => formatMac(node.net.device(name)?.address ?? 0)
    expect(trimmed(await shell(world, node, node.net, "ip addr show dev cilium_host"))).toEqual([
      "4: cilium_host@cilium_net: <BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000",
      `    link/ether ${net("cilium_host")} brd ff:ff:ff:ff:ff:ff`,
      "    inet 10.0.0.227/32 scope global cilium_host",
      "       valid_lft forever preferred_lft forever",
    ])
    expect(trimmed(await shell(world, node, node.net, "ip link show dev cilium_net"))[0]).toBe(
      "3: cilium_net@cilium_host: <BROADCAST,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000",
    )
    expect(trimmed(await shell(world, node, node.net, "ip link show dev cilium_vxlan"))[0]).toBe(
      "5: cilium_vxlan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000",
    )
  })

  test("programs by device and direction", () => {
    const world = createCiliumWorld(1)
    const [node] = world.nodes as [Node]
    const pod = addPod(world, node, 5, 5021)
    const hooks = node.net.devices.flatMap((dev) =>
      tcAttachments(dev).map(({ ingress, program }) => `${dev.name} ${ingress ? "in" : "out"} ${program.name}`),
    )
    expect(hooks).toEqual([
      "eth0 in cil_from_netdev",
      "cilium_net in cil_to_host",
      "cilium_host in cil_to_host",
      "cilium_host out cil_from_host",
      "cilium_vxlan in cil_from_overlay",
      "cilium_vxlan out cil_to_overlay",
      `${pod.lxc.name} in cil_from_container`,
    ])
    const ids = node.net.devices.flatMap(tcAttachments).map(({ program }) => program.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test("made twice is made once; what was taken away comes back", () => {
    const world = createCiliumWorld(1)
    const [node] = world.nodes as [Node]
    const options = {
      routerIp: node.routerIp,
      nodeIp: node.ip,
      localCidr: { address: ipv4("10.0.0.0"), length: 24 },
      uplinks: ["eth0"],
    }
    const routes = (): number => node.net.fib.routes.length
    const before = [routes(), node.net.devices.length]
    expect(node.datapath.base(options)).toBeUndefined()
    expect([routes(), node.net.devices.length]).toEqual(before)
    const overlay = node.net.device("cilium_vxlan")
    if (overlay !== undefined) linkDel(overlay)
    expect(node.datapath.base(options)).toBeUndefined()
    expect(node.net.device("cilium_vxlan")?.up).toBe(true)
    node.datapath.cleanup()
    expect(node.net.devices.map((dev) => dev.name)).toEqual(["lo", "eth0"])
    expect(node.net.devices.flatMap(tcAttachments)).toEqual([])
  })

  test("fails in the agent's words while Flannel's device holds the port, and leaves a device that is down", () => {
    const { kernel, net } = createWorld().machines[0]
    const datapath = new CiliumDatapath(kernel)
    const refused = datapath.base({
      routerIp: ipv4("10.0.0.227"),
      nodeIp: ipv4("192.168.80.103"),
      localCidr: { address: ipv4("10.0.0.0"), length: 24 },
      uplinks: ["enp0s8"],
    })
    expect(refused).toEqual({
      errno: "EADDRINUSE",
      message:
        "failed to setup vxlan tunnel device: setting up vxlan device: creating vxlan device cilium_vxlan: setting up device cilium_vxlan: address already in use",
    })
    expect(net.device("cilium_vxlan")?.operstate).toBe("DOWN")
    datapath.config = { ...datapath.config, tunnelPort: 8473 }
    const retried = datapath.base({
      routerIp: ipv4("10.0.0.227"),
      nodeIp: ipv4("192.168.80.103"),
      localCidr: { address: ipv4("10.0.0.0"), length: 24 },
      uplinks: ["enp0s8"],
    })
    expect(retried, "another port is free").toBeUndefined()
  })
})

test("the name of a pod's device is the hash of its attachment", () => {
  // printf 'abc:eth0' | sha256sum
  expect(hostInterfaceName("abc", "eth0")).toBe("lxcb133159de544")
})
