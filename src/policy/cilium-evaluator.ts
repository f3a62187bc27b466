/** Verdicts as a Cilium cluster gives them, without packets: a repository, an identity for each set of labels, and lookups. */
import { DROP_POLICY, DROP_POLICY_AUTH_REQUIRED, DROP_POLICY_DENY, type NamedPorts } from "./api.ts"
import type { EndpointPolicy } from "./endpoint-policy.ts"
import { PolicyConflict } from "./l4-filter.ts"
import { dnsAllowed } from "./l7/dns.ts"
import { type HttpRequest, httpVerdict, type SecretValue } from "./l7/http.ts"
import type { L7Verdict } from "./l7/merged.ts"
import { matchType } from "./map-state.ts"
import { learnedLabels, type Peer } from "./peer.ts"
import { PolicyRepository, type RepositoryOptions } from "./repository.ts"
import type { Direction } from "./rule.ts"
import {
  combine,
  type DnsQuery,
  type FlowDns,
  type FlowHttp,
  type FlowPort,
  type SideVerdict,
  type Verdict,
} from "./verdict.ts"

/** Identities of pods and addresses; reserved ones have their own numbers only in an agent. */
const FIRST_IDENTITY = 256

export class CiliumEvaluator {
  readonly repository: PolicyRepository
  readonly #identities = new Map<string, number>()
  readonly #peers = new Map<Peer, number>()
  readonly #policies = new Map<Peer, EndpointPolicy>()
  #revision = 0
  #nextIdentity = FIRST_IDENTITY

  constructor(options: RepositoryOptions = {}) {
    this.repository = new PolicyRepository(options)
  }

  lookup(from: Peer, to: Peer, flow: FlowPort, request?: HttpRequest | DnsQuery, secret?: SecretValue): Verdict {
    // Its own address never leaves a pod.
    if (from === to) return { verdict: "allow", reason: 0 }
    const egress = from.endpoint ? this.#side(from, to, "egress", flow) : undefined
    const ingress = to.endpoint ? this.#side(to, from, "ingress", flow) : undefined
    const verdict = combine(egress, ingress)
    if (request === undefined || verdict.verdict === "deny") return verdict
    return "query" in request
      ? { ...verdict, dns: this.#dns(from, to, flow, verdict, request) }
      : { ...verdict, http: this.#http(from, to, flow, verdict, request, secret) }
  }

  /** The resolved policy of an endpoint, of the current revision. */
  policy(peer: Peer): EndpointPolicy {
    if (this.#revision !== this.repository.revision) this.#forget()
    let policy = this.#policies.get(peer)
    if (policy === undefined) {
      policy = this.repository.resolve({
        labels: peer.labels,
        ...(peer.namedPorts === undefined ? {} : { namedPorts: peer.namedPorts }),
      })
      this.#policies.set(peer, policy)
    }
    return policy
  }

  /** Why the rules of an endpoint cannot all hold; undefined when they can. */
  conflict(peer: Peer): string | undefined {
    try {
      this.policy(peer)
      return undefined
    } catch (error) {
      if (error instanceof PolicyConflict) return error.message
      throw error
    }
  }

  identity(peer: Peer): number {
    if (this.#revision !== this.repository.revision) this.#forget()
    let id = this.#peers.get(peer)
    if (id === undefined) {
      id = this.#allocate(peer)
      this.#peers.set(peer, id)
    }
    return id
  }

  /** Pods of one identity may call different ports by one name: they count as two here. */
  #allocate(peer: Peer): number {
    const labels = peer.endpoint ? peer.labels : learnedLabels(peer, this.repository.fqdnSelectors)
    const key = `${labels.text} ${portsText(peer.namedPorts)}`
    let id = this.#identities.get(key)
    if (id === undefined) {
      id = this.#nextIdentity++
      this.#identities.set(key, id)
      this.repository.addIdentity(id, labels, peer.namedPorts)
    }
    return id
  }

  /** Rules have changed: every policy is resolved anew, and addresses may carry other names. */
  #forget(): void {
    for (const policy of this.#policies.values()) this.repository.close(policy)
    this.#policies.clear()
    this.#peers.clear()
    this.#revision = this.repository.revision
  }

  #side(subject: Peer, peer: Peer, direction: Direction, { protocol, port }: FlowPort): SideVerdict {
    const identity = this.identity(peer)
    const policy = this.policy(subject)
    const entry = policy.map.lookup(identity, direction, protocol, port)
    const code = policy.map.canAccess(identity, direction, protocol, port)
    const reason =
      ([DROP_POLICY, DROP_POLICY_DENY, DROP_POLICY_AUTH_REQUIRED] as const).find((drop) => code === -drop) ?? 0
    return {
      direction,
      enforced: policy.enforced[direction],
      verdict: reason !== 0 ? "deny" : code > 0 ? "redirect" : "allow",
      reason,
      match: matchType(entry),
      rules: entry?.rules ?? [],
      isolating: policy.isolating[direction],
      // Asked for by people, not by those who fill matrices.
      get missed() {
        return reason === DROP_POLICY ? policy.missed(identity, direction, protocol, port, peer.addresses) : []
      },
    }
  }

  /** Each redirecting side's proxy judges the request; both must let it pass, and both may change its headers. */
  #http(from: Peer, to: Peer, flow: FlowPort, verdict: Verdict, request: HttpRequest, secret?: SecretValue): FlowHttp {
    let result: FlowHttp = { allowed: true, changes: [], mismatches: [], rules: [] }
    for (const { direction, http, rules } of this.#restrictions(from, to, flow, verdict)) {
      const judged = httpVerdict(http, request, secret)
      if (!judged.allowed) return { ...judged, direction, rules }
      const changes = [...result.changes, ...judged.changes]
      result = { ...judged, changes, mismatches: [...result.mismatches, ...judged.mismatches], direction, rules }
    }
    return result
  }

  #dns(from: Peer, to: Peer, flow: FlowPort, verdict: Verdict, { query }: DnsQuery): FlowDns {
    let result: FlowDns = { allowed: true, rules: [] }
    for (const { direction, dns, rules } of this.#restrictions(from, to, flow, verdict)) {
      result = { allowed: dnsAllowed(dns, query), direction, rules }
      if (!result.allowed) return result
    }
    return result
  }

  /** What the proxies on the way ask, in the packet's order. */
  *#restrictions(
    from: Peer,
    to: Peer,
    { protocol, port }: FlowPort,
    verdict: Verdict,
  ): Generator<L7Verdict & { direction: Direction }> {
    for (const side of [verdict.egress, verdict.ingress]) {
      if (side?.verdict !== "redirect") continue
      const { direction } = side
      const [subject, peer] = direction === "egress" ? [from, to] : [to, from]
      const l7 = this.policy(subject).l7(this.identity(peer), direction, protocol, port)
      if (!l7.wildcard) yield { ...l7, direction }
    }
  }
}

function portsText(ports: NamedPorts | undefined): string {
  return [...(ports ?? [])].map(([name, numbers]) => `${name}=${numbers.join("|")}`).join(",")
}
