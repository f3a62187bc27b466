/** Which device and address Flannel uses towards the other nodes. Models pkg/ipmatch/match.go. */

import { RouteType } from "../../linux/fib/route.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { formatIpv4, isLoopback, parseIpv4 } from "../../wire/address.ts"
import type { Flags } from "./flags.ts"

export interface ExternalInterface {
  readonly dev: NetDevice
  readonly address: number
  readonly publicIp: string
}

export type Log = (level: "I" | "W" | "E", place: string, text: string) => Promise<void>

const UNICAST_FIRST = 0xe0000000

/** The first global unicast address. */
function firstAddress(dev: NetDevice): number | undefined {
  return dev.addresses
    .map((ifa) => ifa.address)
    .find((address) => !isLoopback(address) && address < UNICAST_FIRST && address >>> 16 !== 0xa9fe)
}

/** The interface, or the text that ends the program. */
export async function findInterface(
  net: NetNamespace,
  flags: Flags,
  publicIp: string,
  log: Log,
): Promise<ExternalInterface | string> {
  if (flags.iface.length === 0 && flags.ifaceRegex.length === 0 && flags.ifaceCanReach === "") {
    const found = publicIp === "" ? await defaultInterface(net, log) : await namedInterface(net, publicIp, log)
    const result = typeof found === "string" ? found : await complete(found, publicIp, log)
    return typeof result === "string" ? `main.go:314|Failed to find any valid interface to use: ${result}` : result
  }
  for (const name of flags.iface) {
    const found = await namedInterface(net, name, log)
    const result = typeof found === "string" ? found : await complete(found, publicIp, log)
    if (typeof result !== "string") return result
    await log("I", "main.go:322", `Could not find valid interface matching ${name}: ${result}`)
  }
  for (const pattern of flags.ifaceRegex) {
    const found = matchingInterface(net, pattern)
    const result = typeof found === "string" ? found : await complete(found, publicIp, log)
    if (typeof result !== "string") return result
    await log("I", "main.go:335", `Could not find valid interface matching ${pattern}: ${result}`)
  }
  if (flags.ifaceCanReach !== "") {
    const found = await reachingInterface(net, flags.ifaceCanReach, log)
    const result = typeof found === "string" ? found : await complete(found, publicIp, log)
    if (typeof result !== "string") return result
    await log(
      "I",
      "main.go:347",
      `Could not find valid interface matching ifaceCanReach: ${flags.ifaceCanReach}: ${result}`,
    )
  }
  return "main.go:353|Failed to find interface to use that matches the interfaces and/or regexes provided"
}

type Found = { dev: NetDevice; address?: number }

async function defaultInterface(net: NetNamespace, log: Log): Promise<Found | string> {
  await log("I", "match.go:211", "Determining IP address of default interface")
  const route = net.fib.routes.find((r) => r.prefixLength === 0 && r.type === RouteType.UNICAST && r.dev !== undefined)
  return route?.dev === undefined ? "failed to get default interface: unable to find default route" : { dev: route.dev }
}

async function namedInterface(net: NetNamespace, name: string, log: Log): Promise<Found | string> {
  await log("I", "match.go:74", `Searching for interface using ${name}`)
  const address = parseIpv4(name)
  if (address !== undefined) {
    const dev = net.devices.find((candidate) => candidate.addresses.some((ifa) => ifa.address === address))
    return dev === undefined ? `error looking up interface ${name}: no interface with given IP found` : { dev, address }
  }
  const dev = net.device(name)
  return dev === undefined ? `error looking up interface ${name}: route ip+net: no such network interface` : { dev }
}

/** Addresses first, names second. */
function matchingInterface(net: NetNamespace, pattern: string): Found | string {
  const regex = new RegExp(pattern)
  for (const dev of net.devices)
    for (const { address } of dev.addresses) if (regex.test(formatIpv4(address))) return { dev, address }
  const dev = net.devices.find((candidate) => regex.test(candidate.name))
  if (dev !== undefined) return { dev }
  const faces = net.devices.map(
    (candidate) => `${candidate.name}:[${candidate.addresses.map((ifa) => formatIpv4(ifa.address)).join(" ")}]`,
  )
  return `Could not match pattern ${pattern} to any of the available network interfaces (${faces.join(", ")})`
}

async function reachingInterface(net: NetNamespace, target: string, log: Log): Promise<Found | string> {
  await log("I", "match.go:206", `Determining interface to use based on given ifcanreach: ${target}`)
  const way = net.fib.lookup(parseIpv4(target) ?? 0)
  return way?.dev === undefined
    ? "failed to get ifcanreach based interface: failed to get route info: network is unreachable"
    : { dev: way.dev }
}

async function complete({ dev, address }: Found, publicIp: string, log: Log): Promise<ExternalInterface | string> {
  const own = address ?? firstAddress(dev)
  if (own === undefined) return `failed to find IPv4 address for interface ${dev.name}`
  await log("I", "match.go:269", `Using interface with name ${dev.name} and address ${formatIpv4(own)}`)
  if (publicIp !== "") {
    if (parseIpv4(publicIp) === undefined) return `invalid public IP address: ${publicIp}`
    await log("I", "match.go:287", `Using ${publicIp} as external address`)
    return { dev, address: own, publicIp }
  }
  await log("I", "match.go:291", `Defaulting external address to interface address (${formatIpv4(own)})`)
  return { dev, address: own, publicIp: formatIpv4(own) }
}
