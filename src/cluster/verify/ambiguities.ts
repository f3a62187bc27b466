/** Where implementations legitimately differ: the numbered list of the conformance corpus's README, with what podwire does and why. */
import type { Case } from "./case.ts"

interface Ambiguity {
  readonly topic: string
  /** What podwire does, and after whom. */
  readonly podwire: string
}

export const AMBIGUITIES: readonly Ambiguity[] = [
  {
    topic: "a pod that talks to itself",
    podwire:
      "the policy's verdict is that of its rules, as for any pair; the packet never leaves the pod (it goes over lo), so it arrives on every CNI. These cells are not asked.",
  },
  {
    topic: "ipBlock and toCIDR against pods of the cluster",
    podwire:
      "with profile kubernetes, lookup selects pods by their address, as the API's text says; on Cilium, and by packets, a CIDR never selects a managed pod (rowsByEngine.cilium), as Cilium does.",
  },
  {
    topic: "nodes and hostNetwork pods",
    podwire:
      "a pod's own node is always let in, other nodes are identities of their own (remote-node), policies never select hostNetwork pods, as Cilium does without its host firewall.",
  },
  {
    topic: "Cilium's empty forms",
    podwire:
      "as the list says, which is what Cilium 1.18 does: ingress: [{}] selects nothing and isolates, http: [{}] lets every request pass.",
  },
  {
    topic: "policies that only deny",
    podwire: "they isolate, unless enableDefaultDeny says otherwise, as Cilium does.",
  },
  {
    topic: "named ports",
    podwire:
      "resolved for each destination and protocol, never for an address outside; an agent knows the names of an identity, not of a pod, so pods of one identity share them.",
  },
  {
    topic: "HTTP matches",
    podwire:
      "RE2 over the whole value, header names in any case, 403 for what is refused, everything passes where a rule without HTTP covers the same peer and port, as Envoy does.",
  },
  {
    topic: "names of outside addresses",
    podwire: "pods have resolved them before the first question: their addresses are in the agent's DNS cache.",
  },
  {
    topic: "rules that require authentication",
    podwire:
      "the verdict is allow; by packets the first packet is dropped with the reason Authentication required, and that counts as allowed.",
  },
  {
    topic: "CIDRs with host bits set",
    podwire: "accepted, as Kubernetes does up to 1.35: the gate StrictIPCIDRValidation is off.",
  },
  {
    topic: "SCTP",
    podwire: "sctp.enabled is set in the simulated clusters, so SCTP is judged and carried.",
  },
  {
    topic: "fromRequires and toRequires",
    podwire:
      "the agent reads and enforces them, as 1.18 does; the definitions of the kinds are of the release after, so the API server refuses them.",
  },
  {
    topic: "recipe 14",
    podwire: "the manifest counts, not the recipe's text.",
  },
  {
    topic: "nodes as peers of ClusterNetworkPolicy",
    podwire: "by lookup, as the API's text says; no CNI here implements that kind, so no packets are sent.",
  },
  {
    topic: "connections that are open, and the time until a policy is in force",
    podwire:
      "every question is a new connection, sent when the agents have settled. (Outside of these tests both happen: see how an open connection is judged anew.)",
  },
]

/** Cells that a case leaves open, by the number of the ambiguity that they are. */
export function openCells(test: Case): Record<number, number> {
  const open: Record<number, number> = {}
  for (const { expect } of test.steps)
    for (const { rows, from = expect.from ?? [], to = expect.to ?? [] } of expect.tables ?? [])
      for (const [i, row] of rows.entries())
        for (const [j, mark] of [...row].entries()) {
          if (mark !== "-") continue
          const number = ambiguityOf(from[i] ?? "", to[j] ?? "")
          open[number] = (open[number] ?? 0) + 1
        }
  return open
}

const SELF = 1
const ADDRESSES = 2
const OUTSIDE = 3

function ambiguityOf(from: string, to: string): number {
  if (from === to) return SELF
  return from.startsWith("ext:") && to.startsWith("ext:") ? OUTSIDE : ADDRESSES
}
