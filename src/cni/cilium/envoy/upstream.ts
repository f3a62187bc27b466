/** The proxy's own connection to where the client wanted to go. Models Envoy's ORIGINAL_DST cluster and PROXY:cilium/bpf_metadata.cc. */
import type { Errno } from "../../../linux/errno.ts"
import { TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { MessageStream } from "./message.ts"
import type { ProxyListener, ProxyMaps } from "./xds.ts"

/** MARK_MAGIC_PROXY_INGRESS and _EGRESS: the client's identity rides in the upper half. */
const FROM_INGRESS_PROXY = 0x0a00
const FROM_EGRESS_PROXY = 0x0b00
/** Cilium's clusters give up connecting after 2 s (proxy-connect-timeout). */
const CONNECT_TIMEOUT = 2e9

export interface Redirected {
  readonly client: number
  readonly clientPort: number
  readonly server: number
  readonly serverPort: number
  readonly clientIdentity: number
}

/** The mark the proxy's packets carry, so that programs know whose they are. */
export const proxyMark = (ingress: boolean, identity: number): number =>
  ((((identity & 0xffff) << 16) | (ingress ? FROM_INGRESS_PROXY : FROM_EGRESS_PROXY)) >>> 0) | 0

/** Connects on behalf of the client; keeps the connection while the client's lives. */
export class Upstream {
  readonly #proc: Process
  readonly #listener: ProxyListener
  readonly #maps: ProxyMaps
  readonly #flow: Redirected
  #stream: MessageStream | undefined

  constructor(proc: Process, listener: ProxyListener, maps: ProxyMaps, flow: Redirected) {
    this.#proc = proc
    this.#listener = listener
    this.#maps = maps
    this.#flow = flow
  }

  /** The open connection, or a new one. */
  async open(): Promise<MessageStream | Errno> {
    const held = this.#stream
    if (held !== undefined && held.socket.sock.error === undefined && !held.socket.sock.peerClosed) return held
    this.close()
    const socket = await dialUpstream(this.#proc, this.#listener, this.#maps, this.#flow)
    if (typeof socket === "string") return socket
    this.#stream = new MessageStream(this.#proc, socket)
    return this.#stream
  }

  close(): void {
    this.#stream?.socket.close()
    this.#stream = undefined
  }
}

/** A connection to where the client wanted to go. */
export async function dialUpstream(
  proc: Process,
  listener: ProxyListener,
  maps: ProxyMaps,
  flow: Redirected,
): Promise<TcpSocket | Errno> {
  const socket = await TcpSocket.connect(proc, flow.server, flow.serverPort, {
    timeout: CONNECT_TIMEOUT,
    mark: proxyMark(listener.ingress, flow.clientIdentity),
    ...sourceOf(listener, maps, flow),
  })
  if (typeof socket !== "string") socket.sock.noDelay = true
  return socket
}

/** A pod of this node sees the router; everybody else the pod that asks, on its own port. */
function sourceOf(
  { ingress }: ProxyListener,
  maps: ProxyMaps,
  { client, clientPort, server }: Redirected,
): { source: number; sourcePort?: number; transparent?: boolean } {
  if (ingress || maps.endpoint(server) !== undefined) return { source: maps.routerAddress }
  return { source: client, sourcePort: clientPort, transparent: true }
}

/** Who wanted to talk to whom: the socket is transparent, its own address is where the client wanted to go. */
export const flowOf = ({ sock }: TcpSocket, maps: ProxyMaps): Redirected => ({
  client: sock.remoteAddress,
  clientPort: sock.remotePort,
  server: sock.localAddress,
  serverPort: sock.localPort,
  clientIdentity: maps.identity(sock.remoteAddress),
})
