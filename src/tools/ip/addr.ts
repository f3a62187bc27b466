/** ip address. Models iproute2 ip/ipaddress.c. */

import { RouteScope } from "../../linux/fib/route.ts"
import type { InterfaceAddress, NetDevice } from "../../linux/netdev.ts"
import { addrAdd, addrDel } from "../../linux/rtnetlink/addr.ts"
import { formatIpv4, netmask, parseIpv4, parsePrefix } from "../../wire/address.ts"
import { check, deviceOrFail, fail, type IpOptions, type Json, pick, renderJson, Words } from "../iproute.ts"
import { briefStart, linkJson, linkText } from "./link-view.ts"
import { select } from "./select.ts"

const SCOPES: readonly (readonly [string, number])[] = [
  ["global", RouteScope.UNIVERSE],
  ["site", RouteScope.SITE],
  ["link", RouteScope.LINK],
  ["host", RouteScope.HOST],
]
export const scopeName = (scope: number): string => SCOPES.find(([, value]) => value === scope)?.[0] ?? String(scope)

type Handler = (words: Words, options: IpOptions) => string

const COMMANDS: readonly (readonly [string, Handler])[] = [
  ["add", (words, options) => change(words, options, "add")],
  ["change", (words, options) => change(words, options, "replace")],
  ["chg", (words, options) => change(words, options, "replace")],
  ["replace", (words, options) => change(words, options, "replace")],
  ["delete", remove],
  ["show", show],
  ["list", show],
  ["lst", show],
  ["flush", flush],
]

export function ipAddr(args: readonly string[], options: IpOptions): string {
  const words = new Words(args)
  const command = words.take() ?? "show"
  const handler = pick(command, COMMANDS)
  return handler === undefined
    ? fail(`Command "${command}" is unknown, try "ip address help".`, 255)
    : handler(words, options)
}

function show(words: Words, options: IpOptions): string {
  const selection = select(words, options)
  const withAddress = options.family !== "inet" || options.details
  const shown = (dev: NetDevice): readonly InterfaceAddress[] =>
    dev.addresses.filter(
      (ifa) =>
        (selection.scope === undefined || scopeName(ifa.scope) === selection.scope) &&
        (selection.label === undefined || ifa.label === selection.label),
    )
  // A family or a filter hides devices that have nothing to show.
  const filtered = options.family === "inet" || selection.scope !== undefined || selection.label !== undefined
  const devices =
    options.family === "inet6" ? [] : selection.devices.filter((dev) => !filtered || shown(dev).length > 0)
  if (options.json) return devicesJson(devices, shown, options, withAddress)
  if (options.brief)
    return devices
      .map(
        (dev) =>
          `${briefStart(dev)}${shown(dev)
            .map((ifa) => `${formatIpv4(ifa.address)}/${ifa.prefixLength} `)
            .join("")}\n`,
      )
      .join("")
  if (options.oneline)
    return devices
      .flatMap((dev) => shown(dev).map((ifa) => `${dev.ifindex}: ${dev.name}    ${addressText(ifa, "\\")}\n`))
      .join("")
  return devices
    .map(
      (dev) =>
        linkText(dev, options, false, withAddress) +
        shown(dev)
          .map((ifa) => `    ${addressText(ifa, "\n")}\n`)
          .join(""),
    )
    .join("")
}

function addressText(ifa: InterfaceAddress, eol: string): string {
  const peer =
    ifa.peer === ifa.address
      ? `${formatIpv4(ifa.address)}/${ifa.prefixLength}`
      : `${formatIpv4(ifa.address)} peer ${formatIpv4(ifa.peer)}/${ifa.prefixLength}`
  const broadcast = ifa.broadcast === 0 ? "" : ` brd ${formatIpv4(ifa.broadcast)}`
  const flags = `${ifa.secondary ? " secondary" : ""}${ifa.noPrefixRoute ? " noprefixroute" : ""}`
  return `inet ${peer}${broadcast} scope ${scopeName(ifa.scope)}${flags} ${ifa.label}${eol}       valid_lft forever preferred_lft forever`
}

function devicesJson(
  devices: readonly NetDevice[],
  shown: (dev: NetDevice) => readonly InterfaceAddress[],
  options: IpOptions,
  withAddress: boolean,
): string {
  const entries = devices.map((dev) => ({
    ...(options.brief ? { ifname: dev.name, operstate: dev.operstate } : linkJson(dev, options, false, withAddress)),
    addr_info: shown(dev).map((ifa) => addressJson(ifa, options.brief)),
  }))
  return renderJson(entries as Json, options.pretty)
}

function addressJson(ifa: InterfaceAddress, brief: boolean): Json {
  const local = { local: formatIpv4(ifa.address), prefixlen: ifa.prefixLength }
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
  broadcast: number
  scope: number | undefined
  label: string | undefined
  noPrefixRoute: boolean
  explicitLength: boolean
}

/** Reads `ADDR/LEN [brd +|ADDR] [dev D] [scope S] [label L] [noprefixroute]`. */
function readAddress(words: Words, options: IpOptions): AddressWords {
  let text: string | undefined
  let device: string | undefined
  let brd: string | undefined
  let scope: number | undefined
  let label: string | undefined
  let noPrefixRoute = false
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === "dev") device = words.next()
    else if (word === "brd" || word === "broadcast") brd = words.next()
    else if (word === "scope") {
      const name = words.next()
      scope =
        SCOPES.find(([known]) => known === name)?.[1] ??
        fail(`Error: argument "${name}" is wrong: invalid scope value.\n`, 255)
    } else if (word === "label") label = words.next()
    else if (word === "noprefixroute") noPrefixRoute = true
    else if (
      [
        "peer",
        "remote",
        "anycast",
        "metric",
        "valid_lft",
        "preferred_lft",
        "home",
        "nodad",
        "mngtmpaddr",
        "autojoin",
      ].includes(word)
    )
      fail(`ip: podwire does not support '${word}' here`, 255)
    else if (word === "local") text = words.next()
    else {
      if (text !== undefined) fail(`Error: either "local" is duplicate, or "${word}" is a garbage.`, 255)
      text = word
    }
  }
  const prefix = text === undefined ? undefined : parsePrefix(text)
  if (text !== undefined && prefix === undefined) fail(`Error: any valid prefix is expected rather than "${text}".`, 1)
  if (device === undefined) fail('Not enough information: "dev" argument is required.', 1)
  const dev = deviceOrFail(options.net, device as string)
  if (prefix === undefined) return fail('Not enough information: "local" argument is required.', 1)
  return {
    dev,
    address: prefix.address,
    prefixLength: prefix.length,
    broadcast: broadcastOf(brd, prefix.address, prefix.length),
    scope,
    label,
    noPrefixRoute,
    explicitLength: text?.includes("/") === true,
  }
}

function broadcastOf(brd: string | undefined, address: number, length: number): number {
  if (brd === undefined || brd === "-") return 0
  if (brd === "+") return length > 30 ? 0 : (address | ~netmask(length)) >>> 0
  return parseIpv4(brd) ?? fail(`Error: inet address is expected rather than "${brd}".`, 1)
}

function change(words: Words, options: IpOptions, mode: "add" | "replace"): string {
  const spec = readAddress(words, options)
  if (mode === "replace") addrDel(spec.dev, spec.address, spec.prefixLength)
  const { dev, scope, label, ...rest } = spec
  // Loopback addresses are host-scoped unless said otherwise (default_scope).
  const chosen = scope ?? (spec.address >>> 24 === 127 ? RouteScope.HOST : RouteScope.UNIVERSE)
  check(addrAdd(dev, { ...rest, scope: chosen, ...(label === undefined ? {} : { label }), origin: "ip address" }))
  return ""
}

function remove(words: Words, options: IpOptions): string {
  const spec = readAddress(words, options)
  check(addrDel(spec.dev, spec.address, spec.explicitLength ? spec.prefixLength : undefined))
  return ""
}

function flush(words: Words, options: IpOptions): string {
  if (words.left === 0) fail("Flush requires arguments.", 1)
  const selection = select(words, options)
  for (const dev of selection.devices)
    for (const ifa of [...dev.addresses])
      if (selection.scope === undefined || scopeName(ifa.scope) === selection.scope)
        addrDel(dev, ifa.address, ifa.prefixLength)
  return ""
}
