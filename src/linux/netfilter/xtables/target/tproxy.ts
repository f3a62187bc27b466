/** TPROXY: hands a packet to a socket of this machine whatever its destination. Models net/netfilter/xt_TPROXY.c. */
import { formatIpv4, parseIpv4 } from "../../../../wire/address.ts"
import * as ipv4 from "../../../../wire/ipv4.ts"
import type { TcpSock } from "../../../inet/tcp-sock.ts"
import type { TcpListenEndpoint } from "../../../inet/tcp-table.ts"
import type { UdpEndpoint } from "../../../inet/udp-table.ts"
import { NfHook } from "../../hook.ts"
import { misuse } from "../error.ts"
import { badInteger, hex, parseMarkMask, parseNumber, type TargetExtension } from "../extension.ts"
import type { XtPacket } from "../packet.ts"
import { XtVerdict } from "../rule.ts"

const { TCP, UDP } = ipv4.IpProtocol

export const TPROXY: TargetExtension = {
  name: "TPROXY",
  options: [{ name: "--on-port", mandatory: true }, { name: "--on-ip" }, { name: "--tproxy-mark" }],
  build(given, header) {
    const port = parseNumber(given.value("--on-port") ?? "", 65535)
    if (port === undefined) return badInteger(given, "--on-port")
    const onIp = given.value("--on-ip") ?? "0.0.0.0"
    const address = parseIpv4(onIp) ?? misuse(`host/network \`${onIp}' not found`)
    const { mark, mask } = given.has("--tproxy-mark") ? parseMarkMask(given, "--tproxy-mark") : { mark: 0, mask: 0 }
    const sound = (header.protocol === TCP || header.protocol === UDP) && !header.protocolInverted
    return {
      name: "TPROXY",
      save: ` --on-port ${port} --on-ip ${formatIpv4(address)} --tproxy-mark ${hex(mark)}/${hex(mask)}`,
      list: () => `TPROXY redirect ${formatIpv4(address)}:${port} mark ${hex(mark)}/${hex(mask)}`,
      hooks: sound ? 1 << NfHook.PRE_ROUTING : 0,
      tables: ["mangle"],
      apply(packet) {
        const socket = packet.protocol === TCP ? tcpTarget(packet, address, port) : udpTarget(packet, address, port)
        if (socket === undefined) return XtVerdict.DROP
        packet.skb.mark = ((packet.skb.mark & ~mask) ^ mark) >>> 0
        packet.skb.sk = socket
        return XtVerdict.ACCEPT
      },
    }
  },
}

/** The connection the packet belongs to, else the listener that is to get it; transparent sockets only. */
function tcpTarget(packet: XtPacket, address: number, port: number): TcpSock | TcpListenEndpoint | undefined {
  if (!packet.has(20)) return undefined
  const { net, skb } = packet
  const from = skb.view.getUint16(packet.transport)
  const to = skb.view.getUint16(packet.transport + 2)
  const established = net.tcp.connection(packet.destination, to, packet.source, from)
  if (established !== undefined) return established.transparent ? established : undefined
  const listener = net.tcp.listener(address || laddr(packet), port || to)
  return listener?.transparent === true ? listener : undefined
}

/** The connected socket the datagram belongs to, else the one that is to get it. Models nf_tproxy_get_sock_v4 for UDP. */
function udpTarget(packet: XtPacket, address: number, port: number): UdpEndpoint | undefined {
  if (!packet.has(8)) return undefined
  const { net, skb, source, destination } = packet
  const from = skb.view.getUint16(packet.transport)
  const to = skb.view.getUint16(packet.transport + 2)
  const own = net.udp.lookup(destination, to, source, from)
  if (own !== undefined && own.remotePort !== 0) return own.transparent ? own : undefined
  const bound = net.udp.lookup(address || laddr(packet), port || to, source, from)
  return bound?.transparent === true && bound.remotePort === 0 ? bound : undefined
}

/** Without --on-ip: the address of the device it came in by. Models nf_tproxy_laddr4. */
const laddr = (packet: XtPacket): number =>
  packet.input?.addresses.find((ifa) => !ifa.secondary)?.address ?? packet.destination
