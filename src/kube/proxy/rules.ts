/** What kube-proxy hands to iptables-restore. Models pkg/proxy/iptables/proxier.go. */
import type { ServicePort } from "./service-port.ts"
import { type RuleOptions, type RuleText, writeServicePort } from "./service-rules.ts"

const MARK = "0x4000"
const FILTER_CHAINS = [
  "KUBE-SERVICES",
  "KUBE-EXTERNAL-SERVICES",
  "KUBE-FORWARD",
  "KUBE-NODEPORTS",
  "KUBE-PROXY-FIREWALL",
]
const NAT_CHAINS = ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"]

export interface Jump {
  readonly table: "filter" | "nat"
  readonly chain: string
  /** As iptables-save prints it, without `-A CHAIN`. */
  readonly rule: string
}

const jump = (table: Jump["table"], chain: string, target: string, text: string, isNew = false): Jump => ({
  table,
  chain,
  rule: `${isNew ? "-m conntrack --ctstate NEW " : ""}-m comment --comment "${text}" -j ${target}`,
})

/** Each is put in front of its chain when it is missing, one after another: the last one stands first. */
export const JUMPS: readonly Jump[] = [
  jump("filter", "INPUT", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", true),
  jump("filter", "FORWARD", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", true),
  jump("filter", "INPUT", "KUBE-NODEPORTS", "kubernetes health check service ports"),
  jump("filter", "FORWARD", "KUBE-SERVICES", "kubernetes service portals", true),
  jump("filter", "OUTPUT", "KUBE-SERVICES", "kubernetes service portals", true),
  jump("filter", "FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules"),
  jump("filter", "INPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", true),
  jump("filter", "OUTPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", true),
  jump("filter", "FORWARD", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", true),
  jump("nat", "OUTPUT", "KUBE-SERVICES", "kubernetes service portals"),
  jump("nat", "PREROUTING", "KUBE-SERVICES", "kubernetes service portals"),
  jump("nat", "POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules"),
]

/** Chains that come and go with Services and endpoints. */
export const PORT_CHAIN: RegExp = /^KUBE-(SVC|SVL|EXT|FW|SEP)-[A-Z2-7]{16}$/

/** @param stale chains of earlier rules that nothing needs any more: emptied and deleted */
export function proxyRules(ports: readonly ServicePort[], options: RuleOptions, stale: readonly string[] = []): string {
  const text: RuleText = { natChains: [...NAT_CHAINS], natRules: masquerading(), filterRules: [] }
  text.filterRules.push("-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP")
  for (const port of ports) writeServicePort(text, port, options)
  text.natRules.push(
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
  )
  text.filterRules.push(
    `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${MARK}/${MARK} -j ACCEPT`,
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  )
  const used = new Set(text.natChains)
  const gone = stale.filter((chain) => !used.has(chain))
  return [
    ...table("filter", FILTER_CHAINS, text.filterRules),
    ...table("nat", [...text.natChains, ...gone], [...text.natRules, ...gone.map((chain) => `-X ${chain}`)]),
    "",
  ].join("\n")
}

/** The mark is taken off again, so that a tunnel's outer packet does not meet this chain with it. */
function masquerading(): string[] {
  return [
    `-A KUBE-POSTROUTING -m mark ! --mark ${MARK}/${MARK} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --xor-mark ${MARK}`,
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    `-A KUBE-MARK-MASQ -j MARK --or-mark ${MARK}`,
  ]
}

function table(name: string, chains: readonly string[], rules: readonly string[]): string[] {
  return [`*${name}`, ...chains.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT"]
}
