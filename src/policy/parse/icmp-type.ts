/** ICMP types by number or by name. Models pkg/policy/api/icmp.go. */

const IPV4: Readonly<Record<string, number>> = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Redirect: 5,
  Echo: 8,
  EchoRequest: 8,
  RouterAdvertisement: 9,
  RouterSelection: 10,
  TimeExceeded: 11,
  ParameterProblem: 12,
  Timestamp: 13,
  TimestampReply: 14,
  Photuris: 40,
  ExtendedEchoRequest: 42,
  "ExtendedEcho Reply": 43,
}

const IPV6: Readonly<Record<string, number>> = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
  MulticastListenerQuery: 130,
  MulticastListenerReport: 131,
  MulticastListenerDone: 132,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighborSolicitation: 135,
  NeighborAdvertisement: 136,
  RedirectMessage: 137,
  RouterRenumbering: 138,
  ICMPNodeInformationQuery: 139,
  ICMPNodeInformationResponse: 140,
  InverseNeighborDiscoverySolicitation: 141,
  InverseNeighborDiscoveryAdvertisement: 142,
  HomeAgentAddressDiscoveryRequest: 144,
  HomeAgentAddressDiscoveryReply: 145,
  MobilePrefixSolicitation: 146,
  MobilePrefixAdvertisement: 147,
  DuplicateAddressRequestCodeSuffix: 157,
  DuplicateAddressConfirmationCodeSuffix: 158,
  ExtendedEchoRequest: 160,
  ExtendedEchoReply: 161,
}

export function icmpType(family: string, type: string | number | undefined): number | undefined {
  if (type === undefined || type === null) return 0
  if (typeof type === "number") return type
  if (/^[0-9]+$/.test(type)) return Number(type)
  const names = family === "IPv6" ? IPV6 : IPV4
  return Object.hasOwn(names, type) ? names[type] : undefined
}

/** Found while decoding, so the family is as written, even if that is not at all. */
export function icmpTypeError(family: string, type: string | number | undefined): string | undefined {
  if (icmpType(family, type) !== undefined) return undefined
  return `ICMP type ${type} not found in ${family}`
}
