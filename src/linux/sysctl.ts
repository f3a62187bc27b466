/** The settings of a namespace that the stack reads; names as in /proc/sys/net/ipv4. */
export interface Sysctl {
  /** net.ipv4.ip_forward (the switch for all devices). */
  ipForward: boolean
  /** net.ipv4.ip_default_ttl. */
  defaultTtl: number
  /** net.ipv4.ip_local_port_range. */
  localPortRange: [number, number]
  /** net.ipv4.tcp_syn_retries. */
  tcpSynRetries: number
  /** net.ipv4.tcp_syn_linear_timeouts (kernel 6.5 and newer). */
  tcpSynLinearTimeouts: number
  tcpSynackRetries: number
  tcpRetries2: number
  /** net.ipv4.tcp_rmem and tcp_wmem: least, default, most. */
  tcpRmem: [number, number, number]
  tcpWmem: [number, number, number]
  tcpTimestamps: boolean
  tcpSack: boolean
  tcpWindowScaling: boolean
  /** net.ipv4.tcp_fin_timeout in seconds. */
  tcpFinTimeout: number
  /** net.core.txrehash: a new flow hash at each retransmission timeout. */
  txrehash: boolean
  /** net.core.somaxconn. */
  somaxconn: number
  /** net.ipv4.conf.all.route_localnet: 127/8 may be routed. */
  routeLocalnet: boolean
  /** net.bridge.bridge-nf-call-iptables: frames that are bridged meet the hooks of IPv4 (br_netfilter). */
  bridgeNfCallIptables: boolean
  /** net.ipv4.icmp_echo_ignore_all. */
  icmpEchoIgnoreAll: boolean
  /** net.ipv4.ipfrag_time in seconds. */
  ipfragTime: number
}

/** What a stock 6.x distribution kernel starts with (tcp_rmem as up to 6.15). */
export function defaultSysctl(): Sysctl {
  return {
    ipForward: false,
    defaultTtl: 64,
    localPortRange: [32768, 60999],
    tcpSynRetries: 6,
    tcpSynLinearTimeouts: 4,
    tcpSynackRetries: 5,
    tcpRetries2: 15,
    tcpRmem: [4096, 131072, 6291456],
    tcpWmem: [4096, 16384, 4194304],
    tcpTimestamps: true,
    tcpSack: true,
    tcpWindowScaling: true,
    tcpFinTimeout: 60,
    txrehash: true,
    somaxconn: 4096,
    routeLocalnet: false,
    bridgeNfCallIptables: true,
    icmpEchoIgnoreAll: false,
    ipfragTime: 30,
  }
}
