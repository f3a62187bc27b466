/** TCP as a tracker in the middle sees it: states and what each segment does to them. Models net/netfilter/nf_conntrack_proto_tcp.c. */

export const TcpCt = {
  NONE: 0,
  SYN_SENT: 1,
  SYN_RECV: 2,
  ESTABLISHED: 3,
  FIN_WAIT: 4,
  CLOSE_WAIT: 5,
  LAST_ACK: 6,
  TIME_WAIT: 7,
  CLOSE: 8,
  SYN_SENT2: 9,
  /** The segment says nothing of the connection; it is let through, for the ends to judge. */
  IGNORE: 10,
  INVALID: 11,
} as const

export const TCP_CT_NAMES: readonly string[] = [
  "NONE",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
  "SYN_SENT2",
]

/** What a segment is: the rows of the table. */
export const TcpSet = { SYN: 0, SYNACK: 1, FIN: 2, ACK: 3, RST: 4, NONE: 5 } as const

const LETTERS: Readonly<Record<string, number>> = {
  sSS: TcpCt.SYN_SENT,
  sSR: TcpCt.SYN_RECV,
  sES: TcpCt.ESTABLISHED,
  sFW: TcpCt.FIN_WAIT,
  sCW: TcpCt.CLOSE_WAIT,
  sLA: TcpCt.LAST_ACK,
  sTW: TcpCt.TIME_WAIT,
  sCL: TcpCt.CLOSE,
  sS2: TcpCt.SYN_SENT2,
  sIG: TcpCt.IGNORE,
  sIV: TcpCt.INVALID,
}
const row = (states: string): number[] => states.split(" ").map((name) => LETTERS[name] as number)

// Columns: no state, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2.
const TABLE = [
  // The original direction: SYN, SYN+ACK, FIN, ACK, RST, none of them.
  "sSS sSS sIG sIG sIG sIG sIG sSS sSS sS2",
  "sIV sIV sSR sIV sIV sIV sIV sIV sIV sSR",
  "sIV sIV sFW sFW sLA sLA sLA sTW sCL sIV",
  "sES sIV sES sES sCW sCW sTW sTW sCL sIV",
  "sIV sCL sCL sCL sCL sCL sCL sCL sCL sCL",
  "sIV sIV sIV sIV sIV sIV sIV sIV sIV sIV",
  // The reply's.
  "sIV sS2 sIV sIV sIV sIV sIV sSS sIV sS2",
  "sIV sSR sIG sIG sIG sIG sIG sIG sIG sSR",
  "sIV sIV sFW sFW sLA sLA sLA sTW sCL sIV",
  "sIV sIG sSR sES sCW sCW sTW sTW sCL sIG",
  "sIV sCL sCL sCL sCL sCL sCL sCL sCL sCL",
  "sIV sIV sIV sIV sIV sIV sIV sIV sIV sIV",
]
const STATES = 10
const SETS = 6
let flat: Uint8Array | undefined

/** The state after a segment. */
export function tcpTransition(direction: number, set: number, state: number): number {
  flat ??= Uint8Array.from(TABLE.flatMap(row))
  return flat[(direction * SETS + set) * STATES + state] as number
}
