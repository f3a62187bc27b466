/** A DNS server: sockets and a chain of plugins. Models coredns/core/dnsserver. */
import type { Errno } from "../../linux/errno.ts"
import { TcpListener, type TcpSocket } from "../../linux/inet/tcp-socket.ts"
import { UdpSocket } from "../../linux/inet/udp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import { formatIpv4 } from "../../wire/address.ts"
import { type DnsMessage, DnsType, dnsAnswer, emitDns, parseDns, Rcode } from "../../wire/dns.ts"
import type { Registry } from "../api/registry.ts"
import { cachePlugin } from "./cache.ts"
import { type Directive, PLUGINS, type ServerBlock, zoneAndPort } from "./corefile.ts"
import { forwardPlugin } from "./forward.ts"
import { kubernetesPlugin } from "./kubernetes.ts"
import { type DnsPlugin, type DnsRequest, inZone, type Next, servfail } from "./plugin.ts"
import { hostsPlugin, loadbalancePlugin, logPlugin } from "./small-plugins.ts"

/** What fits in a datagram when the client does not say otherwise (RFC 1035). */
const UDP_SIZE = 512

export interface Zone {
  readonly zone: string
  readonly port: number
  readonly serve: Next
}

/** The zones of all server blocks with their chains, or what is wrong. */
export function buildZones(proc: Process, registry: Registry, blocks: readonly ServerBlock[]): Zone[] | string {
  const zones: Zone[] = []
  for (const block of blocks) {
    const plugins: DnsPlugin[] = []
    for (const name of PLUGINS)
      for (const directive of block.plugins.filter((candidate) => candidate.name === name)) {
        const made = pluginOf(proc, registry, directive)
        if (typeof made === "string") return made
        if (made !== undefined) plugins.push(made)
      }
    const serve = chain(plugins)
    for (const text of block.zones) {
      const [zone, port] = zoneAndPort(text)
      zones.push({ zone, port, serve })
    }
  }
  return zones
}

/** A link of the chain; `undefined` for what does not look at queries. */
function pluginOf(proc: Process, registry: Registry, directive: Directive): DnsPlugin | string | undefined {
  switch (directive.name) {
    case "kubernetes":
      return kubernetesPlugin(registry, directive)
    case "forward":
      return forwardPlugin(proc, directive)
    case "cache":
      return cachePlugin(directive)
    case "hosts":
      return hostsPlugin(proc, directive)
    case "log":
      return directive.args.length + directive.block.length === 0
        ? logPlugin
        : "plugin/log: podwire does not support zones and classes"
    case "loadbalance":
      return loadbalancePlugin
    default:
      return undefined
  }
}

function chain(plugins: readonly DnsPlugin[]): Next {
  const from =
    (i: number): Next =>
    async (proc, request) =>
      plugins[i]?.serve(proc, request, from(i + 1)) ?? servfail(request)
  return from(0)
}

export class DnsServer {
  readonly #proc: Process
  readonly #zones: readonly Zone[]

  constructor(proc: Process, zones: readonly Zone[]) {
    this.#proc = proc
    this.#zones = [...zones].sort((a, b) => b.zone.length - a.zone.length)
  }

  /** Opens a port for datagrams and for connections, and serves it in processes of its own. */
  listen(port: number): Errno | undefined {
    const udp = new UdpSocket(this.#proc.net)
    const listener = TcpListener.listen(this.#proc.net, 0, port)
    const errno = typeof listener === "string" ? listener : udp.bind(0, port)
    if (errno !== undefined) return errno
    this.#thread((proc) => this.#datagrams(proc, udp, port))
    this.#thread((proc) => this.#connections(proc, listener as TcpListener, port))
    return undefined
  }

  #thread(main: (proc: Process) => Promise<void>, parent: Process = this.#proc): void {
    const child = parent.spawn(parent.argv, {
      tool: {
        name: "coredns",
        main: async (proc) => {
          await main(proc)
          return 0
        },
      },
    })
    if (typeof child !== "string") parent.children.delete(child)
  }

  async #datagrams(proc: Process, socket: UdpSocket, port: number): Promise<void> {
    for (;;) {
      const got = await socket.receiveFrom(proc)
      if (typeof got === "string") continue
      // Each query is a goroutine: one that asks elsewhere holds up nobody.
      this.#thread(async (worker) => {
        const client = `${formatIpv4(got.address)}:${got.port}`
        const reply = await this.#reply(worker, port, got.data, client, "udp")
        if (reply !== undefined) socket.send(reply, got.address, got.port)
      }, proc)
    }
  }

  async #connections(proc: Process, listener: TcpListener, port: number): Promise<void> {
    for (;;) {
      const socket = await listener.accept(proc)
      this.#thread((worker) => this.#stream(worker, socket, port), proc)
    }
  }

  /** Messages with their length in front (RFC 1035 section 4.2.2). */
  async #stream(proc: Process, socket: TcpSocket, port: number): Promise<void> {
    const client = `${formatIpv4(socket.remoteAddress)}:${socket.remotePort}`
    let pending = new Uint8Array(0)
    for (;;) {
      const data = await socket.read(proc, 65536, 10e9)
      if (typeof data === "string" || data.length === 0) break
      pending = Uint8Array.from([...pending, ...data])
      while (pending.length >= 2) {
        const size = ((pending[0] as number) << 8) | (pending[1] as number)
        if (pending.length < 2 + size) break
        const reply = await this.#reply(proc, port, pending.subarray(2, 2 + size), client, "tcp")
        pending = pending.slice(2 + size)
        if (reply !== undefined)
          await socket.write(proc, Uint8Array.from([reply.length >> 8, reply.length & 255, ...reply]))
      }
    }
    socket.close()
  }

  /** `undefined` for what is no query. */
  async #reply(
    proc: Process,
    port: number,
    data: Uint8Array,
    client: string,
    protocol: DnsRequest["protocol"],
  ): Promise<Uint8Array | undefined> {
    const query = parseDns(data)
    if (query === undefined || query.response) return undefined
    const answer = await this.#answer(proc, port, query, client, protocol, data.length)
    if (protocol === "tcp") return emitDns(answer)
    return truncate(answer, bufferSize(query))
  }

  async #answer(
    proc: Process,
    port: number,
    query: DnsMessage,
    client: string,
    protocol: DnsRequest["protocol"],
    size: number,
  ): Promise<DnsMessage> {
    const [question] = query.questions
    if (query.opcode !== 0) return dnsAnswer(query, { rcode: Rcode.NOTIMP })
    if (question === undefined) return dnsAnswer(query, { rcode: Rcode.FORMERR })
    const name = question.name.toLowerCase()
    const zone = this.#zones.find((candidate) => candidate.port === port && inZone(name, candidate.zone))
    if (zone === undefined) return dnsAnswer(query, { rcode: Rcode.REFUSED })
    const answer = await zone.serve(proc, { query, name, type: question.type, client, protocol, size })
    // The question goes back as it came, and answers are spelt as they were asked for.
    const spell = (record: DnsMessage["answers"][number]): DnsMessage["answers"][number] =>
      record.name === name ? { ...record, name: question.name } : record
    return { ...answer, id: query.id, questions: query.questions, answers: answer.answers.map(spell) }
  }
}

/** What the client can take (EDNS: the class field of OPT is not kept, so its presence stands for 1232). */
const bufferSize = (query: DnsMessage): number =>
  query.additional.some(({ type }) => type === DnsType.OPT) ? 1232 : UDP_SIZE

/** Leaves records out until the rest fits, and says so. */
function truncate(answer: DnsMessage, size: number): Uint8Array {
  let bytes = emitDns(answer)
  let cut = answer
  while (bytes.length > size && (cut.additional.length > 0 || cut.answers.length > 0)) {
    cut =
      cut.additional.length > 0
        ? { ...cut, additional: [] }
        : { ...cut, truncated: true, answers: cut.answers.slice(0, -1) }
    bytes = emitDns(cut)
  }
  return bytes
}
