/** Filters made up from the grammar, sound ones and nonsense, the same for the same seed. */
import { numbers } from "./mutate.ts"

export function randomFilters(seed: number, count: number): string[] {
  const random = numbers(seed)
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const address = (): string =>
    pick(["10.244.1.2", "10.244.2.2", "192.168.80.103", "10.244.1.1", "10.244", "10.244.1", "1.2.3.4"])
  const port = (): string => pick(["80", "8472", "http", "53", "81", "domain", "1000"])
  const direction = (): string => pick(["", "", "src ", "dst ", "src or dst ", "src and dst "])
  const transport = (): string => pick(["", "", "tcp ", "udp ", "sctp ", "icmp "])
  const value = (): string =>
    pick(["0", "1", "2", "5", "6", "8", "17", "64", "80", "0x10", "tcp-syn", "icmp-echo", "100"])
  const field = (): string => {
    const protocol = pick(["ip", "tcp", "udp", "icmp", "ether", "arp", "ip6"])
    return `${protocol}[${pick(["0", "1", "2", "6", "8", "9", "12", "13", "tcpflags", "20"])}${pick(["", "", ":2", ":4", ":1"])}]`
  }
  const arithmetic = (depth: number): string => {
    if (depth <= 0 || random(3) === 0) return random(3) === 0 ? pick([value(), "len"]) : field()
    const inner = `${arithmetic(depth - 1)} ${pick(["&", "|", "^", "+", "-", "*", "/", "%", "<<", ">>"])} ${arithmetic(depth - 1)}`
    return random(2) === 0 ? `(${inner})` : inner
  }
  const primitive = (): string => {
    switch (random(14)) {
      case 0:
        return pick([
          "ip",
          "arp",
          "tcp",
          "udp",
          "icmp",
          "ip6",
          "rarp",
          "sctp",
          "igmp",
          "broadcast",
          "ip multicast",
          "multicast",
        ])
      case 1:
      case 2:
        return `${pick(["", "", "ip ", "arp "])}${direction()}host ${pick(["10.244.1.2", "10.244.2.2", "192.168.80.105"])}`
      case 3:
        return `${direction()}net ${pick(["10.244.0.0/16", "10.244.1.0/24", "192.168.80.0/24", "10", address()])}`
      case 4:
      case 5:
        return `${transport()}${direction()}port ${port()}`
      case 6:
        return `${direction()}portrange ${pick(["80-90", "1-1000", "http-https", "9000-8000"])}`
      case 7:
        return `ether ${pick(["", "src ", "dst ", "host "])}${pick(["26:1f:d2:c5:65:4e", "ff:ff:ff:ff:ff:ff"])}`
      case 8:
        return `${pick(["ip ", "ip6 ", "ether ", ""])}proto ${pick(["6", "17", "\\tcp", "\\udp", "\\icmp", "0x800"])}`
      case 9:
        return `${pick(["greater", "less"])} ${pick(["60", "100", "98", "42"])}`
      case 10:
        return `${direction().trim() || "host"} ${address()}`
      case 11:
        return random(4) === 0 ? "vlan" : address()
      default:
        return `${arithmetic(2)} ${pick(["=", "!=", ">", "<", ">=", "<="])} ${random(2) === 0 ? value() : arithmetic(1)}`
    }
  }
  const expression = (depth: number): string => {
    if (depth <= 0 || random(3) === 0) return primitive()
    const one = expression(depth - 1)
    switch (random(6)) {
      case 0:
        return `not ${one}`
      case 1:
        return `(${one})`
      case 2:
        return `${one} or ${expression(depth - 1)}`
      case 3:
        return `${one} and not ${expression(depth - 1)}`
      default:
        return `${one} ${pick(["and", "or", "&&", "||"])} ${expression(depth - 1)}`
    }
  }
  return [...Array(count).keys()].map(() => expression(3))
}
