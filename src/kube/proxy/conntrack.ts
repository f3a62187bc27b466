/** Datagrams have no connections, but the kernel remembers where it sent them: what is out of date is forgotten. Models pkg/proxy/conntrack/cleanup.go. */
import type { NfConn } from "../../linux/netfilter/conntrack/entry.ts"
import { netfilterOf } from "../../linux/netfilter/netfilter.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { IpProtocol } from "../../wire/ipv4.ts"
import type { ServicePort } from "./service-port.ts"

const isUdp = ({ protocol }: ServicePort): boolean => protocol === "udp"
const ready = (port: ServicePort): string[] =>
  port.endpoints.filter((endpoint) => endpoint.ready).map((endpoint) => endpoint.ip)

/** After the rules have changed: entries of endpoints that went, and of Services that had none before. */
export function forgetStale(net: NetNamespace, before: readonly ServicePort[], after: readonly ServicePort[]): void {
  const now = new Map(after.filter(isUdp).map((port) => [port.name, port]))
  const then = new Map(before.filter(isUdp).map((port) => [port.name, port]))
  const stale: ((ct: NfConn) => boolean)[] = []
  for (const port of then.values()) {
    const left = new Set(ready(now.get(port.name) ?? { ...port, endpoints: [] }))
    for (const ip of ready(port).filter((address) => !left.has(address))) stale.push(ledTo(port, ip))
  }
  for (const port of now.values()) {
    const old = then.get(port.name)
    if (ready(port).length > 0 && old !== undefined && ready(old).length === 0) stale.push(askedFor(port))
  }
  if (stale.length === 0) return
  const { conntrack } = netfilterOf(net)
  for (const ct of conntrack.entries())
    if (ct.original.protocol === IpProtocol.UDP && stale.some((matches) => matches(ct))) conntrack.kill(ct)
}

/** Traffic for a port, by any of its addresses. */
function askedFor(port: ServicePort): (ct: NfConn) => boolean {
  const addresses = new Set([port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs].map(parseIpv4))
  return ({ original }) =>
    addresses.has(original.destination) || (port.nodePort !== 0 && original.destinationPort === port.nodePort)
}

/** The same, when it was sent to this endpoint. */
function ledTo(port: ServicePort, ip: string): (ct: NfConn) => boolean {
  const asked = askedFor(port)
  const address = parseIpv4(ip)
  return (ct) => asked(ct) && ct.reply.source === address
}
