/** /proc/sys/net/netfilter: timeouts in seconds. */

export interface ConntrackSettings {
  max: number
  /** By TcpCt. */
  tcpTimeouts: number[]
  tcpMaxRetrans: number
  tcpMaxRetransTimeout: number
  tcpUnacknowledged: number
  tcpLoose: boolean
  tcpBeLiberal: boolean
  udp: number
  udpStream: number
  icmp: number
  /** By SctpCt. */
  sctpTimeouts: number[]
  generic: number
  /** nf_conntrack_checksum: packets with bad sums are INVALID. */
  checksum: boolean
}

export function defaultSettings(): ConntrackSettings {
  return {
    max: 262_144,
    // none, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2
    tcpTimeouts: [0, 120, 60, 432_000, 120, 60, 30, 120, 10, 120],
    tcpMaxRetrans: 3,
    tcpMaxRetransTimeout: 300,
    tcpUnacknowledged: 300,
    tcpLoose: true,
    tcpBeLiberal: false,
    udp: 30,
    udpStream: 120,
    icmp: 30,
    // none, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECD, SHUTDOWN_ACK_SENT, HEARTBEAT_SENT
    sctpTimeouts: [0, 10, 3, 3, 210, 3, 3, 3, 30],
    generic: 600,
    checksum: true,
  }
}

type Named = {
  [K in keyof ConntrackSettings]: ConntrackSettings[K] extends number | boolean ? K : never
}[keyof ConntrackSettings]

/** The timeout of a state of TCP or SCTP. */
interface Timeout {
  readonly of: "tcpTimeouts" | "sctpTimeouts"
  readonly state: number
}

const tcp = (state: number): Timeout => ({ of: "tcpTimeouts", state })
const sctp = (state: number): Timeout => ({ of: "sctpTimeouts", state })

/** Files under /proc/sys/net/netfilter and what they set: a setting, or the timeout of a state. */
export const SETTING_FILES: ReadonlyMap<string, Named | Timeout> = new Map<string, Named | Timeout>([
  ["nf_conntrack_max", "max"],
  ["nf_conntrack_checksum", "checksum"],
  ["nf_conntrack_generic_timeout", "generic"],
  ["nf_conntrack_icmp_timeout", "icmp"],
  ["nf_conntrack_udp_timeout", "udp"],
  ["nf_conntrack_udp_timeout_stream", "udpStream"],
  ["nf_conntrack_tcp_loose", "tcpLoose"],
  ["nf_conntrack_tcp_be_liberal", "tcpBeLiberal"],
  ["nf_conntrack_tcp_max_retrans", "tcpMaxRetrans"],
  ["nf_conntrack_tcp_timeout_max_retrans", "tcpMaxRetransTimeout"],
  ["nf_conntrack_tcp_timeout_unacknowledged", "tcpUnacknowledged"],
  ["nf_conntrack_tcp_timeout_syn_sent", tcp(1)],
  ["nf_conntrack_tcp_timeout_syn_recv", tcp(2)],
  ["nf_conntrack_tcp_timeout_established", tcp(3)],
  ["nf_conntrack_tcp_timeout_fin_wait", tcp(4)],
  ["nf_conntrack_tcp_timeout_close_wait", tcp(5)],
  ["nf_conntrack_tcp_timeout_last_ack", tcp(6)],
  ["nf_conntrack_tcp_timeout_time_wait", tcp(7)],
  ["nf_conntrack_tcp_timeout_close", tcp(8)],
  ["nf_conntrack_sctp_timeout_closed", sctp(1)],
  ["nf_conntrack_sctp_timeout_cookie_wait", sctp(2)],
  ["nf_conntrack_sctp_timeout_cookie_echoed", sctp(3)],
  ["nf_conntrack_sctp_timeout_established", sctp(4)],
  ["nf_conntrack_sctp_timeout_shutdown_sent", sctp(5)],
  ["nf_conntrack_sctp_timeout_shutdown_recd", sctp(6)],
  ["nf_conntrack_sctp_timeout_shutdown_ack_sent", sctp(7)],
  ["nf_conntrack_sctp_timeout_heartbeat_sent", sctp(8)],
])

export function readSetting(settings: ConntrackSettings, file: string): number {
  const key = SETTING_FILES.get(file) as Named | Timeout
  return typeof key === "object" ? (settings[key.of][key.state] as number) : Number(settings[key])
}

export function writeSetting(settings: ConntrackSettings, file: string, value: number): void {
  const key = SETTING_FILES.get(file) as Named | Timeout
  if (typeof key === "object") settings[key.of][key.state] = value
  else if (key === "tcpLoose" || key === "tcpBeLiberal" || key === "checksum") settings[key] = value !== 0
  else settings[key] = value
}
