/** What stays on a node when its agent goes: /var/run/cilium/state and what is pinned. A new agent goes on from here. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { DnsHistory } from "../fqdn/name-manager.ts"
import type { Endpoint } from "./endpoint.ts"

export interface NodeState {
  /** Pods' endpoints by id. */
  readonly endpoints: Map<number, Endpoint>
  /** Of cilium_host; 0: none yet. */
  routerIp: number
  healthIp: number
  /** Id of the host's own endpoint. */
  hostEndpoint: number
  healthEndpoint: number
  /** Addresses that pods (`namespace/name`) are to have: POST /ipam/{ip} instead of POST /ipam. */
  readonly wanted: Map<string, number>
  /** What pods have resolved, by endpoint. */
  readonly histories: Map<number, DnsHistory>
}

const states = new WeakMap<Kernel, NodeState>()

export function stateOf(kernel: Kernel): NodeState {
  let state = states.get(kernel)
  if (state === undefined) {
    const numbers = { routerIp: 0, healthIp: 0, hostEndpoint: 0, healthEndpoint: 0 }
    state = { ...numbers, endpoints: new Map(), wanted: new Map(), histories: new Map() }
    states.set(kernel, state)
  }
  return state
}

/** As after `cilium-dbg post-uninstall-cleanup --all-state`. */
export function forgetState(kernel: Kernel): void {
  states.delete(kernel)
}
