/** The host's own endpoint: without a host firewall it has a place in the tables and no policy. Models pkg/endpoint CreateHostEndpoint. */
import type { Agent } from "./agent.ts"
import type { Endpoint } from "./endpoint.ts"

const DEVICE = "cilium_host"
const IDENTITY = 1

/** Its number stays when the agent is another one. */
export function startHostEndpoint({ kernel, state, endpoints, hostLabels }: Agent): void {
  const dev = kernel.initNet.device(DEVICE)
  if (dev === undefined) return
  state.hostEndpoint = state.hostEndpoint || endpoints.newId()
  const endpoint: Endpoint = {
    id: state.hostEndpoint,
    kind: "host",
    containerId: "",
    containerInterface: "",
    pod: undefined,
    address: 0,
    hostInterface: DEVICE,
    ifindex: dev.ifindex,
    mac: dev.address,
    hostMac: dev.address,
    labels: hostLabels,
    identity: IDENTITY,
    state: "ready",
    namedPorts: new Map(),
    policy: undefined,
    policyError: undefined,
    regenerated: kernel.sim.now,
  }
  state.endpoints.set(endpoint.id, endpoint)
}
