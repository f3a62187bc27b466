/** What one merged filter puts into a policy map, and asks of a proxy. */
import type { NamedPorts, RedirectId } from "./api.ts"
import { type L4Filter, type PerSelector, proxyPriority } from "./l4-filter.ts"
import type { MapEntry } from "./map-state.ts"
import { portBlocks } from "./policy-key.ts"
import type { PortSpec } from "./rule.ts"
import { WILDCARD } from "./selector.ts"

/** Filters whose port depends on who the peer is have no entry for any identity. */
export function isPerPeer({ direction, spec }: L4Filter): boolean {
  return spec.name !== undefined && direction === "egress"
}

/** A named port is the subject's own on ingress, the peer's on egress. */
export function filterPorts(
  { direction, spec }: L4Filter,
  subject: NamedPorts | undefined,
  peer: NamedPorts | undefined,
): PortSpec[] {
  if (spec.name === undefined) return [spec]
  const ports = (direction === "ingress" ? subject : peer)?.get(`${spec.name}/${spec.protocol}`)
  return (ports ?? []).map((port) => ({ protocol: spec.protocol, port, endPort: port }))
}

/** An entry that says of some peers what another of the port says of all of them is left out (l4.go toMapState). */
export function isImplied(filter: L4Filter, policy: PerSelector): boolean {
  const any = filter.perSelector.get(WILDCARD.text)
  if (any === undefined || any === policy || (filter.spec.port === 0 && filter.spec.name === undefined)) return false
  return comparable(any) === comparable(policy)
}

function comparable({ deny, parser, priority, listener, http, dns, serverNames, auth }: PerSelector): string {
  return JSON.stringify([deny, parser, priority, listener, http, dns, serverNames, auth])
}

export function* mapEntries(
  identities: Iterable<number>,
  filter: L4Filter,
  policy: PerSelector,
  spec: PortSpec,
  proxyPort: number,
): Generator<MapEntry> {
  const blocks = portBlocks(spec.protocol, spec.port, spec.endPort)
  const priority = proxyPriority(policy)
  for (const identity of identities)
    for (const { prefixLength, protocol, port } of blocks)
      yield {
        identity,
        direction: filter.direction,
        prefixLength,
        protocol,
        port,
        deny: policy.deny,
        proxyPort,
        proxyPriority: priority,
        auth: policy.auth ?? "disabled",
        explicitAuth: policy.auth !== undefined,
        rules: policy.rules,
        labels: policy.labels,
        packets: 0,
        bytes: 0,
      }
}

export function redirectId(
  { direction, spec: { name } }: L4Filter,
  { parser, listener }: PerSelector,
  spec: PortSpec,
): RedirectId {
  return {
    direction,
    parser: parser ?? "http",
    protocol: spec.protocol,
    port: spec.port,
    endPort: spec.endPort,
    ...(listener === undefined ? {} : { listener }),
    ...(name === undefined ? {} : { name }),
  }
}

/** A named port of egress is one redirect, whatever number a peer gives it. */
export function redirectKey({ direction, parser, protocol, port, endPort, listener, name }: RedirectId): string {
  const ports = name !== undefined && direction === "egress" ? name : `${port}-${endPort}`
  return `${direction} ${protocol} ${ports} ${parser} ${listener ?? ""}`
}
