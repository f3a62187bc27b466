/**
 * What the agent tells its node's proxy: listeners, policies, and whose address is whose. Models pkg/envoy/xds_server.go with the maps that
 * PROXY:cilium/bpf_metadata.cc reads.
 */
import type { Kernel } from "../../../linux/kernel.ts"
import type { HeaderChange } from "../../../policy/l7/http.ts"
import { WaitQueue } from "../../../sim/task.ts"
import type { MonitorRing } from "../monitor/ring.ts"

/** A port that redirected connections arrive at. */
export interface ProxyListener {
  /** 10000 to 20000, on 127.0.0.1. */
  readonly port: number
  readonly parser: "http" | "tls"
  /** True: it enforces what pods of this node receive; false: what they send. */
  readonly ingress: boolean
}

/** A request as rules see it. */
export interface L7Request {
  readonly method: string
  /** With the query: `/page?x=1`. */
  readonly path: string
  readonly host: string
  readonly headers: readonly (readonly [string, string])[]
}

export interface L7Decision {
  readonly allowed: boolean
  /** The rule that allowed, or undefined: it knows its manifest. */
  readonly rule?: unknown
  /** What happens to headers before the request goes on (headerMatches with a mismatch action). */
  readonly changes?: readonly HeaderChange[]
}

/** The L7 side of one endpoint's policy. */
export interface L7Policy {
  decide(ingress: boolean, port: number, remoteIdentity: number, request: L7Request): L7Decision
  /** A TLS connection to a server of this name; empty: the client said none, or speaks no TLS. */
  decideName(ingress: boolean, port: number, remoteIdentity: number, serverName: string): boolean
}

export interface ProxyEndpoint {
  readonly id: number
  readonly identity: number
}

/** What the proxy asks the node's maps. */
export interface ProxyMaps {
  /** The endpoint of this node that has the address, if any. */
  endpoint(address: number): ProxyEndpoint | undefined
  /** The security identity of an address (ipcache). */
  identity(address: number): number
  /** Where the proxy's own connections to local pods come from: the router IP. */
  readonly routerAddress: number
  readonly events: MonitorRing
}

/** The proxy's configuration on one machine; it outlives the agent's and the proxy's processes. */
export class Xds {
  readonly listeners: Map<number, ProxyListener> = new Map()
  readonly policies: Map<number, L7Policy> = new Map()
  maps: ProxyMaps | undefined = undefined
  /** Woken by every change of {@link listeners}. */
  readonly changed: WaitQueue = new WaitQueue()

  addListener(listener: ProxyListener): void {
    this.listeners.set(listener.port, listener)
    this.changed.wake()
  }

  removeListener(port: number): void {
    if (this.listeners.delete(port)) this.changed.wake()
  }

  /** Takes effect at the next request, on open connections too. */
  setPolicy(endpoint: number, policy: L7Policy | undefined): void {
    if (policy === undefined) this.policies.delete(endpoint)
    else this.policies.set(endpoint, policy)
  }
}

const byKernel = new WeakMap<Kernel, Xds>()

/** The configuration of this machine's proxy; made when first asked for. */
export function xdsOf(kernel: Kernel): Xds {
  let xds = byKernel.get(kernel)
  if (xds === undefined) byKernel.set(kernel, (xds = new Xds()))
  return xds
}
