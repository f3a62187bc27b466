/** Which ports redirected connections go to, and what the proxies behind them are told. Models pkg/proxy. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { RedirectId } from "../../../policy/api.ts"
import type { EndpointPolicy } from "../../../policy/endpoint-policy.ts"
import { sniMatches } from "../../../policy/l7/sni.ts"
import { IPPROTO } from "../../../policy/rule.ts"
import type { CiliumDatapath } from "../datapath/datapath.ts"
import { type L7Decision, type L7Request, xdsOf } from "../envoy/xds.ts"
import type { Endpoint } from "./endpoint.ts"

/** Judges one request by what the policy engine has merged for its peer and port. */
export type HttpJudge = (rules: ReturnType<EndpointPolicy["l7"]>, request: L7Request) => L7Decision

export class Redirects {
  readonly #kernel: Kernel
  readonly #datapath: CiliumDatapath
  readonly #judge: HttpJudge
  /** Redirects in force, by endpoint: for status. */
  readonly #active = new Map<number, number>()

  constructor(kernel: Kernel, datapath: CiliumDatapath, judge: HttpJudge) {
    this.#kernel = kernel
    this.#datapath = datapath
    this.#judge = judge
  }

  get count(): number {
    return [...this.#active.values()].reduce((sum, count) => sum + count, 0)
  }

  /** One port a direction and parser, whichever endpoint asks. */
  portOf({ direction, parser }: RedirectId): number {
    const ingress = direction === "ingress"
    // Whatever is no HTTP and no DNS has the port of the TCP proxy.
    const { port } = this.#datapath.proxyPorts.register(ingress, parser === "tls" ? "proxylib" : parser)
    const xds = xdsOf(this.#kernel)
    if ((parser === "http" || parser === "tls") && !xds.listeners.has(port)) xds.addListener({ port, parser, ingress })
    return port
  }

  update(endpoint: Endpoint, policy: EndpointPolicy): void {
    const envoy = policy.redirects.some(({ parser }) => parser === "http" || parser === "tls")
    if (policy.redirects.length === 0) this.#active.delete(endpoint.id)
    else this.#active.set(endpoint.id, policy.redirects.length)
    const decide = (ingress: boolean, port: number, identity: number, request: L7Request): L7Decision =>
      this.#judge(policy.l7(identity, ingress ? "ingress" : "egress", IPPROTO.TCP, port), request)
    const decideName = (ingress: boolean, port: number, identity: number, name: string): boolean => {
      const l7 = policy.l7(identity, ingress ? "ingress" : "egress", IPPROTO.TCP, port)
      return l7.rules.length > 0 && (l7.anyServerName || l7.serverNames.some((pattern) => sniMatches(pattern, name)))
    }
    xdsOf(this.#kernel).setPolicy(endpoint.id, envoy ? { decide, decideName } : undefined)
  }

  remove(endpoint: Endpoint): void {
    this.#active.delete(endpoint.id)
    xdsOf(this.#kernel).setPolicy(endpoint.id, undefined)
  }
}
