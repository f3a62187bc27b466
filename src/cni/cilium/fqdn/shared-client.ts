/**
 * The proxy's own question to a server, in its client's name. Queries from one port of a client to one server share a socket: it has the
 * client's address and port, and can be there only once. Models miekg/dns SharedClient of pkg/fqdn/dnsproxy.
 */
import type { Errno } from "../../../linux/errno.ts"
import { UdpSocket } from "../../../linux/inet/udp-socket.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import type { Skb } from "../../../linux/skb.ts"
import type { Process } from "../../../linux/task/process.ts"
import { WaitQueue } from "../../../sim/task.ts"
import { type DnsMessage, parseDns } from "../../../wire/dns.ts"
import * as udp from "../../../wire/udp.ts"

export interface Way {
  /** 0: the machine's own address and a port of its choice. */
  readonly source: number
  readonly sourcePort: number
  readonly server: number
  readonly serverPort: number
  readonly mark: number
}

interface Waiting {
  readonly id: number
  readonly arrived: WaitQueue
  answer: { bytes: Uint8Array; message: DnsMessage } | Errno | undefined
}

class ClientSocket extends UdpSocket {
  readonly waiting = new Set<Waiting>()

  constructor(net: NetNamespace, mark: number) {
    super(net, { mark, transparent: true, reuse: true })
  }

  override receive(skb: Skb): void {
    const bytes = skb.arena.copyOut(skb.data + udp.LENGTH, skb.tail)
    skb.free()
    const message = parseDns(bytes)
    if (message?.response !== true) return
    for (const one of this.waiting) if (one.id === message.id) this.#tell(one, { bytes, message })
  }

  override error(errno: Errno): void {
    for (const one of this.waiting) this.#tell(one, errno)
  }

  #tell(one: Waiting, answer: Waiting["answer"]): void {
    one.answer ??= answer
    one.arrived.wake()
  }
}

export class SharedClients {
  readonly #sockets = new Map<string, ClientSocket>()

  /** The answer as it came, or why there is none: ETIMEDOUT after `timeout` nanoseconds. */
  async exchange(
    proc: Process,
    way: Way,
    query: Uint8Array,
    id: number,
    timeout: number,
  ): Promise<{ bytes: Uint8Array; message: DnsMessage } | Errno> {
    const key = way.source === 0 ? undefined : `${way.source}:${way.sourcePort} ${way.server}:${way.serverPort}`
    const socket = this.#open(proc.net, way, key)
    if (typeof socket === "string") return socket
    const one: Waiting = { id, arrived: new WaitQueue(), answer: undefined }
    socket.waiting.add(one)
    try {
      const refused = socket.send(query)
      if (refused !== undefined) return refused
      if (one.answer === undefined) await proc.task.wait(one.arrived, timeout)
      return one.answer ?? "ETIMEDOUT"
    } finally {
      socket.waiting.delete(one)
      if (socket.waiting.size === 0) {
        socket.close()
        if (key !== undefined) this.#sockets.delete(key)
      }
    }
  }

  #open(net: NetNamespace, way: Way, key: string | undefined): ClientSocket | Errno {
    const known = key === undefined ? undefined : this.#sockets.get(key)
    if (known !== undefined) return known
    const socket = new ClientSocket(net, way.mark)
    const refused =
      (way.source === 0 ? undefined : socket.bind(way.source, way.sourcePort)) ??
      socket.connect(way.server, way.serverPort)
    if (refused !== undefined) {
      socket.close()
      return refused
    }
    if (key !== undefined) this.#sockets.set(key, socket)
    return socket
  }
}
