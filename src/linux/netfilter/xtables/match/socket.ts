/** -m socket: packets of a socket on this machine. Models net/netfilter/xt_socket.c. */
import * as ipv4 from "../../../../wire/ipv4.ts"
import { NfHook } from "../../hook.ts"
import type { MatchExtension } from "../extension.ts"
import type { XtPacket } from "../packet.ts"

const { TCP, UDP } = ipv4.IpProtocol
const HOOKS = (1 << NfHook.PRE_ROUTING) | (1 << NfHook.LOCAL_IN)

export const socket: MatchExtension = {
  name: "socket",
  options: [
    { name: "--transparent", args: 0 },
    { name: "--nowildcard", args: 0 },
    { name: "--restore-skmark", args: 0 },
  ],
  build(given) {
    const transparent = given.has("--transparent")
    const nowildcard = given.has("--nowildcard")
    const restore = given.has("--restore-skmark")
    const names = ["--transparent", "--nowildcard", "--restore-skmark"].filter((name) => given.has(name))
    return {
      name: "socket",
      save: names.map((name) => ` ${name}`).join(""),
      list: () => ["socket", ...names].join(" "),
      hooks: HOOKS,
      matches(packet) {
        const found = socketOf(packet)
        if (found === undefined) return false
        // A listener on any address is no proof that somebody wants this very packet.
        if (!nowildcard && found.wildcard) return false
        if (transparent && !found.transparent) return false
        if (restore) packet.skb.mark = found.mark
        return true
      },
    }
  },
}

interface Found {
  readonly wildcard: boolean
  readonly transparent: boolean
  readonly mark: number
}

/** A connection first, then who listens. Models nf_sk_lookup_slow_v4. */
function socketOf(packet: XtPacket): Found | undefined {
  if (!packet.has(4)) return undefined
  const { net, skb, source, destination } = packet
  const from = skb.view.getUint16(packet.transport)
  const to = skb.view.getUint16(packet.transport + 2)
  if (packet.protocol === UDP) {
    const found = net.udp.lookup(destination, to, source, from)
    if (found === undefined) return undefined
    return { wildcard: found.localAddress === 0, transparent: found.transparent, mark: found.mark }
  }
  if (packet.protocol !== TCP) return undefined
  const connection = net.tcp.connection(destination, to, source, from)
  if (connection !== undefined) return { wildcard: false, transparent: connection.transparent, mark: connection.mark }
  const listener = net.tcp.listener(destination, to)
  if (listener === undefined) return undefined
  return { wildcard: listener.address === 0, transparent: listener.transparent, mark: listener.mark }
}
