/** One tracked connection. Models include/net/netfilter/nf_conntrack.h struct nf_conn. */

/** How a packet belongs to its connection. Models enum ip_conntrack_info; from IS_REPLY on it goes in the reply's direction. */
export const CtInfo = {
  ESTABLISHED: 0,
  RELATED: 1,
  NEW: 2,
  IS_REPLY: 3,
  ESTABLISHED_REPLY: 3,
  RELATED_REPLY: 4,
  UNTRACKED: 7,
} as const

/** Models enum ip_conntrack_status. */
export const CtStatus = {
  EXPECTED: 1,
  SEEN_REPLY: 2,
  ASSURED: 4,
  CONFIRMED: 8,
  SRC_NAT: 16,
  DST_NAT: 32,
  SEQ_ADJUST: 64,
  SRC_NAT_DONE: 128,
  DST_NAT_DONE: 256,
  DYING: 512,
} as const

/**
 * Who talks to whom. Ports of TCP, UDP and SCTP; ICMP keeps the echo id as source port and type and code as destination port, as the
 * kernel's unions do.
 */
export class Tuple {
  source = 0
  destination = 0
  sourcePort = 0
  destinationPort = 0
  protocol = 0

  set(source: number, destination: number, sourcePort: number, destinationPort: number, protocol: number): void {
    this.source = source
    this.destination = destination
    this.sourcePort = sourcePort
    this.destinationPort = destinationPort
    this.protocol = protocol
  }

  copy(other: Tuple): void {
    this.set(other.source, other.destination, other.sourcePort, other.destinationPort, other.protocol)
  }

  equals(other: Tuple): boolean {
    return (
      this.source === other.source &&
      this.destination === other.destination &&
      this.sourcePort === other.sourcePort &&
      this.destinationPort === other.destinationPort &&
      this.protocol === other.protocol
    )
  }
}

/** What the TCP tracker knows of one end. Models struct ip_ct_tcp_state. */
export class TcpSeen {
  end = 0
  maxEnd = 0
  maxWin = 0
  maxAck = 0
  scale = 0
  /** IP_CT_TCP_FLAG_*. */
  flags = 0

  reset(): void {
    this.end = this.maxEnd = this.maxWin = this.maxAck = this.scale = this.flags = 0
  }
}

export class NfConn {
  /** In order of birth: `conntrack -L` of a simulated machine lists by it. */
  readonly serial: number
  readonly original: Tuple = new Tuple()
  readonly reply: Tuple = new Tuple()
  /** CtStatus bits. */
  status = 0
  /** Virtual ns at which it ends. */
  expires = 0
  mark = 0
  /** The connection it is related to. */
  master: NfConn | undefined = undefined
  /** TCP: TcpConntrack. */
  state = 0
  readonly seen: readonly [TcpSeen, TcpSeen] = [new TcpSeen(), new TcpSeen()]
  lastDir = 0
  retrans = 0
  lastIndex = 0
  lastSeq = 0
  lastAck = 0
  lastEnd = 0
  lastWin = 0
  lastWscale = 0
  lastFlags = 0
  /** UDP: when it counts as a stream (2 s after its birth). */
  streamAt = 0
  /** The device that masquerading took the address of. */
  masqueradeIndex = 0
  /** Where the table keeps it, -1 while it is not confirmed. */
  slot = -1

  constructor(serial: number) {
    this.serial = serial
  }

  tuple(direction: number): Tuple {
    return direction === 0 ? this.original : this.reply
  }
}

export const ctDirection = (ctinfo: number): number => (ctinfo >= CtInfo.IS_REPLY ? 1 : 0)
