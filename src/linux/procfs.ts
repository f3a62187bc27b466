/** Files under /proc that programs and people read: sysctls, routes, the ARP cache. Models fs/proc and net/ipv4/proc.c. */
import { formatIpv4, formatMac, netmask } from "../wire/address.ts"
import type { Errno } from "./errno.ts"
import { RouteTable } from "./fib/route.ts"
import { NUD_VALID, Nud } from "./neigh/table.ts"
import {
  type ConntrackSettings,
  defaultSettings,
  readSetting,
  SETTING_FILES,
  writeSetting,
} from "./netfilter/conntrack/settings.ts"
import type { NetNamespace } from "./netns.ts"
import { Vfs } from "./task/vfs.ts"

/** One tree a namespace: containers that share it share its files. */
const trees = new WeakMap<NetNamespace, Vfs>()

/** Makes a namespace's files appear in a tree. */
export function mountProc(fs: Vfs, net: NetNamespace): void {
  const made = trees.get(net) ?? new Vfs(net.kernel.sim)
  if (!trees.has(net)) {
    trees.set(net, made)
    provideFiles(made, net)
  }
  fs.bind("/proc", made, "/proc")
}

function provideFiles(fs: Vfs, net: NetNamespace): void {
  const { sysctl } = net
  flag(
    fs,
    "net/ipv4/ip_forward",
    () => sysctl.ipForward,
    (on) => {
      sysctl.ipForward = on
      for (const dev of net.devices) dev.forwarding = on
    },
  )
  number(
    fs,
    "net/ipv4/ip_default_ttl",
    () => sysctl.defaultTtl,
    (value) => (sysctl.defaultTtl = value),
  )
  number(
    fs,
    "net/ipv4/tcp_syn_retries",
    () => sysctl.tcpSynRetries,
    (value) => (sysctl.tcpSynRetries = value),
  )
  number(
    fs,
    "net/ipv4/tcp_syn_linear_timeouts",
    () => sysctl.tcpSynLinearTimeouts,
    (value) => (sysctl.tcpSynLinearTimeouts = value),
  )
  flag(
    fs,
    "net/ipv4/icmp_echo_ignore_all",
    () => sysctl.icmpEchoIgnoreAll,
    (on) => (sysctl.icmpEchoIgnoreAll = on),
  )
  flag(
    fs,
    "net/core/txrehash",
    () => sysctl.txrehash,
    (on) => (sysctl.txrehash = on),
  )
  fs.provide("/proc/sys/net/ipv4/ip_local_port_range", () => `${sysctl.localPortRange.join("\t")}\n`)
  fs.provide("/proc/sys/net/ipv4/tcp_rmem", () => `${sysctl.tcpRmem.join("\t")}\n`)
  fs.provide("/proc/sys/kernel/hostname", () => `${net.kernel.hostname}\n`)
  fs.provide("/proc/net/route", () => routes(net))
  fs.provide("/proc/net/arp", () => arpCache(net))
  fs.provide("/proc/uptime", () => `${(net.kernel.sim.now / 1e9).toFixed(2)} 0.00\n`)
  // Flannel checks that br_netfilter is loaded.
  flag(
    fs,
    "net/bridge/bridge-nf-call-iptables",
    () => sysctl.bridgeNfCallIptables,
    (on) => (sysctl.bridgeNfCallIptables = on),
  )
  flag(
    fs,
    "net/ipv4/conf/all/route_localnet",
    () => sysctl.routeLocalnet,
    (on) => (sysctl.routeLocalnet = on),
  )
  mountConntrack(fs, net)
}

/** /proc/sys/net/netfilter and /proc/net/nf_conntrack. */
function mountConntrack(fs: Vfs, net: NetNamespace): void {
  const settings = (): ConntrackSettings => (net.conntrackSettings ??= defaultSettings())
  for (const name of SETTING_FILES.keys())
    number(
      fs,
      `net/netfilter/${name}`,
      () => readSetting(settings(), name),
      (value) => writeSetting(settings(), name, value),
    )
  fs.provide("/proc/sys/net/netfilter/nf_conntrack_count", () => `${net.netfilter?.conntrack.count ?? 0}\n`)
  fs.provide("/proc/net/nf_conntrack", () => net.netfilter?.conntrack.procText() ?? "")
}

function flag(fs: Vfs, path: string, get: () => boolean, set: (on: boolean) => void): void {
  number(
    fs,
    path,
    () => (get() ? 1 : 0),
    (value) => set(value !== 0),
  )
}

function number(fs: Vfs, path: string, get: () => number, set: (value: number) => void): void {
  const accept = (text: string): Errno | undefined => {
    if (!/^\s*-?\d+\s*$/.test(text)) return "EINVAL"
    set(Number(text))
    return undefined
  }
  fs.provide(`/proc/sys/${path}`, () => `${get()}\n`, accept)
}

/** Addresses as a little-endian machine prints them. */
function swapped(address: number): string {
  const bytes = (address >>> 24) | ((address >>> 8) & 0xff00) | ((address << 8) & 0xff0000) | (address << 24)
  return (bytes >>> 0).toString(16).toUpperCase().padStart(8, "0")
}

function routes(net: NetNamespace): string {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
  const rows = net.fib.routes
    .filter((route) => route.table === RouteTable.MAIN && route.dev !== undefined)
    .sort((a, b) => a.destination - b.destination)
    .map(
      (route) =>
        `${route.dev?.name}\t${swapped(route.destination)}\t${swapped(route.gateway)}\t${(route.gateway === 0 ? 1 : 3).toString(16).padStart(4, "0")}\t0\t0\t${route.metric}\t${swapped(netmask(route.prefixLength))}\t0\t0\t0`,
    )
  return `${[head, ...rows].map((row) => row.padEnd(127)).join("\n")}\n`
}

function arpCache(net: NetNamespace): string {
  const rows = [...net.neigh.entries()].map((neigh) => {
    const flags = (neigh.state & Nud.PERMANENT) !== 0 ? "0x6" : (neigh.state & NUD_VALID) !== 0 ? "0x2" : "0x0"
    return `${formatIpv4(neigh.primaryKey).padEnd(17)}0x1         ${flags.padEnd(12)}${formatMac(neigh.valid ? neigh.lladdr : 0)}     *        ${neigh.dev.name}`
  })
  return `${["IP address       HW type     Flags       HW address            Mask     Device", ...rows].join("\n")}\n`
}
