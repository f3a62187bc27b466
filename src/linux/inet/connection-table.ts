/** The connections of a namespace by their four numbers. Models the ehash of net/ipv4/inet_hashtables.c. */
import { mix } from "../ip/ident.ts"
import { NumberMap } from "../number-map.ts"
import type { TcpSock } from "./tcp-sock.ts"

export class ConnectionTable {
  /** By both ports and a hash of both addresses; who shares all that hangs on a chain. A text of the four for a key costs more than a segment. */
  readonly #heads = new NumberMap<TcpSock>()

  get(local: number, localPort: number, remote: number, remotePort: number): TcpSock | undefined {
    let sock = this.#heads.get(keyOf(local, localPort, remote, remotePort))
    while (sock !== undefined && (sock.localAddress !== local || sock.remoteAddress !== remote)) sock = sock.chained
    return sock
  }

  add(sock: TcpSock): void {
    const key = keyOf(sock.localAddress, sock.localPort, sock.remoteAddress, sock.remotePort)
    sock.chained = undefined
    let last = this.#heads.get(key)
    if (last === undefined) {
      this.#heads.set(key, sock)
      return
    }
    while (last.chained !== undefined) last = last.chained
    last.chained = sock
  }

  /** Nothing happens when another, or nobody, has the four numbers by now. */
  delete(sock: TcpSock): void {
    const key = keyOf(sock.localAddress, sock.localPort, sock.remoteAddress, sock.remotePort)
    let before = this.#heads.get(key)
    if (before === sock) {
      if (sock.chained === undefined) this.#heads.delete(key)
      else this.#heads.set(key, sock.chained)
      return
    }
    while (before !== undefined && before.chained !== sock) before = before.chained
    if (before !== undefined) before.chained = sock.chained
  }

  /** In order of birth. */
  *values(): IterableIterator<TcpSock> {
    for (const head of this.#heads.values())
      for (let sock: TcpSock | undefined = head; sock !== undefined; sock = sock.chained) yield sock
  }
}

function keyOf(local: number, localPort: number, remote: number, remotePort: number): number {
  return (mix(mix(0, local), remote) >>> 11) * 0x1_0000_0000 + localPort * 0x1_0000 + remotePort
}
