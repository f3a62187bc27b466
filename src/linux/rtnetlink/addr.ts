/** Addresses: RTM_NEWADDR, RTM_DELADDR. Models net/ipv4/devinet.c. */
import { networkOf } from "../../wire/address.ts"
import { RouteScope } from "../fib/route.ts"
import { arpAnnounce } from "../neigh/arp-send.ts"
import type { InterfaceAddress, NetDevice } from "../netdev.ts"
import { type NetlinkError, refuse } from "./error.ts"
import { fibAddInterfaceAddress, fibDelInterfaceAddress, fibRoutesOf } from "./fib-frontend.ts"

export interface AddrSpec {
  address: number
  prefixLength: number
  /** 0 (absent): none, as netlink has it; iproute2's `brd +` computes it. */
  broadcast?: number
  scope?: number
  label?: string
  peer?: number
  noPrefixRoute?: boolean
  /** Of the connected route (0). */
  metric?: number
  origin?: string
}

/** One line to copy: `addrAdd(dev, { address: ipv4("10.244.1.0"), prefixLength: 32 })`. */
export function addrAdd(dev: NetDevice, spec: AddrSpec): NetlinkError | undefined {
  // No address at all: taken, and forgotten (inet_insert_ifa).
  if (spec.address === 0) return undefined
  const ifa = build(dev, spec)
  if ("errno" in ifa) return ifa
  const refused = insert(dev, ifa)
  if (refused !== undefined) return refused
  fibAddInterfaceAddress(dev, ifa)
  // Addresses are part of what route lookups answer: the source.
  dev.net.fib.touch()
  if (dev.up && dev.arpNotify) arpAnnounce(dev, ifa.address)
  dev.net.kernel.notify(dev.net, "addr")
  return undefined
}

function build(dev: NetDevice, spec: AddrSpec): InterfaceAddress | NetlinkError {
  if (spec.prefixLength < 0 || spec.prefixLength > 32) return refuse("EINVAL", "ipv4: Invalid prefix length")
  const peer = spec.peer ?? spec.address
  const network = networkOf(peer, spec.prefixLength)
  const secondary = dev.addresses.some((other) => sameNetwork(other, network, spec.prefixLength))
  return {
    address: spec.address,
    prefixLength: spec.prefixLength,
    broadcast: spec.broadcast ?? 0,
    scope: spec.scope ?? RouteScope.UNIVERSE,
    label: spec.label ?? dev.name,
    secondary,
    peer,
    noPrefixRoute: spec.noPrefixRoute ?? false,
    metric: spec.metric ?? 0,
    origin: spec.origin,
  }
}

const sameNetwork = (ifa: InterfaceAddress, network: number, prefixLength: number): boolean =>
  ifa.prefixLength === prefixLength && networkOf(ifa.peer, ifa.prefixLength) === network

/** The list holds primary addresses by scope, the nearest first, then the secondary ones. Models __inet_insert_ifa. */
function insert(dev: NetDevice, ifa: InterfaceAddress): NetlinkError | undefined {
  const network = networkOf(ifa.peer, ifa.prefixLength)
  let lastPrimary = 0
  for (const [i, other] of dev.addresses.entries()) {
    if (!other.secondary && ifa.scope <= other.scope) lastPrimary = i + 1
    if (!sameNetwork(other, network, ifa.prefixLength)) continue
    if (other.address === ifa.address) return refuse("EEXIST", "ipv4: Address already assigned")
    if (other.scope !== ifa.scope) return refuse("EINVAL", "ipv4: Invalid scope value")
  }
  dev.addresses.splice(ifa.secondary ? dev.addresses.length : lastPrimary, 0, ifa)
  return undefined
}

/** Deletes the first address that fits; `prefixLength` absent takes any, `peer` absent an address that is its own. */
export function addrDel(
  dev: NetDevice,
  address: number,
  prefixLength: number | undefined,
  peer?: number,
): NetlinkError | undefined {
  const ifa = dev.addresses.find(
    (other) =>
      other.address === address &&
      (prefixLength === undefined || other.prefixLength === prefixLength) &&
      (peer === undefined || networkOf(other.peer, other.prefixLength) === networkOf(peer, other.prefixLength)),
  )
  if (ifa === undefined) return refuse("EADDRNOTAVAIL", "ipv4: Address not found")
  if (!ifa.secondary) dropSecondaries(dev, ifa)
  drop(dev, ifa)
  dev.net.fib.touch()
  dev.net.kernel.notify(dev.net, "addr")
  return undefined
}

function drop(dev: NetDevice, ifa: InterfaceAddress): void {
  // Its routes are known by its primary: they are worked out before it leaves the list.
  const brought = fibRoutesOf(dev, ifa)
  dev.addresses.splice(dev.addresses.indexOf(ifa), 1)
  fibDelInterfaceAddress(dev, ifa, brought)
}

/** With promote_secondaries off, a primary address takes its secondaries along. */
function dropSecondaries(dev: NetDevice, primary: InterfaceAddress): void {
  const network = networkOf(primary.peer, primary.prefixLength)
  for (const ifa of [...dev.addresses])
    if (ifa.secondary && sameNetwork(ifa, network, primary.prefixLength)) drop(dev, ifa)
}
