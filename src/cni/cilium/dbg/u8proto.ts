/** Protocols by the names Cilium's tables use. Models pkg/u8proto. */
const NAMES: Readonly<Record<number, string>> = {
  0: "ANY",
  1: "ICMP",
  2: "IGMP",
  6: "TCP",
  17: "UDP",
  58: "ICMPv6",
  112: "VRRP",
  132: "SCTP",
}

export const protocolName = (protocol: number): string => NAMES[protocol] ?? String(protocol)
