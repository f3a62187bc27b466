/** ip address. Models iproute2 ip/ipaddress.c. */

import { RouteScope } from "../../linux/fib/route.ts"
import type { InterfaceAddress, NetDevice } from "../../linux/netdev.ts"
import { addrAdd, addrDel } from "../../linux/rtnetlink/addr.ts"
import { formatIpv4, netmask, networkOf } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, type Json, renderJson, type Words } from "../iproute.ts"
import { briefStart, linkJson, linkKeys, linkText } from "./link-view.ts"
import { readScope, scopeName } from "./scope.ts"
import { select } from "./select.ts"
import { refused, runSubcommand, type Subcommands } from "./subcommand.ts"
import { addressOrFail, flushReport, prefixOrFail, readMetric } from "./values.ts"

const COMMANDS: Subcommands = [
  ["add", (words, options) => change(words, options, "add")],
  ["change", (words, options) => change(words, options, "replace")],
  ["chg", (words, options) => change(words, options, "replace")],
  ["replace", (words, options) => change(words, options, "replace")],
  ["delete", remove],
  ["show", show],
  ["list", show],
  ["lst", show],
  ["flush", flush],
  ...refused("address", ["save", "restore", "showdump"]),
]

export function ipAddr(args: readonly string[], options: IpOptions): string {
  return runSubcommand("address", COMMANDS, args, options)
}

function show(words: Words, options: IpOptions): string {
  const selection = select(words, options, true)
  const inet = selection.inet || options.family === "inet"
  const shown = (dev: NetDevice): readonly InterfaceAddress[] => dev.addresses.filter(selection.accepts)
  // A device without an address that fits is left out; one without any address only when IPv4 was asked for. Models ipaddr_filter.
  const devices =
    options.family === "inet6"
      ? []
      : selection.devices.filter((dev) => shown(dev).length > 0 || (dev.addresses.length === 0 && !inet))
  const withAddress = !inet || options.details
  if (options.json) return devicesJson(devices, shown, options, withAddress)
  if (options.brief)
    return devices.map((dev) => `${briefStart(dev)}${shown(dev).map(briefAddress).join("")}\n`).join("")
  if (options.oneline)
    return devices
      .flatMap((dev) => shown(dev).map((ifa) => `${dev.ifindex}: ${dev.name}    ${addressText(ifa, "\\")}\n`))
      .join("")
  return devices
    .map(
      (dev) =>
        (selection.addressesOnly ? "" : linkText(dev, options, false, withAddress)) +
        shown(dev)
          .map((ifa) => `    ${addressText(ifa, "\n")}\n`)
          .join(""),
    )
    .join("")
}

/** `10.0.4.1 peer 10.0.4.2/32`. */
const localText = (ifa: InterfaceAddress): string =>
  ifa.peer === ifa.address
    ? `${formatIpv4(ifa.address)}/${ifa.prefixLength}`
    : `${formatIpv4(ifa.address)} peer ${formatIpv4(ifa.peer)}/${ifa.prefixLength}`

const metricText = (ifa: InterfaceAddress): string => (ifa.metric === 0 ? "" : ` metric ${ifa.metric}`)

const briefAddress = (ifa: InterfaceAddress): string => `${localText(ifa)}${metricText(ifa)} `

function addressText(ifa: InterfaceAddress, eol: string): string {
  const broadcast = ifa.broadcast === 0 ? "" : ` brd ${formatIpv4(ifa.broadcast)}`
  const flags = `${ifa.secondary ? " secondary" : ""}${ifa.noPrefixRoute ? " noprefixroute" : ""}`
  return `inet ${localText(ifa)}${metricText(ifa)}${broadcast} scope ${scopeName(ifa.scope)}${flags} ${ifa.label}${eol}       valid_lft forever preferred_lft forever`
}

function devicesJson(
  devices: readonly NetDevice[],
  shown: (dev: NetDevice) => readonly InterfaceAddress[],
  options: IpOptions,
  withAddress: boolean,
): string {
  const entries = devices.map((dev) => ({
    ...(options.brief
      ? { ...linkKeys(dev), ifname: dev.name, operstate: dev.operstate }
      : linkJson(dev, options, false, withAddress)),
    addr_info: shown(dev).map((ifa) => addressJson(ifa, options.brief)),
  }))
  return renderJson(entries as Json, options.pretty)
}

function addressJson(ifa: InterfaceAddress, brief: boolean): Json {
  const local = {
    local: formatIpv4(ifa.address),
    address: ifa.peer === ifa.address ? undefined : formatIpv4(ifa.peer),
    prefixlen: ifa.prefixLength,
    metric: ifa.metric === 0 ? undefined : ifa.metric,
  }
  if (brief) return local
  return {
    family: "inet",
    ...local,
    broadcast: ifa.broadcast === 0 ? undefined : formatIpv4(ifa.broadcast),
    scope: scopeName(ifa.scope),
    secondary: ifa.secondary ? true : undefined,
    noprefixroute: ifa.noPrefixRoute ? true : undefined,
    label: ifa.label,
    valid_life_time: 4294967295,
    preferred_life_time: 4294967295,
  }
}

interface AddressWords {
  dev: NetDevice
  address: number
  prefixLength: number
  peer: number
  broadcast: number
  scope: number | undefined
  label: string | undefined
  metric: number
  noPrefixRoute: boolean
  /** Said with a prefix length, or with a peer. */
  exact: boolean
}

const REFUSED: ReadonlySet<string> = new Set(
  "anycast valid_lft preferred_lft home nodad mngtmpaddr autojoin temporary proto".split(" "),
)

/** Reads `ADDR[/LEN] [peer ADDR[/LEN]] [brd +|-|ADDR] [dev D] [scope S] [label L] [metric M] [noprefixroute]`. Models ipaddr_modify. */
function readAddress(words: Words, options: IpOptions): AddressWords {
  let text: string | undefined
  let peerText: string | undefined
  let device: string | undefined
  let brd: string | undefined
  let scope: number | undefined
  let label: string | undefined
  let metric = 0
  let noPrefixRoute = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") device = words.next()
    else if (word === "peer" || word === "remote") peerText = words.next()
    else if (word === "brd" || word === "broadcast") brd = words.next()
    else if (word === "scope") scope = readScope(words.next(), "invalid scope value.")
    else if (word === "label") label = words.next()
    else if (word === "metric" || word === "priority" || word === "preference") metric = readMetric(words.next())
    else if (word === "noprefixroute") noPrefixRoute = true
    else if (REFUSED.has(word)) fail(`ip: podwire does not support '${word}' here`, 255)
    else {
      if (text !== undefined) fail(`Error: either "local" is duplicate, or "${word}" is a garbage.`, 255)
      text = word === "local" ? words.next() : word
    }
  }
  const local = text === undefined ? undefined : prefixOrFail(text)
  if (device === undefined) fail('Not enough information: "dev" argument is required.', 1)
  const dev = deviceOrFail(options.net, device as string)
  if (local === undefined) return fail("RTNETLINK answers: Operation not supported", 2)
  const peer = peerText === undefined ? undefined : prefixOrFail(peerText)
  const prefixLength = peer?.length ?? local.length
  return {
    dev,
    address: local.address,
    prefixLength,
    peer: peer?.address ?? local.address,
    broadcast: broadcastOf(brd, peer?.address ?? local.address, prefixLength),
    scope,
    label,
    metric,
    noPrefixRoute,
    exact: text?.includes("/") === true || peer !== undefined,
  }
}

/** `+` sets the host bits, `-` clears them: what the tool sends for each. */
function broadcastOf(brd: string | undefined, address: number, length: number): number {
  if (brd === undefined) return 0
  if (brd === "+" || brd === "-") {
    if (length > 30) return 0
    return brd === "+" ? (address | ~netmask(length)) >>> 0 : networkOf(address, length)
  }
  return addressOrFail(brd)
}

function change(words: Words, options: IpOptions, mode: "add" | "replace"): string {
  const { dev, scope, label, exact: _exact, ...rest } = readAddress(words, options)
  // Loopback addresses are host-scoped unless said otherwise (default_scope).
  const chosen = scope ?? (rest.address >>> 24 === 127 ? RouteScope.HOST : RouteScope.UNIVERSE)
  const known = dev.addresses.some(
    (ifa) =>
      ifa.address === rest.address &&
      ifa.prefixLength === rest.prefixLength &&
      networkOf(ifa.peer, ifa.prefixLength) === networkOf(rest.peer, ifa.prefixLength),
  )
  // An address that is there keeps what it was given at birth: only its lifetime and its metric could change.
  if (mode === "replace" && known) {
    if (rest.metric !== 0 || rest.noPrefixRoute)
      fail("ip: podwire does not support changing an address that exists", 255)
    return ""
  }
  check(addrAdd(dev, { ...rest, scope: chosen, ...(label === undefined ? {} : { label }), origin: "ip address" }))
  return ""
}

const WILDCARD = (text: string): string =>
  `Warning: Executing wildcard deletion to stay compatible with old scripts.
         Explicitly specify the prefix length (${text}/32) to avoid this warning.
         This special behaviour is likely to disappear in further releases,
         fix your scripts!
`

function remove(words: Words, options: IpOptions): string {
  const { dev, address, prefixLength, peer, exact } = readAddress(words, options)
  // Without a length any address fits that is in the same network as the one said, alone.
  check(addrDel(dev, address, exact ? prefixLength : undefined, exact ? peer : undefined))
  if (!exact) options.warn(WILDCARD(formatIpv4(address)))
  return ""
}

function flush(words: Words, options: IpOptions): string {
  if (words.left === 0) fail("Flush requires arguments.", 1)
  const selection = select(words, options, true)
  let count = 0
  for (const dev of selection.devices)
    for (const ifa of [...dev.addresses]) {
      if (!selection.accepts(ifa) || !dev.addresses.includes(ifa)) continue
      addrDel(dev, ifa.address, ifa.prefixLength, ifa.peer)
      count++
    }
  return flushReport(count, options, "addresses")
}
