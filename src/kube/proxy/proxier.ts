/** Brings a node's rules in line with the Services. Models pkg/proxy/iptables/proxier.go Proxier. */
import { iptablesRestore, iptablesSave } from "../../linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { EndpointSlice, Service } from "../api/types.ts"
import { forgetStale } from "./conntrack.ts"
import { JUMPS, PORT_CHAIN, proxyRules } from "./rules.ts"
import { type ServicePort, servicePorts } from "./service-port.ts"

const CANARY = "KUBE-PROXY-CANARY"

export class Proxier {
  readonly #net: NetNamespace
  readonly #clusterCIDR: string
  /** Chains of ports and endpoints that are there. */
  #chains: readonly string[] = []
  /** What was written last: nothing is done for a change that changes no rule. */
  #written = ""
  #ports: readonly ServicePort[] = []
  #prepared = false

  constructor(net: NetNamespace, clusterCIDR: string) {
    this.#net = net
    this.#clusterCIDR = clusterCIDR
  }

  /** Writes all rules; an error text when they are refused, which leaves the old ones in place. */
  sync(services: readonly Service[], slices: readonly EndpointSlice[], node: string): string | undefined {
    if (!this.#prepared) this.#prepare()
    const ports = servicePorts(services, slices, node)
    const text = proxyRules(ports, { clusterCIDR: this.#clusterCIDR }, this.#chains)
    if (text === this.#written) return undefined
    const error = restore(this.#net, text)
    if (error !== undefined) return error
    this.#chains = portChains(text)
    this.#written = text
    forgetStale(this.#net, this.#ports, ports)
    this.#ports = ports
    return undefined
  }

  /** Chains, jumps into them, and what an earlier kube-proxy left. */
  #prepare(): void {
    const saved = iptablesSave(this.#net)
    this.#chains = saved.split("\n").flatMap((line) => {
      const chain = /^:(\S+)/.exec(line)?.[1] ?? ""
      return PORT_CHAIN.test(chain) ? [chain] : []
    })
    const tables = sections(saved)
    for (const table of ["mangle", "nat", "filter"]) {
      const lines = JUMPS.filter((jump) => jump.table === table)
      const missing = lines.filter(({ chain, rule }) => tables.get(table)?.includes(`-A ${chain} ${rule}`) !== true)
      const chains = [CANARY, ...new Set(lines.map(({ rule }) => rule.slice(rule.lastIndexOf(" ") + 1)))]
      const absent = chains.filter((chain) => tables.get(table)?.some((line) => line.startsWith(`:${chain} `)) !== true)
      const text = [
        `*${table}`,
        ...absent.map((chain) => `:${chain} - [0:0]`),
        ...missing.map(({ chain, rule }) => `-I ${chain} 1 ${rule}`),
        "COMMIT",
        "",
      ].join("\n")
      const error = restore(this.#net, text)
      if (error !== undefined) throw new Error(`kube-proxy: ${error}`)
    }
    this.#prepared = true
  }
}

/** Lines of each table of iptables-save. */
function sections(saved: string): Map<string, string[]> {
  const tables = new Map<string, string[]>()
  let current: string[] = []
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) {
      current = []
      tables.set(line.slice(1), current)
    } else current.push(line)
  }
  return tables
}

const portChains = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/^:(\S+)/gm)].map((match) => match[1] as string).filter((chain) => PORT_CHAIN.test(chain)),
  ),
]

function restore(net: NetNamespace, text: string): string | undefined {
  const { code, error } = iptablesRestore(net, text, { noflush: true, origin: "kube-proxy" })
  return code === 0 ? undefined : error
}
