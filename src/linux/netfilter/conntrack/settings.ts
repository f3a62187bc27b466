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
    generic: 600,
    checksum: true,
  }
}

type Named = {
  [K in keyof ConntrackSettings]: ConntrackSettings[K] extends number | boolean ? K : never
}[keyof ConntrackSettings]

/** Files under /proc/sys/net/netfilter and what they set: a setting, or the timeout of a TCP state. */
export const SETTING_FILES: ReadonlyMap<string, Named | number> = new Map<string, Named | number>([
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
  ["nf_conntrack_tcp_timeout_syn_sent", 1],
  ["nf_conntrack_tcp_timeout_syn_recv", 2],
  ["nf_conntrack_tcp_timeout_established", 3],
  ["nf_conntrack_tcp_timeout_fin_wait", 4],
  ["nf_conntrack_tcp_timeout_close_wait", 5],
  ["nf_conntrack_tcp_timeout_last_ack", 6],
  ["nf_conntrack_tcp_timeout_time_wait", 7],
  ["nf_conntrack_tcp_timeout_close", 8],
])

export function readSetting(settings: ConntrackSettings, file: string): number {
  const key = SETTING_FILES.get(file) as Named | number
  return typeof key === "number" ? (settings.tcpTimeouts[key] as number) : Number(settings[key])
}

export function writeSetting(settings: ConntrackSettings, file: string, value: number): void {
  const key = SETTING_FILES.get(file) as Named | number
  if (typeof key === "number") settings.tcpTimeouts[key] = value
  else if (key === "tcpLoose" || key === "tcpBeLiberal" || key === "checksum") settings[key] = value !== 0
  else settings[key] = value
}
