/** bridge fdb show and get: rows of bridges, of vxlan devices, and of every device's own filter. Models iproute2 bridge/fdb.c print_fdb. */
import { Bridge } from "../../linux/link/bridge.ts"
import type { BridgeFdbRow } from "../../linux/link/bridge-fdb.ts"
import { Vxlan } from "../../linux/link/vxlan.ts"
import { Nud } from "../../linux/neigh/table.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { formatIpv4, formatMac } from "../../wire/address.ts"
import { deviceOrFail, fail, type IpOptions, invalid, type Json, pick, renderJson, type Words } from "../iproute.ts"
import { macOf } from "./mac.ts"

/** One line. */
export interface Row {
  mac: string
  dev: string
  dst?: string
  vni?: number
  port?: number
  via?: string
  /** `master cni0`. */
  master?: string
  self: boolean
  sticky?: boolean
  /** NUD_* bits, as the kernel sends them. */
  nud: number
  /** Virtual times of the last use and change, where the kernel keeps them. */
  times?: readonly [used: number, updated: number]
}

/** Group addresses every device listens to; IPv6's are joined when a device is made, even with IPv6 off, IPv4's while it is up. */
function ownRows(dev: NetDevice): Row[] {
  if (dev.kind === "loopback" || dev.kind === "vxlan") return []
  const bridge = dev.priv instanceof Bridge
  const groups = !dev.up
    ? ["33:33:00:00:00:01"]
    : bridge
      ? ["33:33:00:00:00:01", "01:00:5e:00:00:6a", "33:33:00:00:00:6a", "01:00:5e:00:00:01"]
      : ["33:33:00:00:00:01", "01:00:5e:00:00:01"]
  return [...[...dev.extraAddresses].map(formatMac), ...groups].map((mac) => ({
    mac,
    dev: dev.name,
    self: true,
    nud: Nud.PERMANENT,
  }))
}

function vxlanRows(dev: NetDevice, vxlan: Vxlan): Row[] {
  return vxlan.fdb.rows().flatMap((row) =>
    row.remotes.map(
      (remote): Row => ({
        mac: formatMac(row.mac),
        dev: dev.name,
        dst: formatIpv4(remote.ip),
        ...(remote.port !== 0 ? { port: remote.port } : {}),
        ...(remote.vni !== 0 ? { vni: remote.vni } : {}),
        ...(remote.via !== undefined ? { via: remote.via.name } : {}),
        self: true,
        // The default row that came with the device is REACHABLE|PERMANENT, one set by hand NOARP|PERMANENT.
        nud: row.permanent
          ? Nud.PERMANENT | (row.isStatic ? Nud.NOARP : Nud.REACHABLE)
          : row.isStatic
            ? Nud.NOARP | Nud.REACHABLE
            : Nud.REACHABLE,
        times: [row.used, row.updated],
      }),
    ),
  )
}

/** Models br_fdb.c fdb_to_nud and fdb_fill_info. */
function bridgeRow(bridge: Bridge, row: BridgeFdbRow): Row {
  return {
    mac: formatMac(row.mac),
    dev: row.port?.dev.name ?? bridge.dev.name,
    master: bridge.dev.name,
    self: false,
    sticky: row.sticky,
    nud: row.local ? Nud.PERMANENT : row.isStatic ? Nud.NOARP : Nud.REACHABLE,
    times: [row.used, row.updated],
  }
}

/** What a device contributes: its own rows and, for ports and bridges, the bridge's rows about it. */
function rowsOf(dev: NetDevice): Row[] {
  if (dev.priv instanceof Vxlan) return vxlanRows(dev, dev.priv)
  if (dev.priv instanceof Bridge) {
    const bridge = dev.priv
    const mine = bridge.fdb.rows().filter((row) => row.port === undefined)
    return [...ownRows(dev), ...mine.map((row) => bridgeRow(bridge, row))]
  }
  const { port } = dev
  if (port === undefined) return ownRows(dev)
  const learned = port.bridge.fdb.rows().filter((row) => row.port === port)
  // The kernel lists what it learned before the port's own address.
  learned.sort((a, b) => Number(a.local) - Number(b.local))
  return [...learned.map((row) => bridgeRow(port.bridge, row)), ...ownRows(dev)]
}

const STATES: readonly (readonly [string, number])[] = [
  ["permanent", Nud.PERMANENT],
  ["static", Nud.NOARP],
  ["temp", Nud.NOARP],
  ["stale", Nud.STALE],
  ["reachable", Nud.REACHABLE],
  ["dynamic", Nud.REACHABLE],
  ["all", 0xff],
]

interface Filter {
  dev: NetDevice | undefined
  br: NetDevice | undefined
  /** NUD_* bits of which one must be there; 0 accepts all. */
  states: number
  dynamic: boolean
}

const bridgeOrFail = (options: IpOptions, name: string): NetDevice =>
  options.net.device(name) ?? fail(`Cannot find bridge device "${name}"`, 255)

function readFilter(words: Words, options: IpOptions): Filter {
  const filter: Filter = { dev: undefined, br: undefined, states: 0, dynamic: false }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "brport" || word === "dev") filter.dev = deviceOrFail(options.net, words.next(), 255)
    else if (word === "br") filter.br = bridgeOrFail(options, words.next())
    else if (word === "vlan") fail("bridge: podwire does not support 'vlan'", 255)
    else if (word === "state") {
      const name = words.next()
      filter.states |= pick(name, STATES) ?? invalid(name, "invalid state")
    } else if (word !== "" && "dynamic".startsWith(word)) filter.dynamic = true
    else filter.dev = deviceOrFail(options.net, word, 255)
  }
  return filter
}

export function fdbShow(words: Words, options: IpOptions): string {
  const filter = readFilter(words, options)
  const { dev, br } = filter
  const devices = options.net.devices.filter(
    (d) => (dev === undefined || d === dev) && (br === undefined || d === br || d.port?.bridge.dev === br),
  )
  const rows = devices
    .flatMap(rowsOf)
    .filter(
      (row) =>
        (filter.states === 0 || (row.nud & filter.states) !== 0) &&
        !(filter.dynamic && (row.nud & Nud.PERMANENT) !== 0),
    )
  return render(rows, filter, options)
}

function render(rows: readonly Row[], filter: Filter, options: IpOptions): string {
  const now = options.net.kernel.sim.now
  if (options.json)
    return renderJson(rows.map((row) => fdbJson(row, filter, now, options.statistics)) as Json, options.pretty)
  return rows.map((row) => fdbText(row, filter, now, options.statistics)).join("")
}

const stateName = (nud: number): string =>
  (nud & Nud.PERMANENT) !== 0
    ? "permanent"
    : (nud & Nud.NOARP) !== 0
      ? "static"
      : (nud & Nud.STALE) !== 0
        ? "stale"
        : ""

const seconds = (now: number, time: number): number => Math.floor((now - time) / 1e9)

function fdbText(row: Row, filter: Filter, now: number, statistics: boolean): string {
  const parts = [`${row.mac} `]
  if (filter.dev === undefined) parts.push(`dev ${row.dev} `)
  if (row.dst !== undefined) parts.push(`dst ${row.dst} `)
  if (row.port !== undefined) parts.push(`port ${row.port} `)
  if (row.vni !== undefined) parts.push(`vni ${row.vni} `)
  if (row.via !== undefined) parts.push(`via ${row.via} `)
  if (statistics && row.times !== undefined)
    parts.push(`used ${seconds(now, row.times[0])}/${seconds(now, row.times[1])} `)
  if (row.self) parts.push("self ")
  if (row.sticky === true) parts.push("sticky ")
  if (row.master !== undefined) parts.push(`master ${row.master} `)
  parts.push(stateName(row.nud))
  return `${parts.join("")}\n`
}

function fdbJson(row: Row, filter: Filter, now: number, statistics: boolean): Json {
  return {
    mac: row.mac,
    ifname: filter.dev === undefined ? row.dev : undefined,
    dst: row.dst,
    port: row.port,
    vni: row.vni,
    viaIf: row.via,
    ...(statistics && row.times !== undefined
      ? { used: seconds(now, row.times[0]), updated: seconds(now, row.times[1]) }
      : {}),
    flags: [...(row.self ? ["self"] : []), ...(row.sticky === true ? ["sticky"] : [])],
    master: row.master,
    state: stateName(row.nud),
  }
}

/** `bridge fdb get ADDR { br BR | dev PORT master | dev DEV self }`. */
export function fdbGet(words: Words, options: IpOptions): string {
  let text: string | undefined
  let dev: NetDevice | undefined
  let br: NetDevice | undefined
  let self = false
  let master = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "brport" || word === "dev") dev = deviceOrFail(options.net, words.next(), 255)
    else if (word === "br") br = bridgeOrFail(options, words.next())
    else if (word === "self") self = true
    else if (word === "master") master = true
    else if (["vlan", "vni", "dynamic"].includes(word))
      fail(`bridge: podwire does not support 'fdb get … ${word}'`, 255)
    else text = word === "to" ? words.next() : word
  }
  if (text === undefined || (dev === undefined && br === undefined))
    return fail("Device or master and address are required arguments.", 255)
  const mac = macOf(text)
  const bridge = br ?? (master ? dev?.port?.bridge.dev : undefined)
  if (bridge === undefined && !self) return fail("Error: Device is not a bridge port.", 254)
  const devices = bridge === undefined ? [dev as NetDevice] : [bridge, ...portsOf(bridge)]
  const row = devices.flatMap(rowsOf).find((r) => r.mac === formatMac(mac) && r.self === (bridge === undefined))
  if (row === undefined) return fail("Error: Fdb entry not found.", 254)
  return render([row], { dev: undefined, br: undefined, states: 0, dynamic: false }, options)
}

const portsOf = (bridge: NetDevice): NetDevice[] => bridge.net.devices.filter((d) => d.port?.bridge.dev === bridge)
