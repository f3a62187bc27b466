/**
 * Verdicts as the Kubernetes API documents them, whoever implements it: NetworkPolicy, and the ordered tiers around it. Unlike Cilium,
 * an address block takes in the pods whose addresses lie in it.
 */
import { prefixCovers } from "./cidr.ts"
import type { LabelSet } from "./labels.ts"
import { ADMIN_KINDS, parseAdminPolicy } from "./parse/admin-policy.ts"
import type { PolicyObject } from "./parse/cilium-policy.ts"
import type { Peer } from "./peer.ts"
import { portsMatch } from "./port-match.ts"
import type { Direction, PortSpec, Rule, RuleEntry, RuleRef } from "./rule.ts"
import type { Selector } from "./selector.ts"
import { domainMatches, namespacesAgree, type TierEntry, type TierPeer, type TierPolicy, tierOrder } from "./tiers.ts"
import { combine, type FlowPort, type MissedRule, type SideVerdict, type Verdict } from "./verdict.ts"

export class KubernetesEvaluator {
  readonly #rules: readonly Rule[]
  readonly #admin: readonly TierPolicy[]
  readonly #baseline: readonly TierPolicy[]

  /** Of `objects` it takes the AdminNetworkPolicies, BaselineAdminNetworkPolicies and ClusterNetworkPolicies. */
  constructor(rules: readonly Rule[], objects: readonly PolicyObject[] = []) {
    const kinds: readonly string[] = ADMIN_KINDS
    const tiers = objects.filter(({ kind }) => kinds.includes(kind)).map(parseAdminPolicy)
    this.#rules = rules
    this.#admin = tierOrder(tiers, "admin")
    this.#baseline = tierOrder(tiers, "baseline")
  }

  lookup(from: Peer, to: Peer, flow: FlowPort): Verdict {
    // A pod cannot block itself.
    if (from === to) return { verdict: "allow", reason: 0 }
    const egress = from.endpoint ? this.#side(from, to, "egress", flow) : undefined
    const ingress = to.endpoint ? this.#side(to, from, "ingress", flow) : undefined
    return combine(egress, ingress)
  }

  #side(subject: Peer, peer: Peer, direction: Direction, flow: FlowPort): SideVerdict {
    const admin = firstMatch(this.#admin, subject, peer, direction, flow)
    if (admin !== undefined && admin.entry.action !== "pass") return decided(direction, admin.entry, admin.ref)
    // Traffic to and from a pod's own node is always allowed, as far as NetworkPolicy goes.
    if (ownNode(subject, peer)) return allowed(direction)
    const rules = this.#rules.filter((rule) => rule.enableDefaultDeny[direction] && selects(rule.subject, subject))
    if (rules.length > 0) return isolated(rules, subject, peer, direction, flow)
    const baseline = firstMatch(this.#baseline, subject, peer, direction, flow)
    if (baseline !== undefined) return decided(direction, baseline.entry, baseline.ref)
    return allowed(direction)
  }
}

function allowed(direction: Direction): SideVerdict {
  return { direction, enforced: false, verdict: "allow", reason: 0, match: "all", rules: [], isolating: [], missed: [] }
}

function ownNode(subject: Peer, peer: Peer): boolean {
  return peer.host === true && peer.node !== undefined && peer.node === subject.node
}

function selects(selector: Selector, subject: Peer): boolean {
  return selector.matches(labelsOf(subject))
}

function labelsOf(peer: Peer): LabelSet {
  return peer.podLabels ?? peer.labels
}

interface TierMatch {
  readonly entry: TierEntry
  readonly ref: RuleRef
}

function firstMatch(
  policies: readonly TierPolicy[],
  subject: Peer,
  peer: Peer,
  direction: Direction,
  flow: FlowPort,
): TierMatch | undefined {
  for (const policy of policies) {
    if (!selects(policy.subject, subject)) continue
    for (const entry of policy.entries) {
      if (entry.direction !== direction || !served(entry.ports, subject, peer, direction, flow)) continue
      if (entry.peers.some((wanted) => tierPeerMatches(wanted, subject, peer)))
        return { entry, ref: { origin: policy.ref.origin, path: entry.path } }
    }
  }
  return undefined
}

function tierPeerMatches(wanted: TierPeer, subject: Peer, peer: Peer): boolean {
  if (wanted.domainNames !== undefined) return domainMatches(wanted.domainNames, peer.names ?? [])
  if (wanted.nodes === true) return peer.nodeLabels !== undefined && wanted.selector.matches(peer.nodeLabels)
  return peerMatches(wanted.selector, peer) && namespacesAgree(wanted, labelsOf(subject), labelsOf(peer))
}

function decided(direction: Direction, { action }: TierEntry, ref: RuleRef): SideVerdict {
  const deny = action === "deny"
  return {
    direction,
    enforced: true,
    verdict: deny ? "deny" : "allow",
    reason: deny ? 181 : 0,
    match: "L3-L4",
    rules: [ref],
    isolating: [],
    missed: [],
  }
}

function isolated(
  rules: readonly Rule[],
  subject: Peer,
  peer: Peer,
  direction: Direction,
  flow: FlowPort,
): SideVerdict {
  const allowing: RuleRef[] = []
  const missed: MissedRule[] = []
  for (const rule of rules)
    for (const entry of rule.entries) {
      if (entry.direction !== direction) continue
      const ref = { origin: rule.ref.origin, path: entry.path }
      const byPeer = entry.peers === undefined || entry.peers.some((selector) => peerMatches(selector, peer))
      const byPort = served(specsOf(entry), subject, peer, direction, flow)
      if (byPeer && byPort) allowing.push(ref)
      else missed.push({ rule: ref, peer: byPeer, port: byPort })
    }
  const allow = allowing.length > 0
  return {
    direction,
    enforced: true,
    verdict: allow ? "allow" : "deny",
    reason: allow ? 0 : 133,
    match: allow ? "L3-L4" : "none",
    rules: allowing,
    isolating: rules.map(({ ref }) => ref),
    missed: allow ? [] : missed,
  }
}

function specsOf({ ports }: RuleEntry): readonly PortSpec[] | undefined {
  return ports?.flatMap((rule) => rule.ports)
}

/** Address blocks by address, whoever has it; selectors only pods with a network of their own. */
function peerMatches(selector: Selector, peer: Peer): boolean {
  const { cidr } = selector
  if (cidr === undefined) return peer.endpoint && selects(selector, peer)
  return peer.addresses.some(
    (address) => prefixCovers(cidr.prefix, address) && !cidr.except.some((cut) => prefixCovers(cut, address)),
  )
}

/** Who serves the port: the one whose names count. */
function served(
  specs: readonly PortSpec[] | undefined,
  subject: Peer,
  peer: Peer,
  direction: Direction,
  flow: FlowPort,
): boolean {
  return portsMatch(specs, (direction === "ingress" ? subject : peer).namedPorts, flow.protocol, flow.port)
}
