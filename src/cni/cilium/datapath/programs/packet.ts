/** The packet a program looks at, taken apart. One object a data path: a program is done with it before the next one runs. */

import type { Skb } from "../../../../linux/skb.ts"
import * as ethernetHeader from "../../../../wire/ethernet.ts"
import * as icmpHeader from "../../../../wire/icmp.ts"
import * as ipv4Header from "../../../../wire/ipv4.ts"
import * as tcpHeader from "../../../../wire/tcp.ts"
import type { PacketTuple } from "../../monitor/event.ts"
import { Drop } from "../drop.ts"
import type { FragmentMap } from "../maps/fragment-map.ts"

// Copied: V8 compiles a module's own constants in, but fetches and checks an imported binding at every use.
const ethernet = { ...ethernetHeader }
const icmp = { ...icmpHeader }
const ipv4 = { ...ipv4Header }
const tcp = { ...tcpHeader }
const { ICMP, TCP, UDP } = ipv4.IpProtocol
const { ECHO, ECHO_REPLY, DEST_UNREACH, TIME_EXCEEDED, PARAMETER_PROBLEM } = icmp.IcmpType

const SCTP = 132

export class Packet {
  skb!: Skb
  source = 0
  destination = 0
  protocol = 0
  /** For ICMP echo the identifier stands in for the port of whoever asked. */
  sourcePort = 0
  destinationPort = 0
  tcpFlags = 0
  icmpType = 0
  icmpCode = 0
  /** An ICMP error about a connection. */
  related = false
  /** False for later fragments: there is no transport header. */
  hasL4 = true
  fragment = false
  /** Offsets in the arena: the IPv4 header, and what is behind it. */
  l3 = 0
  l4 = 0
  #portsRead = false

  /**
   * Reads a frame that stands at its Ethernet header, and gives it bytes of its own: programs rewrite headers. Returns 0, or why the packet
   * is malformed.
   */
  load(skb: Skb): number {
    skb.cow()
    this.skb = skb
    const view = skb.view
    const at = skb.data + ethernet.LENGTH
    if (skb.tail - at < ipv4.LENGTH) return Drop.INVALID
    this.l3 = at
    this.l4 = at + ipv4.headerLength(view, at)
    this.source = ipv4.source(view, at)
    this.destination = ipv4.destination(view, at)
    this.protocol = ipv4.protocol(view, at)
    const fragment = ipv4.flagsAndOffset(view, at)
    this.fragment = (fragment & (ipv4.IP_MF | ipv4.IP_OFFSET)) !== 0
    this.hasL4 = (fragment & ipv4.IP_OFFSET) === 0
    this.sourcePort = this.destinationPort = this.tcpFlags = this.icmpType = this.icmpCode = 0
    this.related = this.#portsRead = false
    return 0
  }

  /** A frame that is not IPv4: an event about it says nothing but its MAC addresses. */
  loadForeign(skb: Skb): void {
    this.skb = skb
    this.l3 = this.l4 = -1
    this.#portsRead = true
    this.source = this.destination = this.protocol = 0
    this.sourcePort = this.destinationPort = this.tcpFlags = this.icmpType = this.icmpCode = 0
  }

  /** Ports, or what stands in for them. Models ct_extract_ports4; 0 or a drop reason. */
  loadPorts(fragments: FragmentMap, sctp = false): number {
    this.#portsRead = true
    const { protocol, l4 } = this
    const { tail, view } = this.skb
    if (protocol === ICMP) return l4 + 8 > tail ? Drop.CT_INVALID_HDR : this.#loadIcmp(view, l4)
    if (protocol !== TCP && protocol !== UDP && !(sctp && protocol === SCTP)) return Drop.CT_UNKNOWN_PROTO
    if (this.hasL4) {
      if (l4 + 8 > tail) return Drop.CT_INVALID_HDR
      this.sourcePort = view.getUint16(l4)
      this.destinationPort = view.getUint16(l4 + 2)
      if (protocol === TCP) {
        if (l4 + 14 > tail) return Drop.CT_INVALID_HDR
        this.tcpFlags = tcp.flags(view, l4)
      }
    }
    return this.fragment ? fragments.ports(this, ipv4.id(view, this.l3)) : 0
  }

  #loadIcmp(view: DataView, at: number): number {
    const type = icmp.type(view, at)
    this.icmpType = type
    this.icmpCode = icmp.code(view, at)
    if (type === ECHO) this.sourcePort = icmp.echoId(view, at)
    else if (type === ECHO_REPLY) this.destinationPort = icmp.echoId(view, at)
    else this.related = type === DEST_UNREACH || type === TIME_EXCEEDED || type === PARAMETER_PROBLEM
    return 0
  }

  /** For an event: as the packet is now. */
  tuple(fragments: FragmentMap): PacketTuple {
    if (!this.#portsRead) this.loadPorts(fragments, true)
    const { skb, l3, protocol } = this
    const isIcmp = protocol === ICMP
    return {
      source: this.source,
      destination: this.destination,
      protocol,
      sourcePort: isIcmp ? 0 : this.sourcePort,
      destinationPort: isIcmp ? 0 : this.destinationPort,
      tcpFlags: this.tcpFlags,
      icmpType: this.icmpType,
      icmpCode: this.icmpCode,
      length: l3 < 0 ? 0 : ipv4.totalLength(skb.view, l3),
      sourceMac: ethernet.source(skb.view, skb.data),
      destinationMac: ethernet.destination(skb.view, skb.data),
    }
  }
}
