/**
 * What is behind the machines' gateways: one kernel, with a namespace a network that has the gateway's address and those of the web's hosts.
 * Its programs start when the first packet for them comes, as inetd(8) starts them.
 */

import type { TcpSock } from "../../linux/inet/tcp-sock.ts"
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { TcpListenEndpoint } from "../../linux/inet/tcp-table.ts"
import { UdpSocket } from "../../linux/inet/udp-socket.ts"
import { Kernel } from "../../linux/kernel.ts"
import type { Segment } from "../../linux/link/segment.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { addrAdd } from "../../linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../linux/rtnetlink/link.ts"
import type { Arena, Skb } from "../../linux/skb.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { WEB_HOSTS } from "./hosts.ts"

/** A network's way out. */
export interface GatewaySpec {
  segment: Segment
  /** The gateway's own address, and that of the name server, where it is another. */
  addresses: readonly number[]
  prefixLength: number
  mac?: number
}

/** Builds the outside; every gateway is attached to its segment. */
export function createInternet(sim: Simulation, arena: Arena, gateways: readonly GatewaySpec[]): Kernel {
  const kernel = new Kernel(sim, { hostname: "internet", arena })
  for (const spec of gateways) attach(kernel, spec)
  return kernel
}

function attach(kernel: Kernel, { segment, addresses, prefixLength, mac }: GatewaySpec): void {
  const net = kernel.createNamespace(segment.name)
  linkUp(net.loopback)
  for (const address of WEB_HOSTS.values()) addrAdd(net.loopback, { address, prefixLength: 32 })
  const dev = linkAdd(net, { kind: "ethernet", name: "eth0", segment, ...(mac === undefined ? {} : { address: mac }) })
  if ("errno" in dev) throw new Error(`the gateway of ${segment.name}: ${dev.errno}`)
  linkUp(dev)
  for (const address of addresses) addrAdd(dev, { address, prefixLength })
  for (const port of [80, 443]) net.tcp.listen(new WebPort(net, port))
  new NamePort(net).open(addresses.at(-1) as number)
}

type Servers = typeof import("./serve.ts")

/** Starts one of the servers, whose code is loaded now if it is not there. */
function start(net: NetNamespace, name: string, serve: (servers: Servers, proc: Process) => Promise<number>): void {
  const main = async (proc: Process): Promise<number> => serve(await proc.task.load(() => import("./serve.ts")), proc)
  net.kernel.processes.run([name], { net, tool: { name, main } })
}

/** A port of the web, on all its hosts. */
class WebPort implements TcpListenEndpoint {
  readonly net: NetNamespace
  readonly address = 0
  readonly port: number
  readonly mark = 0
  readonly transparent = false

  constructor(net: NetNamespace, port: number) {
    this.net = net
    this.port = port
  }

  hasRoom(): boolean {
    return true
  }

  established(sock: TcpSock): void {
    start(this.net, "web", (servers, proc) => servers.serveWeb(proc, new TcpSocket(sock)))
  }
}

/** The name server's socket. */
class NamePort extends UdpSocket {
  #serving = false

  open(address: number): void {
    this.bind(address, 53)
  }

  override receive(skb: Skb): void {
    super.receive(skb)
    if (this.#serving) return
    this.#serving = true
    start(this.net, "names", (servers, proc) => servers.serveNames(proc, this))
  }
}
