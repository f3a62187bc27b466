/** How a device looks: the fields `ip link` and `ip addr` print, as data and as text. Models iproute2 ip/ipaddress.c print_linkinfo. */
import { Bridge, type BridgePort } from "../../linux/link/bridge.ts"
import { Vxlan } from "../../linux/link/vxlan.ts"
import { IFF, type NetDevice } from "../../linux/netdev.ts"
import { formatIpv4, formatMac } from "../../wire/address.ts"
import type { IpOptions, Json } from "../iproute.ts"

const FLAG_ORDER: readonly (readonly [string, number])[] = [
  ["LOOPBACK", IFF.LOOPBACK],
  ["BROADCAST", IFF.BROADCAST],
  ["POINTOPOINT", IFF.POINTOPOINT],
  ["MULTICAST", IFF.MULTICAST],
  ["NOARP", IFF.NOARP],
  ["ALLMULTI", IFF.ALLMULTI],
  ["PROMISC", IFF.PROMISC],
  ["UP", IFF.UP],
]

/** `BROADCAST,MULTICAST,UP,LOWER_UP`; NO-CARRIER comes first. `masterDown`: the device below, in the same namespace, is down. */
export function flagNames(dev: NetDevice, masterDown: boolean = lowerDown(dev)): string[] {
  const names = FLAG_ORDER.filter(([, bit]) => (dev.flags & bit) !== 0).map(([name]) => name)
  if (dev.up && !dev.carrier) names.unshift("NO-CARRIER")
  if (dev.running) names.push("LOWER_UP")
  if (masterDown) names.push("M-DOWN")
  return names
}

const lowerDown = (dev: NetDevice): boolean =>
  dev.kind === "veth" && dev.link !== undefined && dev.link.net === dev.net && !dev.link.up

const qdisc = (dev: NetDevice): string => (dev.activated ? dev.qdisc : "noop")
const groupName = (dev: NetDevice): string => (dev.group === 0 ? "default" : String(dev.group))

/** The `@…` part: the peer's name here, or `if` and its index elsewhere. */
export function linkSuffix(dev: NetDevice): string {
  if (dev.kind !== "veth" || dev.link === undefined) return ""
  return dev.link.net === dev.net ? `@${dev.link.name}` : `@if${dev.link.ifindex}`
}

/** Where the peer lives, when not here: a named namespace, or the number a pod knows its node by. */
function linkNamespace(dev: NetDevice): { name?: string; id?: number } {
  if (dev.kind !== "veth" || dev.link === undefined || dev.link.net === dev.net) return {}
  const { net } = dev.link
  // A pod has no /run/netns: it sees the machine's namespace by number only.
  return net.name === "" ? { id: dev.net.netIdOf(net) } : { name: net.name }
}

const operstate = (dev: NetDevice): string => dev.operstate

/** The first two lines, or three with `-d`. `mode` is what sets `ip link` apart; `ip -4 addr` leaves out the hardware address. */
export function linkText(dev: NetDevice, options: IpOptions, withMode: boolean, withAddress = true): string {
  const eol = options.oneline ? "\\" : "\n"
  const { name, id } = linkNamespace(dev)
  const peer = name !== undefined ? ` link-netns ${name}` : id !== undefined ? ` link-netnsid ${id}` : ""
  const master = dev.port === undefined ? "" : `master ${dev.port.bridge.dev.name} `
  const qlen = dev.txQueueLength > 0 ? `qlen ${dev.txQueueLength}` : ""
  const linktype = dev.kind === "loopback" ? "loopback" : "ether"
  const broadcast = formatMac(dev.kind === "loopback" ? 0 : dev.broadcast)
  let text = `${dev.ifindex}: ${dev.name}${linkSuffix(dev)}: <${flagNames(dev).join(",")}> mtu ${dev.mtu} qdisc ${qdisc(dev)} ${master}state ${operstate(dev)} ${withMode ? "mode DEFAULT " : ""}group ${groupName(dev)} ${qlen}`
  if (withAddress) text += `${eol}    link/${linktype} ${formatMac(dev.address)} brd ${broadcast}${peer}`
  if (options.details) text += detailsText(dev, withMode, eol)
  if (dev.alias !== "") text += `${eol}    alias ${dev.alias}`
  if (options.statistics) text += statisticsText(dev, eol, options.allStatistics)
  return `${text}\n`
}

function detailsText(dev: NetDevice, withMode: boolean, eol: string): string {
  const physical = dev.kind === ""
  const minmtu = dev.kind === "loopback" ? 0 : physical ? 46 : 68
  const maxmtu = dev.kind === "loopback" ? 0 : physical ? 16110 : 65535
  const queues = dev.kind === "veth" ? 2 : 1
  const addrgen = withMode ? "addrgenmode eui64 " : ""
  const tso = tsoMaxSize(dev)
  let text = ` promiscuity ${dev.promiscuity}  allmulti ${allmulti(dev)} minmtu ${minmtu} maxmtu ${maxmtu} `
  const kind = kindText(dev)
  if (kind !== "") text += `${eol}    ${kind} `
  if (dev.port !== undefined) text += `${eol}    ${portText(dev.port)} `
  return `${text}${addrgen}numtxqueues ${queues} numrxqueues ${queues} gso_max_size 65536 gso_max_segs 65535 tso_max_size ${tso} tso_max_segs 65535 gro_max_size 65536 `
}

/** A port listens to everything for its bridge. */
const allmulti = (dev: NetDevice): number => dev.allmulti + (dev.port === undefined ? 0 : 1)

/** A tunnel inherits it from the device below. */
const tsoMaxSize = (dev: NetDevice): number =>
  dev.kind === "" || (dev.priv instanceof Vxlan && dev.priv.lower === undefined) ? 65536 : 524280

/** `7e:a:4c:31:90:11`: bridge ids drop leading zeros. */
const bridgeId = (mac: number): string => `8000.${formatMac(mac).replace(/(^|:)0/g, "$1")}`

function kindText(dev: NetDevice): string {
  if (dev.priv instanceof Vxlan) return vxlanText(dev.priv)
  if (dev.priv instanceof Bridge) return bridgeText(dev, dev.priv)
  return dev.kind === "veth" || dev.kind === "dummy" ? dev.kind : ""
}

function vxlanText(vxlan: Vxlan): string {
  const remote = vxlan.remote === 0 ? "" : `remote ${formatIpv4(vxlan.remote)} `
  const local = vxlan.local === 0 ? "" : `local ${formatIpv4(vxlan.local)} `
  const lower = vxlan.lower === undefined ? "" : `dev ${vxlan.lower.name} `
  const ttl = vxlan.ttl === 0 ? "auto" : String(vxlan.ttl)
  const tos = vxlan.tos === 0 ? "" : `tos 0x${vxlan.tos.toString(16)} `
  return `vxlan ${vxlan.external ? "external " : ""}id ${vxlan.vni} ${remote}${local}${lower}srcport 0 0 dstport ${vxlan.port} ${vxlan.learning ? "" : "nolearning "}${tos}ttl ${ttl} ageing ${vxlan.ageing} ${vxlan.udpChecksum ? "udpcsum" : "noudpcsum"} noudp6zerocsumtx noudp6zerocsumrx`
}

function bridgeText(dev: NetDevice, bridge: Bridge): string {
  const id = bridgeId(dev.address)
  return `bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time ${bridge.ageingTime / 1e7} stp_state 0 priority 32768 vlan_filtering 0 bridge_id ${id} designated_root ${id} root_port 0 root_path_cost 0 topology_change 0 topology_change_detected 0 hello_timer    0.00 tcn_timer    0.00 topology_change_timer    0.00 gc_timer  ${gcTimer(dev)} group_fwd_mask 0 group_address 01:80:c2:00:00:00 mcast_snooping 1 no_linklocal_learn 0 mcast_vlan_snooping 0 mcast_router 1 mcast_query_use_ifaddr 0 mcast_querier 0 mcast_hash_elasticity 16 mcast_hash_max 4096 mcast_last_member_count 2 mcast_startup_query_count 2 mcast_last_member_interval 100 mcast_membership_interval 26000 mcast_querier_interval 25500 mcast_query_interval 12500 mcast_query_response_interval 1000 mcast_startup_query_interval 3124 mcast_stats_enabled 0 mcast_igmp_version 2 mcast_mld_version 1 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0`
}

/** The sweep for aged rows runs every five minutes of the machine's life. */
function gcTimer(dev: NetDevice): string {
  const seconds = dev.net.kernel.sim.now / 1e9
  return (300 - (seconds % 300)).toFixed(2)
}

function portText(port: BridgePort): string {
  const on = (value: boolean): string => (value ? "on" : "off")
  const root = bridgeId(port.bridge.dev.address)
  return `bridge_slave state ${port.forwarding ? "forwarding" : "disabled"} priority 32 cost 2 hairpin ${on(port.hairpin)} guard off root_block off fastleave off learning ${on(port.learning)} flood ${on(port.flood)} port_id 0x${(0x8000 + port.number).toString(16)} port_no 0x${port.number.toString(16)} designated_port ${32768 + port.number} designated_cost 0 designated_bridge ${root} designated_root ${root} hold_timer    0.00 message_age_timer    0.00 forward_delay_timer    0.00 topology_change_ack 0 config_pending 0 proxy_arp off proxy_arp_wifi off mcast_router 1 mcast_fast_leave off mcast_flood on bcast_flood on mcast_to_unicast off neigh_suppress off group_fwd_mask 0 group_fwd_mask_str 0x0 vlan_tunnel off isolated ${on(port.isolated)} locked off`
}

function statisticsText(dev: NetDevice, eol: string, all: boolean): string {
  const { stats } = dev
  const row = (values: readonly number[]): string => {
    const widths = [14, 8, 7, 8, 8, 8]
    return values.map((value, i) => String(value).padStart((widths[i] as number) - (i === 0 ? 0 : 1))).join(" ")
  }
  const rx = row([stats.rxBytes, stats.rxPackets, stats.rxErrors, stats.rxDropped, 0, stats.rxMulticast])
  const tx = row([stats.txBytes, stats.txPackets, stats.txErrors, stats.txDropped, stats.txCarrierErrors, 0])
  // Lengths, checksums, frames, queues: none of these errors exist here. Transitions of the carrier do.
  const rxErrors = all
    ? `${eol}    RX errors:  length    crc   frame    fifo overrun${eol}                     0      0       0       0       0 `
    : ""
  const txErrors = all
    ? `${eol}    TX errors: aborted   fifo  window heartbt transns${eol}                     0      0       0       0 ${String(dev.carrierChanges).padStart(7)} `
    : ""
  return `${eol}    RX:  bytes packets errors dropped  missed   mcast           ${eol}${rx} ${rxErrors}${eol}    TX:  bytes packets errors dropped carrier collsns           ${eol}${tx} ${txErrors}`
}

/** The other end: by name when it is here, by number elsewhere. */
export function linkKeys(dev: NetDevice): Record<string, Json | undefined> {
  if (dev.kind !== "veth" || dev.link === undefined) return {}
  return dev.link.net === dev.net ? { link: dev.link.name } : { link_index: dev.link.ifindex }
}

/** The JSON of the same. */
export function linkJson(
  dev: NetDevice,
  options: IpOptions,
  withMode: boolean,
  withAddress = true,
): Record<string, Json | undefined> {
  const { name, id } = linkNamespace(dev)
  return {
    ifindex: dev.ifindex,
    ...linkKeys(dev),
    ifname: dev.name,
    flags: flagNames(dev),
    mtu: dev.mtu,
    qdisc: qdisc(dev),
    master: dev.port?.bridge.dev.name,
    operstate: operstate(dev),
    linkmode: withMode ? "DEFAULT" : undefined,
    group: groupName(dev),
    txqlen: dev.txQueueLength > 0 ? dev.txQueueLength : undefined,
    ...(withAddress
      ? {
          link_type: dev.kind === "loopback" ? "loopback" : "ether",
          address: formatMac(dev.address),
          broadcast: formatMac(dev.kind === "loopback" ? 0 : dev.broadcast),
          // In JSON the tool always says the number.
          link_netnsid: name === undefined ? id : dev.net.netIdOf((dev.link as NetDevice).net),
        }
      : {}),
    ...(options.details ? detailsJson(dev, withMode) : {}),
    ifalias: dev.alias === "" ? undefined : dev.alias,
    ...(options.statistics ? { stats64: statisticsJson(dev) } : {}),
  }
}

function detailsJson(dev: NetDevice, withMode: boolean): Record<string, Json | undefined> {
  const physical = dev.kind === ""
  const queues = dev.kind === "veth" ? 2 : 1
  return {
    promiscuity: dev.promiscuity,
    allmulti: allmulti(dev),
    min_mtu: dev.kind === "loopback" ? 0 : physical ? 46 : 68,
    max_mtu: dev.kind === "loopback" ? 0 : physical ? 16110 : 65535,
    linkinfo: linkinfoJson(dev),
    inet6_addr_gen_mode: withMode ? "eui64" : undefined,
    num_tx_queues: queues,
    num_rx_queues: queues,
    gso_max_size: 65536,
    gso_max_segs: 65535,
    tso_max_size: tsoMaxSize(dev),
    tso_max_segs: 65535,
    gro_max_size: 65536,
  }
}

function linkinfoJson(dev: NetDevice): Json | undefined {
  const slave =
    dev.port === undefined
      ? {}
      : {
          info_slave_kind: "bridge",
          info_slave_data: { state: dev.port.forwarding ? "forwarding" : "disabled", hairpin: dev.port.hairpin },
        }
  if (dev.priv instanceof Vxlan) {
    const vxlan = dev.priv
    return {
      info_kind: "vxlan",
      info_data: {
        external: vxlan.external ? true : undefined,
        id: vxlan.vni,
        local: vxlan.local === 0 ? undefined : formatIpv4(vxlan.local),
        link: vxlan.lower?.name,
        port_range: { low: 0, high: 0 },
        port: vxlan.port,
        learning: vxlan.learning,
        ttl: vxlan.ttl,
        df: "unset",
        ageing: vxlan.ageing,
        udp_csum: vxlan.udpChecksum,
        udp_zero_csum6_tx: false,
        udp_zero_csum6_rx: false,
      },
    }
  }
  if (dev.kind === "" || dev.kind === "loopback") return undefined
  return { info_kind: dev.kind, ...slave }
}

function statisticsJson(dev: NetDevice): Json {
  const { stats } = dev
  return {
    rx: {
      bytes: stats.rxBytes,
      packets: stats.rxPackets,
      errors: stats.rxErrors,
      dropped: stats.rxDropped,
      over_errors: 0,
      multicast: stats.rxMulticast,
    },
    tx: {
      bytes: stats.txBytes,
      packets: stats.txPackets,
      errors: stats.txErrors,
      dropped: stats.txDropped,
      carrier_errors: stats.txCarrierErrors,
      collisions: 0,
    },
  }
}

/** `flannel.1        UNKNOWN        …`: the start of a `-br` line. */
export function briefStart(dev: NetDevice): string {
  return `${(dev.name + linkSuffix(dev)).padEnd(16)} ${operstate(dev).padEnd(14)} `
}
