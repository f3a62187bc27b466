/** The DNS proxy: part of the agent, on a port of 127.0.0.1 that redirected queries are handed to. Models pkg/fqdn/dnsproxy. */
import { TcpListener, type TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import { sendRawUdp } from "../../../linux/inet/udp-raw.ts"
import { type Datagram, UdpSocket } from "../../../linux/inet/udp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { defineTool } from "../../../shell/tool.ts"
import { ipv4 } from "../../../wire/address.ts"
import { parseDns } from "../../../wire/dns.ts"
import { IpProtocol } from "../../../wire/ipv4.ts"
import type { Agent } from "../agent/agent.ts"
import { Mark } from "../datapath/mark.ts"
import { type Asking, DnsJudge, FORWARD_TIMEOUT } from "./judge.ts"
import { SharedClients } from "./shared-client.ts"
import { serveTcp } from "./tcp.ts"

const LOCALHOST = ipv4("127.0.0.1")

/** Listens for UDP and TCP, as children of the agent's program; ends with it. */
export function startDnsProxy(proc: Process, agent: Agent): void {
  const { port } = agent.datapath.proxyPorts.register(false, "dns")
  const proxy = new DnsProxy(new DnsJudge(agent, port))
  child(proc, (own) => proxy.serveUdp(own, port))
  child(proc, (own) => proxy.serveTcp(own, port))
}

/** Runs beside its parent, which does not wait for it. */
function child(proc: Process, main: (own: Process) => Promise<number>): void {
  const tool = defineTool(`${proc.argv[0] ?? ""} [dns]`, main)
  const started = proc.spawn([tool.name], { tool })
  if (typeof started !== "string") proc.children.delete(started)
}

class DnsProxy {
  readonly #judge: DnsJudge
  readonly #clients = new SharedClients()

  constructor(judge: DnsJudge) {
    this.#judge = judge
  }

  async serveUdp(proc: Process, port: number): Promise<number> {
    const socket = new UdpSocket(proc.net, { transparent: true, originalDestination: true, mark: Mark.PROXY_EGRESS })
    if (socket.bind(LOCALHOST, port) !== undefined) return 1
    try {
      for (;;) {
        const got = await socket.receiveFrom(proc)
        if (typeof got !== "string" && got.original !== undefined) child(proc, (own) => this.#answer(own, got))
      }
    } finally {
      socket.close()
    }
  }

  async #answer(proc: Process, { data, address, port, original }: Datagram): Promise<number> {
    const query = parseDns(data)
    if (query === undefined || query.response || original === undefined) return 0
    const asking: Asking = {
      client: address,
      clientPort: port,
      server: original.address,
      serverPort: original.port,
      protocol: IpProtocol.UDP,
    }
    const own = this.#judge.request(asking, query)
    if (own !== undefined) return reply(proc, asking, own)
    const { bytes, id } = this.#judge.forward(data)
    const got = await this.#clients.exchange(proc, this.#judge.way(asking), bytes, id, FORWARD_TIMEOUT)
    if (typeof got !== "string") return reply(proc, asking, this.#judge.response(asking, query, got.message, got.bytes))
    const refusal = this.#judge.failed(asking, query)
    // Who got no answer in time is not told so: the client's own patience decides.
    return got === "ETIMEDOUT" ? 0 : reply(proc, asking, refusal)
  }

  async serveTcp(proc: Process, port: number): Promise<number> {
    const listener = TcpListener.listen(proc.net, LOCALHOST, port, { transparent: true, mark: Mark.PROXY_EGRESS })
    if (typeof listener === "string") return 1
    try {
      for (;;) {
        const socket: TcpSocket = await listener.accept(proc)
        child(proc, (own) => serveTcp(own, socket, this.#judge))
      }
    } finally {
      listener.close()
    }
  }
}

/** As if the server said it. */
function reply(proc: Process, { client, clientPort, server, serverPort }: Asking, data: Uint8Array): number {
  const datagram = { source: server, sourcePort: serverPort, destination: client, destinationPort: clientPort }
  return sendRawUdp(proc.net, { ...datagram, mark: Mark.PROXY_EGRESS }, data) === undefined ? 0 : 1
}
