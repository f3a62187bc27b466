/** A datagram whose UDP header is the program's own: a raw socket of IPPROTO_UDP with IP_TRANSPARENT and IP_PKTINFO. Models net/ipv4/raw.c. */
import * as ipv4 from "../../wire/ipv4.ts"
import * as udp from "../../wire/udp.ts"
import type { Errno } from "../errno.ts"
import { ipQueueXmit } from "../ip/output.ts"
import { ipRouteOutput } from "../ip/route-output.ts"
import type { NetNamespace } from "../netns.ts"

export interface RawDatagram {
  /** Any address: ipi_spec_dst of a transparent socket. */
  readonly source: number
  readonly sourcePort: number
  readonly destination: number
  readonly destinationPort: number
  /** SO_MARK. */
  readonly mark: number
}

/** Sends it without a checksum: the kernel writes none into headers that are not its own. */
export function sendRawUdp(net: NetNamespace, datagram: RawDatagram, data: Uint8Array): Errno | undefined {
  const { source, sourcePort, destination, destinationPort, mark } = datagram
  const length = udp.LENGTH + data.length
  if (length > 65535 - ipv4.LENGTH) return "EMSGSIZE"
  const way = ipRouteOutput(net, destination, source, undefined, mark)
  if (typeof way === "string") return way
  const skb = net.kernel.arena.alloc(length)
  const at = skb.put(length)
  udp.emit(skb.view, at, sourcePort, destinationPort, length, 0)
  skb.arena.bytes.set(data, at + udp.LENGTH)
  ipQueueXmit(net, skb, way, {
    mark,
    source,
    destination,
    protocol: ipv4.IpProtocol.UDP,
    ttl: 0,
    tos: 0,
    df: true,
    id: undefined,
    ignoreDf: true,
  })
  return undefined
}
