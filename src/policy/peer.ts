/** Ends of a flow, as both evaluators know them. */
import type { NamedPorts } from "./api.ts"
import { type Prefix, parsePrefix } from "./cidr.ts"
import { allPodLabels, cidrIdentityLabels, type PodLabels, podIdentityLabels } from "./identity-labels.ts"
import { fqdnMatches } from "./l7/dns.ts"
import type { DnsRule } from "./l7/rules.ts"
import { LabelSet } from "./labels.ts"

/** Reserved identities that stand for themselves. */
export type ReservedPeer =
  | "host"
  | "remote-node"
  | "kube-apiserver"
  | "health"
  | "ingress"
  | "init"
  | "unmanaged"
  | "world"

export interface Peer {
  /** How it is called in answers: `default/web`, an address. */
  readonly name: string
  /** Pods with a network of their own: both sides' policies are about these alone. */
  readonly endpoint: boolean
  /** Identity labels. For an address outside: those it has without any name learned for it. */
  readonly labels: LabelSet
  /** All labels of a pod, those included that tell no identities apart: the plain API selects by them. */
  readonly podLabels?: LabelSet
  readonly addresses: readonly Prefix[]
  readonly namedPorts?: NamedPorts
  /** Set for addresses outside the cluster: names that resolve to it. */
  readonly names?: readonly string[]
  /** Name of its node, for pods; of itself, for a node. */
  readonly node?: string
  /** A node's own network: its address, its daemons, its hostNetwork pods. */
  readonly host?: boolean
  /** Labels of the Node object, source `node`: for peers selected as nodes. */
  readonly nodeLabels?: LabelSet
}

export function podPeer(
  pod: PodLabels & { name: string; addresses: readonly string[]; namedPorts?: NamedPorts; node?: string },
): Peer {
  return {
    name: `${pod.namespace}/${pod.name}`,
    endpoint: true,
    labels: podIdentityLabels(pod),
    podLabels: allPodLabels(pod),
    addresses: prefixes(pod.addresses),
    ...(pod.namedPorts === undefined ? {} : { namedPorts: pod.namedPorts }),
    ...(pod.node === undefined ? {} : { node: pod.node }),
  }
}

/** An address outside the cluster. */
export function externalPeer(name: string, addresses: readonly string[], names: readonly string[] = []): Peer {
  const found = prefixes(addresses)
  const first = found[0]
  return {
    name,
    endpoint: false,
    labels: first === undefined ? new LabelSet(["reserved:world"]) : cidrIdentityLabels(first),
    addresses: found,
    names,
  }
}

/** A node or another reserved identity. The API server's node is a remote node too. */
export function reservedPeer(
  name: string,
  reserved: ReservedPeer,
  addresses: readonly string[] = [],
  node?: string,
): Peer {
  const labels =
    reserved === "kube-apiserver" ? ["reserved:kube-apiserver", "reserved:remote-node"] : [`reserved:${reserved}`]
  const host = reserved === "host" || reserved === "remote-node" || reserved === "kube-apiserver"
  return {
    name,
    endpoint: false,
    labels: new LabelSet(labels),
    addresses: prefixes(addresses),
    ...(host ? { host } : {}),
    ...(node === undefined ? {} : { node }),
  }
}

function prefixes(addresses: readonly string[]): Prefix[] {
  return addresses.flatMap((address) => parsePrefix(address) ?? [])
}

/** The labels of an address once the DNS proxy has seen its names, for the selectors that rules use. */
export function learnedLabels(peer: Peer, selectors: readonly DnsRule[]): LabelSet {
  const first = peer.addresses[0]
  const names = peer.names ?? []
  if (first === undefined || names.length === 0) return peer.labels
  const learned = selectors.filter((selector) => names.some((name) => fqdnMatches(selector, name)))
  return learned.length === 0 ? peer.labels : cidrIdentityLabels(first, learned)
}
