/** The flows of all nodes, and the ports of machines that lead to them. Models pkg/hubble/relay/observer, and kubectl's port forwarding to it. */
import type { NetNamespace } from "../../../linux/netns.ts"
import type { Flow } from "./flow.ts"
import type { FlowServer } from "./observer.ts"

/** All nodes' flows in order of time. */
export class Relay implements FlowServer {
  readonly name: string = ""
  readonly #servers: () => readonly FlowServer[]

  constructor(servers: () => readonly FlowServer[]) {
    this.#servers = servers
  }

  flows(): readonly Flow[] {
    return this.nodes
      .flatMap((server) => server.flows())
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  }

  follow(listener: (flow: Flow) => void): () => void {
    const stops = this.nodes.map((server) => server.follow(listener))
    return () => {
      for (const stop of stops) stop()
    }
  }

  get seen(): number {
    return this.nodes.reduce((sum, server) => sum + server.seen, 0)
  }

  get maxFlows(): number {
    return this.nodes.reduce((sum, server) => sum + server.maxFlows, 0)
  }

  get started(): number {
    return Math.min(...this.nodes.map(({ started }) => started))
  }

  get nodes(): readonly FlowServer[] {
    return this.#servers().toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const forwards = new WeakMap<NetNamespace, Map<number, FlowServer>>()

/** Until the answer is called, who connects to this port of the machine talks to the relay: gRPC's bytes are not modelled. */
export function forward(net: NetNamespace, port: number, relay: FlowServer): () => void {
  const ports = forwards.get(net) ?? new Map<number, FlowServer>()
  forwards.set(net, ports.set(port, relay))
  return () => {
    ports.delete(port)
  }
}

export const forwarded = (net: NetNamespace, port: number): FlowServer | undefined => forwards.get(net)?.get(port)
