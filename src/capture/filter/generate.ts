/** Primitives as tests. Models gencode.c: the same checks in the same order, so that short packets fall out at the same reads. */
import { fail } from "./error.ts"
import type { Link, Packet, Value } from "./packet.ts"
import { and, byte, equal, half, known, opaque, or, type Test, word } from "./test.ts"

export type Direction = "src" | "dst" | "or" | "and" | undefined
/** `undefined` stands for "ip or ip6", "tcp, udp or sctp", "ip, arp or rarp". */
export type Protocol = string | undefined

const IP = 0x0800
const ARP = 0x0806
const RARP = 0x8035
const IP6 = 0x86dd
const LENGTH_MAX = 1500
const FRAGMENT_HEADER = 44
export const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  igrp: 9,
  udp: 17,
  esp: 50,
  ah: 51,
  icmp6: 58,
  pim: 103,
  vrrp: 112,
  carp: 112,
  sctp: 132,
}
const PORTED = ["tcp", "udp", "sctp"] as const
const IP_ONLY: readonly string[] = ["icmp", "igmp", "igrp", "vrrp", "carp"]

/** The primitives of one link; `vlan` moves it along. */
export class Generator {
  readonly link: Link
  /** Bytes of VLAN tags in front of what follows. */
  #tags = 0

  constructor(link: Link) {
    this.link = link
  }

  get payload(): number {
    return this.link.payload + this.#tags
  }

  /** The link says that its payload is of this type. */
  linkType(type: number): Test {
    const { link, payload } = this
    if (link.name === "ipv4") return known(type === IP)
    if (link.type === undefined) {
      const version = type === IP ? 4 : type === IP6 ? 6 : undefined
      return version === undefined ? known(false) : equal(`v${payload}`, version, (p) => p.u8(payload) >> 4)
    }
    const at = link.type + this.#tags
    // Below 1536 the field is a length, and an LLC header follows.
    if (type <= LENGTH_MAX) return opaque((p) => p.u16(at) <= LENGTH_MAX && p.u8(at + 2) === type)
    return half(at, type)
  }

  /** `ip proto 6`, `ether proto 0x806`, `proto 6`. */
  proto(number: number, protocol: Protocol, direction: Direction): Test {
    if (direction !== undefined) fail("direction applied to 'proto'")
    const { payload } = this
    switch (protocol) {
      case undefined:
        return or(this.proto(number, "ip", undefined), this.proto(number, "ip6", undefined))
      case "ether":
        return this.linkType(number)
      case "ip":
        return and(this.linkType(IP), byte(payload + 9, number))
      case "ip6":
        return and(
          this.linkType(IP6),
          or(byte(payload + 6, number), and(byte(payload + 6, FRAGMENT_HEADER), byte(payload + 40, number))),
        )
      case "arp":
      case "rarp":
        return fail(`${protocol} does not encapsulate another protocol`)
      default:
        return fail(`'${protocol} proto' is bogus`)
    }
  }

  /** A protocol by its name alone. */
  abbreviation(protocol: string): Test {
    if (protocol === "ip") return this.linkType(IP)
    if (protocol === "arp") return this.linkType(ARP)
    if (protocol === "rarp") return this.linkType(RARP)
    if (protocol === "ip6") return this.linkType(IP6)
    if (protocol === "ether") return fail("link layer applied in wrong context")
    const over = IP_ONLY.includes(protocol) ? "ip" : protocol === "icmp6" ? "ip6" : undefined
    return this.proto(IP_PROTOCOLS[protocol] as number, over, undefined)
  }

  /** An IPv4 address or network. */
  host(address: number, mask: number, protocol: Protocol, direction: Direction, kind: "host" | "net"): Test {
    switch (protocol) {
      case undefined:
        return or(
          or(this.#address(address, mask, direction, IP, 12, 16), this.#address(address, mask, direction, ARP, 14, 24)),
          this.#address(address, mask, direction, RARP, 14, 24),
        )
      case "ip":
        return this.#address(address, mask, direction, IP, 12, 16)
      case "arp":
        return this.#address(address, mask, direction, ARP, 14, 24)
      case "rarp":
        return this.#address(address, mask, direction, RARP, 14, 24)
      case "ether":
        return fail(`link-layer modifier applied to ${kind}`)
      case "ip6":
        return fail("'ip6' modifier applied to ip host")
      default:
        return fail(`'${protocol}' modifier applied to ${kind}`)
    }
  }

  #address(
    address: number,
    mask: number,
    direction: Direction,
    type: number,
    source: number,
    destination: number,
  ): Test {
    const { payload } = this
    const at = (offset: number): Test => {
      const isType = this.linkType(type)
      return and(isType, word(payload + offset, address, mask))
    }
    return directed(
      direction,
      () => at(source),
      () => at(destination),
    )
  }

  etherHost(mac: number, direction: Direction): Test {
    if (this.link.name !== "ethernet")
      fail("ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel")
    const high = Math.floor(mac / 0x1_0000_0000)
    const low = mac >>> 0
    const at = (offset: number): Test => and(word(offset + 2, low), half(offset, high))
    return directed(
      direction,
      () => at(6),
      () => at(0),
    )
  }

  /** Ports from `low` to `high`, of one transport or of all three, over IPv6 and IPv4. */
  ports(low: number, high: number, protocol: Protocol, direction: Direction): Test {
    const [from, to] = low > high ? [high, low] : [low, high]
    const transports = protocol === undefined ? PORTED : [protocol]
    const over = (test: (number: number) => Test): Test => {
      // sctp is asked first, then tcp, then udp.
      const tests = transports.map((name) => test(IP_PROTOCOLS[name] as number))
      const [tcp, udp, sctp] = tests as [Test, Test | undefined, Test | undefined]
      return udp === undefined || sctp === undefined ? tcp : or(sctp, or(tcp, udp))
    }
    const { payload } = this
    const port = (key: string, read: Value): Test =>
      from === to
        ? equal(key, from, read)
        : opaque((p) => {
            const value = read(p)
            return value >= from && value <= to
          })
    const four = (number: number): Test =>
      and(
        and(byte(payload + 9, number), this.#unfragmented()),
        directed(
          direction,
          () => port("source", (p) => p.u16(this.#transport(p, payload))),
          () => port("destination", (p) => p.u16(this.#transport(p, payload) + 2)),
        ),
      )
    const six = (number: number): Test =>
      and(
        byte(payload + 6, number),
        directed(
          direction,
          () => port("source6", (p) => p.u16(payload + 40)),
          () => port("destination6", (p) => p.u16(payload + 42)),
        ),
      )
    return or(and(this.linkType(IP6), over(six)), and(this.linkType(IP), over(four)))
  }

  /** Only the first fragment has the transport's header. */
  #unfragmented(): Test {
    const { payload } = this
    return equal(`fragment${payload}`, 0, (p) => p.u16(payload + 6) & 0x1fff)
  }

  #transport(p: Packet, payload: number): number {
    return payload + (p.u8(payload) & 15) * 4
  }

  /** `tcp[13]`: the check that the packet has the protocol, and the byte, half-word or word at an offset. */
  load(protocol: string, offset: Value, size: number): { check: Test | undefined; value: Value } {
    const read = (p: Packet, at: number): number => (size === 1 ? p.u8(at) : size === 2 ? p.u16(at) : p.u32(at))
    if (![1, 2, 4].includes(size)) fail("data size must be 1, 2, or 4")
    const { payload } = this
    // Offsets are added in 32 bits, as the index register is.
    const from = (base: number, p: Packet): number => (base + offset(p)) % 0x1_0000_0000
    if (protocol === "ether") {
      if (this.link.name === "cooked") fail("podwire's filters do not look into the header of a cooked capture")
      return { check: undefined, value: (p) => read(p, from(0, p)) }
    }
    if (protocol === "icmp6")
      return {
        check: and(this.linkType(IP6), byte(payload + 6, 58)),
        value: (p) => read(p, from(payload + 40, p)),
      }
    if (["ip", "ip6", "arp", "rarp"].includes(protocol))
      return { check: this.abbreviation(protocol), value: (p) => read(p, from(payload, p)) }
    if (protocol === "ah" || protocol === "esp") fail("unsupported index operation")
    return {
      check: and(this.linkType(IP), and(this.abbreviation(protocol), this.#unfragmented())),
      value: (p) => read(p, from(this.#transport(p, payload), p)),
    }
  }

  broadcast(protocol: Protocol): Test {
    if (protocol === undefined || protocol === "ether")
      return this.link.name === "ethernet" ? this.etherHost(0xffff_ffff_ffff, "dst") : fail("not a broadcast link")
    if (protocol !== "ip") return fail("only link-layer/IP broadcast filters supported")
    // tcpdump gives no netmask: only the addresses of all zeros and all ones are broadcasts.
    const at = this.payload + 16
    return and(this.linkType(IP), or(word(at, 0), word(at, 0xffffffff)))
  }

  multicast(protocol: Protocol): Test {
    const { payload } = this
    if ((protocol === undefined || protocol === "ether") && this.link.name === "ethernet")
      return opaque((p) => (p.u8(0) & 1) !== 0)
    if (protocol === "ip")
      return and(
        this.linkType(IP),
        opaque((p) => p.u8(payload + 16) >= 224),
      )
    if (protocol === "ip6") return and(this.linkType(IP6), byte(payload + 24, 255))
    return fail(
      "link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel",
    )
  }

  outbound(): Test {
    const { link } = this
    if (link.name === "sll2") return byte(10, 4)
    if (!link.live) fail(`inbound/outbound not supported on ${link.description} when reading savefiles`)
    return opaque((p) => p.outgoing)
  }

  ifindex(number: number): Test {
    const { link } = this
    if (link.name === "sll2") return word(4, number)
    if (!link.live) fail(`ifindex not supported on ${link.description} when reading savefiles`)
    return opaque((p) => p.ifindex === number)
  }

  /** The frame has a tag; what follows in the filter looks behind it. */
  vlan(number: number | undefined): Test {
    if (this.link.name !== "ethernet") fail(`no VLAN support for ${this.link.description}`)
    if (number !== undefined && number > 0xfff) fail(`VLAN tag ${number} greater than maximum 4095`)
    const tagged = [0x8100, 0x88a8, 0x9100].map((type) => this.linkType(type)).reduce(or)
    const { payload } = this
    this.#tags += 4
    return number === undefined
      ? tagged
      : and(
          tagged,
          equal(`tag${payload}`, number, (p) => p.u16(payload) & 0xfff),
        )
  }
}

/** Source and destination tests joined as the direction says; either one without a direction. */
function directed(direction: Direction, source: () => Test, destination: () => Test): Test {
  if (direction === "src") return source()
  if (direction === "dst") return destination()
  return direction === "and" ? and(source(), destination()) : or(source(), destination())
}
