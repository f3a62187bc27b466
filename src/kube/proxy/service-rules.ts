/** The rules of one Service port. Models the loop of pkg/proxy/iptables/proxier.go syncProxyRules. */
import { endpointHash, serviceHash } from "./chain-names.ts"
import { type Categories, categorize, isExternal, type ProxyEndpoint, type ServicePort } from "./service-port.ts"

/** Chains and rules of the two tables, in the order they are written. */
export interface RuleText {
  readonly natChains: string[]
  readonly natRules: string[]
  readonly filterRules: string[]
}

/** What a proxy is told beside Services. */
export interface RuleOptions {
  /** Pods' addresses (10.244.0.0/16): what comes from elsewhere is masqueraded on its way to a cluster address. */
  clusterCIDR: string
}

/** The chains of a port, by what they are for. */
interface Chains {
  readonly cluster: string
  readonly local: string
  readonly external: string
  readonly firewall: string
}

const comment = (text: string): string => `-m comment --comment "${text}"`

/** Where traffic that finds no endpoint ends. */
interface Refusal {
  readonly comment: string
  readonly target: "REJECT" | "DROP"
}

class ServiceRules {
  readonly #text: RuleText
  readonly #port: ServicePort
  readonly #options: RuleOptions
  readonly #categories: Categories
  readonly #chains: Chains

  constructor(text: RuleText, port: ServicePort, options: RuleOptions) {
    const hash = serviceHash(port.name, port.protocol)
    this.#text = text
    this.#port = port
    this.#options = options
    this.#categories = categorize(port)
    this.#chains = {
      cluster: `KUBE-SVC-${hash}`,
      local: `KUBE-SVL-${hash}`,
      external: `KUBE-EXT-${hash}`,
      firewall: `KUBE-FW-${hash}`,
    }
  }

  #nat(rule: string): void {
    this.#text.natRules.push(rule)
  }

  #chain(name: string): void {
    this.#text.natChains.push(name)
  }

  /** `-m tcp -p tcp -d ADDRESS --dport PORT`. */
  #to(address: string, port: number = this.#port.port): string {
    const { protocol } = this.#port
    return `-m ${protocol} -p ${protocol} -d ${address} --dport ${port}`
  }

  write(): void {
    const { cluster, local } = this.#categories
    this.#declare()
    this.#clusterAddress()
    this.#externalAddresses()
    this.#loadBalancers()
    this.#nodePort()
    this.#markForeign()
    this.#externalChain()
    if (cluster.length > 0 && this.#usesCluster) this.#balance(this.#chains.cluster, cluster)
    if (local.length > 0) this.#balance(this.#chains.local, local)
    for (const endpoint of this.#categories.reachable) this.#endpointChain(endpoint)
  }

  get #usesCluster(): boolean {
    return !this.#port.internalLocal || isExternal(this.#port)
  }

  get #usesExternal(): boolean {
    return this.#categories.any && isExternal(this.#port)
  }

  #declare(): void {
    const { cluster, local } = this.#categories
    if (cluster.length > 0) this.#chain(this.#chains.cluster)
    if (local.length > 0) this.#chain(this.#chains.local)
    if (this.#usesExternal) this.#chain(this.#chains.external)
  }

  /** The chain of internal or of external traffic, or why there is none. */
  #policy(isLocal: boolean): string | Refusal {
    const { any, local } = this.#categories
    if (!any) return { comment: `${this.#port.name} has no endpoints`, target: "REJECT" }
    if (isLocal && local.length === 0) return { comment: `${this.#port.name} has no local endpoints`, target: "DROP" }
    return isLocal ? this.#chains.local : this.#chains.cluster
  }

  #refuse(chain: string, refusal: Refusal, match: string): void {
    this.#text.filterRules.push(`-A ${chain} ${comment(refusal.comment)} ${match} -j ${refusal.target}`)
  }

  #clusterAddress(): void {
    const { name, clusterIP, internalLocal } = this.#port
    const way = this.#policy(internalLocal)
    if (typeof way === "string")
      this.#nat(`-A KUBE-SERVICES ${comment(`${name} cluster IP`)} ${this.#to(clusterIP)} -j ${way}`)
    else this.#refuse("KUBE-SERVICES", way, this.#to(clusterIP))
  }

  #externalAddresses(): void {
    const { name, externalIPs, externalLocal } = this.#port
    const way = this.#policy(externalLocal)
    for (const address of externalIPs) {
      if (this.#usesExternal)
        this.#nat(`-A KUBE-SERVICES ${comment(`${name} external IP`)} ${this.#to(address)} -j ${this.#chains.external}`)
      if (typeof way !== "string") this.#refuse("KUBE-EXTERNAL-SERVICES", way, this.#to(address))
    }
  }

  /** With source ranges the traffic passes a chain that lets only these on. */
  #loadBalancers(): void {
    const { name, loadBalancerIPs, loadBalancerSourceRanges, externalLocal } = this.#port
    const guarded = this.#usesExternal && loadBalancerSourceRanges.length > 0 && loadBalancerIPs.length > 0
    const chain = guarded ? this.#chains.firewall : this.#chains.external
    const way = this.#policy(externalLocal)
    for (const address of loadBalancerIPs) {
      if (this.#usesExternal)
        this.#nat(`-A KUBE-SERVICES ${comment(`${name} loadbalancer IP`)} ${this.#to(address)} -j ${chain}`)
      if (guarded)
        this.#text.filterRules.push(
          `-A KUBE-PROXY-FIREWALL ${comment(`${name} traffic not accepted by ${chain}`)} ${this.#to(address)} -j DROP`,
        )
      if (typeof way !== "string") this.#refuse("KUBE-EXTERNAL-SERVICES", way, this.#to(address))
    }
    if (!guarded) return
    this.#chain(chain)
    for (const range of loadBalancerSourceRanges)
      this.#nat(`-A ${chain} ${comment(`${name} loadbalancer IP`)} -s ${range} -j ${this.#chains.external}`)
    this.#nat(`-A ${chain} ${comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`)}`)
  }

  #nodePort(): void {
    const { name, protocol, nodePort, externalLocal, healthCheckNodePort } = this.#port
    if (nodePort === 0) return
    const match = `-m ${protocol} -p ${protocol} --dport ${nodePort}`
    if (this.#usesExternal) this.#nat(`-A KUBE-NODEPORTS ${comment(name)} ${match} -j ${this.#chains.external}`)
    const way = this.#policy(externalLocal)
    if (typeof way !== "string") this.#refuse("KUBE-EXTERNAL-SERVICES", way, `-m addrtype --dst-type LOCAL ${match}`)
    if (healthCheckNodePort !== 0)
      this.#text.filterRules.push(
        `-A KUBE-NODEPORTS ${comment(`${name} health check node port`)} -m tcp -p tcp --dport ${healthCheckNodePort} -j ACCEPT`,
      )
  }

  /** What does not come from a pod gets the node's address: only so does the answer come back this way. */
  #markForeign(): void {
    const { name, clusterIP, internalLocal } = this.#port
    const way = this.#policy(internalLocal)
    if (typeof way !== "string") return
    this.#nat(
      `-A ${way} ${comment(`${name} cluster IP`)} ${this.#to(clusterIP)} ! -s ${this.#options.clusterCIDR} -j KUBE-MARK-MASQ`,
    )
  }

  #externalChain(): void {
    if (!this.#usesExternal) return
    const { name, externalLocal } = this.#port
    const { external, cluster } = this.#chains
    const outside = `for ${name} external destinations`
    if (!externalLocal) this.#nat(`-A ${external} ${comment(`masquerade traffic ${outside}`)} -j KUBE-MARK-MASQ`)
    else {
      const local = "-m addrtype --src-type LOCAL"
      // Whoever is inside already is not asked to stay on the node.
      this.#nat(`-A ${external} ${comment(`pod traffic ${outside}`)} -s ${this.#options.clusterCIDR} -j ${cluster}`)
      this.#nat(`-A ${external} ${comment(`masquerade LOCAL traffic ${outside}`)} ${local} -j KUBE-MARK-MASQ`)
      this.#nat(`-A ${external} ${comment(`route LOCAL traffic ${outside}`)} ${local} -j ${cluster}`)
    }
    const way = this.#policy(externalLocal)
    if (typeof way === "string") this.#nat(`-A ${external} -j ${way}`)
  }

  #endpointName(endpoint: ProxyEndpoint): string {
    return `KUBE-SEP-${endpointHash(this.#port.name, this.#port.protocol, endpoint.text)}`
  }

  /** One rule an endpoint, each taking its share of what the ones before left. */
  #balance(chain: string, endpoints: readonly ProxyEndpoint[]): void {
    const { name, affinity } = this.#port
    if (affinity > 0)
      for (const endpoint of endpoints) {
        const target = this.#endpointName(endpoint)
        const recent = `-m recent --name ${target} --rcheck --seconds ${affinity} --reap`
        this.#nat(`-A ${chain} ${comment(`${name} -> ${endpoint.text}`)} ${recent} -j ${target}`)
      }
    for (const [i, endpoint] of endpoints.entries()) {
      const left = endpoints.length - i
      const chance = left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`
      this.#nat(`-A ${chain} ${comment(`${name} -> ${endpoint.text}`)}${chance} -j ${this.#endpointName(endpoint)}`)
    }
  }

  #endpointChain(endpoint: ProxyEndpoint): void {
    const { name, protocol, affinity } = this.#port
    const chain = this.#endpointName(endpoint)
    this.#chain(chain)
    // A pod that reaches itself through its Service must not see its own address.
    this.#nat(`-A ${chain} ${comment(name)} -s ${endpoint.ip} -j KUBE-MARK-MASQ`)
    const recent = affinity > 0 ? ` -m recent --name ${chain} --set` : ""
    this.#nat(
      `-A ${chain} ${comment(name)}${recent} -m ${protocol} -p ${protocol} -j DNAT --to-destination ${endpoint.text}`,
    )
  }
}

/** Appends the rules of one port. */
export function writeServicePort(text: RuleText, port: ServicePort, options: RuleOptions): void {
  new ServiceRules(text, port, options).write()
}
