/** bridge(8) of iproute2 6.1: FDB rows and ports. */
import { Bridge } from "../linux/link/bridge.ts"
import type { BridgeFdbRow } from "../linux/link/bridge-fdb.ts"
import { Vxlan } from "../linux/link/vxlan.ts"
import type { NetDevice } from "../linux/netdev.ts"
import { type FdbMode, fdbAdd, fdbDel } from "../linux/rtnetlink/fdb.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { formatIpv4, formatMac, parseIpv4, parseMac } from "../wire/address.ts"
import { BRIDGE_USAGE } from "./bridge-usage.ts"
import { flagNames } from "./ip/link-view.ts"
import { check, deviceOrFail, fail, IpError, type IpOptions, type Json, pick, renderJson, Words } from "./iproute.ts"

/** One line of `bridge fdb show`. */
interface Row {
  mac: string
  dev: string
  dst?: string
  vni?: number
  port?: number
  /** `master cni0`. */
  master?: string
  self: boolean
  state: "permanent" | "static" | ""
}

/** Group addresses every device listens to; IPv6's are joined when a device is made, even with IPv6 off. */
function multicastRows(dev: NetDevice): Row[] {
  if (dev.kind === "loopback" || dev.kind === "vxlan") return []
  const groups =
    dev.priv instanceof Bridge
      ? ["33:33:00:00:00:01", "01:00:5e:00:00:6a", "33:33:00:00:00:6a", "01:00:5e:00:00:01"]
      : ["33:33:00:00:00:01", "01:00:5e:00:00:01"]
  return groups.map((mac) => ({ mac, dev: dev.name, self: true, state: "permanent" }))
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
        self: true,
        state: row.permanent ? "permanent" : row.isStatic ? "static" : "",
      }),
    ),
  )
}

function bridgeRow(bridge: Bridge, row: BridgeFdbRow): Row {
  const dev = row.port?.dev.name ?? bridge.dev.name
  return {
    mac: formatMac(row.mac),
    dev,
    master: bridge.dev.name,
    self: false,
    state: row.local ? "permanent" : row.isStatic ? "static" : "",
  }
}

/** What a device contributes: its own rows and, for ports and bridges, the bridge's rows about it. */
function rowsOf(dev: NetDevice): Row[] {
  if (dev.priv instanceof Vxlan) return vxlanRows(dev, dev.priv)
  if (dev.priv instanceof Bridge) {
    const bridge = dev.priv
    return [
      ...multicastRows(dev),
      ...bridge.fdb
        .rows()
        .filter((row) => row.port === undefined)
        .map((row) => bridgeRow(bridge, row)),
    ]
  }
  const { port } = dev
  const learned = port === undefined ? [] : port.bridge.fdb.rows().filter((row) => row.port === port)
  // The kernel lists what it learned before the port's own address.
  learned.sort((a, b) => Number(a.local) - Number(b.local))
  return [...learned.map((row) => bridgeRow((port as NonNullable<typeof port>).bridge, row)), ...multicastRows(dev)]
}

function fdbShow(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  let br: NetDevice | undefined
  let state: string | undefined
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev" || word === "brport") dev = deviceOrFail(options.net, words.next(), 255)
    else if (word === "br") br = deviceOrFail(options.net, words.next(), 255)
    else if (word === "state") state = words.next()
    else if (word === "dynamic") state = ""
    else if (word === "vlan") fail("bridge: podwire does not support 'vlan'", 255)
    else dev = deviceOrFail(options.net, word, 255)
  }
  const devices = options.net.devices.filter(
    (d) => (dev === undefined || d === dev) && (br === undefined || d === br || d.port?.bridge.dev === br),
  )
  const rows = devices.flatMap(rowsOf).filter((row) => state === undefined || row.state === state)
  if (options.json) return renderJson(rows.map((row) => fdbJson(row, dev)) as Json, options.pretty)
  return rows.map((row) => fdbText(row, dev, br)).join("")
}

function fdbText(row: Row, dev: NetDevice | undefined, br: NetDevice | undefined): string {
  const parts = [`${row.mac} `]
  if (dev === undefined) parts.push(`dev ${row.dev} `)
  if (row.dst !== undefined) parts.push(`dst ${row.dst} `)
  if (row.port !== undefined) parts.push(`port ${row.port} `)
  if (row.vni !== undefined) parts.push(`vni ${row.vni} `)
  if (row.self) parts.push("self ")
  if (row.master !== undefined && br === undefined) parts.push(`master ${row.master} `)
  else if (row.master !== undefined) parts.push(`master ${row.master} `)
  parts.push(row.state)
  return `${parts.join("")}\n`
}

function fdbJson(row: Row, dev: NetDevice | undefined): Json {
  return {
    mac: row.mac,
    ifname: dev === undefined ? row.dev : undefined,
    dst: row.dst,
    port: row.port,
    vni: row.vni,
    flags: row.self ? ["self"] : [],
    master: row.master,
    state: row.state,
  }
}

function fdbChange(words: Words, options: IpOptions, mode: FdbMode | "delete"): string {
  let dev: NetDevice | undefined
  let text: string | undefined
  let destination: number | undefined
  let port = 0
  let vni = 0
  let permanent = true
  let master = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") dev = deviceOrFail(options.net, words.next(), 255)
    else if (word === "dst") {
      const address = words.next()
      destination = parseIpv4(address) ?? fail(`Error: inet address is expected rather than "${address}".`, 1)
    } else if (word === "port") port = Number(words.next())
    else if (word === "vni") vni = Number(words.next())
    else if (word === "self") master = false
    else if (word === "master") master = true
    else if (word === "permanent" || word === "local") permanent = true
    else if (word === "static" || word === "temp" || word === "dynamic") permanent = false
    else if (["router", "use", "extern_learn", "sticky", "vlan", "via", "src_vni", "nhid"].includes(word))
      fail(`bridge: podwire does not support 'fdb … ${word}'`, 255)
    else text = word
  }
  if (dev === undefined || text === undefined) return fail("Device and address are required arguments.", 255)
  const mac = parseMac(text) ?? fail(`Invalid mac address ${text}`, 255)
  const spec = {
    mac,
    port,
    vni,
    permanent,
    master,
    origin: "bridge fdb",
    ...(destination === undefined ? {} : { destination }),
  }
  check(mode === "delete" ? fdbDel(dev, mac, master) : fdbAdd(dev, spec, mode), 255)
  return ""
}

function linkShow(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  for (let word = words.take(); word !== undefined; word = words.take())
    dev = deviceOrFail(options.net, word === "dev" ? words.next() : word, 255)
  const ports = options.net.devices.filter((d) => d.port !== undefined && (dev === undefined || d === dev))
  if (options.json) return renderJson(ports.map((port) => linkJson(port, options)) as Json, options.pretty)
  return ports.map((port) => linkText(port, options)).join("")
}

/** `bridge link set`: the port flags the kernel model has; the rest is refused by name. */
function linkSet(words: Words, options: IpOptions): string {
  let dev: NetDevice | undefined
  const changes: ((port: NonNullable<NetDevice["port"]>) => void)[] = []
  const onOff = (name: string): boolean => {
    const word = words.next()
    if (word !== "on" && word !== "off")
      fail(`Error: argument of "${name}" must be one of "off", "on", not "${word}"`, 234)
    return word === "on"
  }
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") {
      const name = words.next()
      dev = options.net.device(name) ?? fail(`Cannot find bridge device "${name}"`, 255)
    } else if (word === "hairpin" || word === "learning" || word === "flood" || word === "isolated") {
      const flag = word
      const value = onOff(word)
      changes.push((port) => {
        port[flag] = value
      })
    } else if (LINK_SET_REFUSED.has(word)) fail(`bridge: podwire does not support 'link set ${word}'`, 255)
    else fail(BRIDGE_USAGE.link.trimEnd(), 255)
  }
  if (dev === undefined) return fail("Device is a required argument.", 255)
  const port = dev.port ?? fail("RTNETLINK answers: Operation not supported", 255)
  for (const apply of changes) apply(port)
  return ""
}

const LINK_SET_REFUSED: ReadonlySet<string> = new Set(
  "cost priority state guard root_block fastleave mcast_flood bcast_flood mcast_router mcast_to_unicast neigh_suppress vlan_tunnel locked hwmode backup_port nobackup_port self master".split(
    " ",
  ),
)

/** The tool looks the peer's index up in its own namespace: a real quirk, kept. */
function peerName(dev: NetDevice): string {
  if (dev.link === undefined) return ""
  return `@${dev.net.deviceByIndex(dev.link.ifindex)?.name ?? `if${dev.link.ifindex}`}`
}

function linkText(dev: NetDevice, options: IpOptions): string {
  const port = dev.port as NonNullable<NetDevice["port"]>
  const on = (value: boolean): string => (value ? "on" : "off")
  const line = `${dev.ifindex}: ${dev.name}${peerName(dev)}: <${flagNames(dev).join(",")}> mtu ${dev.mtu} master ${port.bridge.dev.name} state ${port.forwarding ? "forwarding" : "disabled"} priority 32 cost 2 \n`
  if (!options.details) return line
  return `${line}    hairpin ${on(port.hairpin)} guard off root_block off fastleave off learning ${on(port.learning)} flood ${on(port.flood)} mcast_flood on bcast_flood on mcast_router 1 mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated ${on(port.isolated)} locked off \n`
}

function linkJson(dev: NetDevice, options: IpOptions): Json {
  const port = dev.port as NonNullable<NetDevice["port"]>
  const details = {
    hairpin: port.hairpin,
    guard: false,
    root_block: false,
    fastleave: false,
    learning: port.learning,
    flood: port.flood,
    mcast_flood: true,
    bcast_flood: true,
    mcast_router: 1,
    mcast_to_unicast: false,
    neigh_suppress: false,
    vlan_tunnel: false,
    isolated: port.isolated,
    locked: false,
  }
  return {
    ifindex: dev.ifindex,
    link: dev.link === undefined ? undefined : (dev.net.deviceByIndex(dev.link.ifindex)?.name ?? undefined),
    ifname: dev.name,
    flags: flagNames(dev),
    mtu: dev.mtu,
    master: port.bridge.dev.name,
    state: port.forwarding ? "forwarding" : "disabled",
    priority: 32,
    cost: 2,
    ...(options.details ? details : {}),
  }
}

type Handler = (words: Words, options: IpOptions) => string

const FDB: readonly (readonly [string, Handler])[] = [
  ["add", (words, options) => fdbChange(words, options, "add")],
  ["append", (words, options) => fdbChange(words, options, "append")],
  ["replace", (words, options) => fdbChange(words, options, "replace")],
  ["delete", (words, options) => fdbChange(words, options, "delete")],
  ["show", fdbShow],
  ["lst", fdbShow],
  ["list", fdbShow],
]
const LINK: readonly (readonly [string, Handler])[] = [
  ["set", linkSet],
  ["show", linkShow],
  ["lst", linkShow],
  ["list", linkShow],
]

function object(
  name: "link" | "fdb",
  table: readonly (readonly [string, Handler])[],
): (args: readonly string[], options: IpOptions) => string {
  return (args, options) => {
    const words = new Words(args)
    const command = words.take() ?? "show"
    if (command === "help") fail(BRIDGE_USAGE[name].trimEnd(), 255)
    const handler = pick(command, table)
    return handler === undefined
      ? fail(`Command "${command}" is unknown, try "bridge ${name} help".`, 255)
      : handler(words, options)
  }
}

const OBJECTS: readonly (readonly [string, (args: readonly string[], options: IpOptions) => string])[] = [
  ["link", object("link", LINK)],
  ["fdb", object("fdb", FDB)],
  ["mdb", () => fail("bridge: podwire does not support object 'mdb'", 255)],
  ["vlan", () => fail("bridge: podwire does not support object 'vlan'", 255)],
  ["vni", () => fail("bridge: podwire does not support object 'vni'", 255)],
  ["monitor", () => fail("bridge: podwire does not support object 'monitor'", 255)],
]

function run(proc: Process): string {
  const options: IpOptions = {
    json: false,
    pretty: false,
    details: false,
    statistics: false,
    brief: false,
    oneline: false,
    family: "bridge",
    net: proc.net,
    proc,
  }
  let at = 1
  for (; proc.argv[at]?.startsWith("-") === true; at++) {
    const word = proc.argv[at] as string
    if (word === "-j" || word === "-json") options.json = true
    else if (word === "-p" || word === "-pretty") options.pretty = true
    else if (word === "-d" || word === "-details") options.details = true
    else if (word === "-s" || word === "-statistics") options.statistics = true
    else if (word === "-V" || word === "-Version") return "bridge utility, 6.1.0\n"
    else if (word === "-help") fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
    else fail(`Option "${word}" is unknown, try "bridge help".`, 255)
  }
  const name = proc.argv[at] ?? fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
  if (name === "help") fail(BRIDGE_USAGE.bridge.trimEnd(), 255)
  const handler = pick(name, OBJECTS) ?? fail(`Object "${name}" is unknown, try "bridge help".`, 255)
  return handler(proc.argv.slice(at + 1), options)
}

export const bridge: Tool = defineTool("bridge", async (proc) => {
  try {
    await proc.out(run(proc))
    return 0
  } catch (thrown) {
    if (!(thrown instanceof IpError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})
