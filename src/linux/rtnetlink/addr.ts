/** Addresses: RTM_NEWADDR, RTM_DELADDR. Models net/ipv4/devinet.c. */
import { networkOf } from "../../wire/address.ts"
import { RouteScope } from "../fib/route.ts"
import { arpAnnounce } from "../neigh/arp-send.ts"
import type { InterfaceAddress, NetDevice } from "../netdev.ts"
import { type NetlinkError, refuse } from "./error.ts"
import { fibAddInterfaceAddress, fibDelInterfaceAddress } from "./fib-frontend.ts"

export interface AddrSpec {
  address: number
  prefixLength: number
  /** 0 (absent): none, as netlink has it; iproute2's `brd +` computes it. */
  broadcast?: number
  scope?: number
  label?: string
  peer?: number
  noPrefixRoute?: boolean
  origin?: string
}

/** One line to copy: `addrAdd(dev, { address: ipv4("10.244.1.0"), prefixLength: 32 })`. */
export function addrAdd(dev: NetDevice, spec: AddrSpec): NetlinkError | undefined {
  if (spec.prefixLength < 0 || spec.prefixLength > 32) return refuse("EINVAL", "ipv4: Invalid prefix length")
  if (dev.addresses.some((ifa) => ifa.address === spec.address && ifa.prefixLength === spec.prefixLength))
    return refuse("EEXIST", "ipv4: Address already assigned")
  const network = networkOf(spec.address, spec.prefixLength)
  const secondary =
    spec.prefixLength < 32 &&
    dev.addresses.some(
      (ifa) => ifa.prefixLength === spec.prefixLength && networkOf(ifa.address, ifa.prefixLength) === network,
    )
  const ifa: InterfaceAddress = {
    address: spec.address,
    prefixLength: spec.prefixLength,
    broadcast: spec.broadcast ?? 0,
    scope: spec.scope ?? RouteScope.UNIVERSE,
    label: spec.label ?? dev.name,
    secondary,
    peer: spec.peer ?? spec.address,
    noPrefixRoute: spec.noPrefixRoute ?? false,
    origin: spec.origin,
  }
  dev.addresses.push(ifa)
  fibAddInterfaceAddress(dev, ifa)
  // Addresses are part of what route lookups answer: the source.
  dev.net.fib.touch()
  if (dev.up && dev.arpNotify) arpAnnounce(dev, ifa.address)
  dev.net.kernel.notify(dev.net, "addr")
  return undefined
}

export function addrDel(dev: NetDevice, address: number, prefixLength: number | undefined): NetlinkError | undefined {
  const at = dev.addresses.findIndex(
    (ifa) => ifa.address === address && (prefixLength === undefined || ifa.prefixLength === prefixLength),
  )
  if (at < 0) return refuse("EADDRNOTAVAIL", "ipv4: Address not found")
  const [ifa] = dev.addresses.splice(at, 1) as [InterfaceAddress]
  fibDelInterfaceAddress(dev, ifa)
  if (!ifa.secondary) dropSecondaries(dev, ifa)
  dev.net.fib.touch()
  dev.net.kernel.notify(dev.net, "addr")
  return undefined
}

/** With promote_secondaries off, a primary address takes its secondaries along. */
function dropSecondaries(dev: NetDevice, primary: InterfaceAddress): void {
  const network = networkOf(primary.address, primary.prefixLength)
  for (const ifa of [...dev.addresses]) {
    if (!ifa.secondary || ifa.prefixLength !== primary.prefixLength) continue
    if (networkOf(ifa.address, ifa.prefixLength) !== network) continue
    dev.addresses.splice(dev.addresses.indexOf(ifa), 1)
    fibDelInterfaceAddress(dev, ifa)
  }
}
