/** The endpoint behind which cilium-health answers: lxc_health and its peer. Models daemon/cmd/health.go and pkg/health/launch. */
import type { Kernel } from "../../../linux/kernel.ts"
import type { NetNamespace } from "../../../linux/netns.ts"
import { addrAdd } from "../../../linux/rtnetlink/addr.ts"
import { linkAdd, linkUp } from "../../../linux/rtnetlink/link.ts"
import { routeAdd } from "../../../linux/rtnetlink/route.ts"
import { LabelSet } from "../../../policy/labels.ts"
import type { Agent } from "./agent.ts"
import type { Endpoint } from "./endpoint.ts"
import { restore } from "./ipam.ts"

const HOST_DEVICE = "lxc_health"
const PEER_DEVICE = "cilium"
const IDENTITY = 4

export class HealthEndpoint {
  readonly #agent: Agent
  #net: NetNamespace | undefined
  address = 0

  constructor(agent: Agent) {
    this.#agent = agent
  }

  start(): void {
    const { options, state, ipam, kernel, endpoints } = this.#agent
    if (!options.endpointHealthChecking || !options.healthChecking) return
    const address = restore(ipam, state.healthIp, "health")
    if (typeof address === "string") return
    state.healthIp = this.address = address
    this.#plumb(kernel, address)
    const dev = kernel.initNet.device(HOST_DEVICE)
    if (dev === undefined) return
    const id = state.healthEndpoint || endpoints.newId()
    state.healthEndpoint = id
    const endpoint: Endpoint = {
      id,
      kind: "health",
      containerId: "",
      containerInterface: "",
      pod: undefined,
      address,
      hostInterface: HOST_DEVICE,
      ifindex: dev.ifindex,
      mac: dev.link?.address ?? 0,
      hostMac: dev.address,
      labels: new LabelSet(["reserved:health"]),
      identity: IDENTITY,
      state: "regenerating",
      namedPorts: new Map(),
      policy: undefined,
      policyError: undefined,
      regenerated: 0,
    }
    state.endpoints.set(id, endpoint)
    endpoints.attach(endpoint)
  }

  /** The responder's namespace lives as long as the agent that holds it; the devices go with it. */
  stop(): void {
    const { state, endpoints, kernel } = this.#agent
    const endpoint = state.endpoints.get(state.healthEndpoint)
    if (endpoint !== undefined) endpoints.delete(endpoint)
    if (this.#net !== undefined) kernel.deleteNamespace(this.#net)
    this.#net = undefined
  }

  /** The pair of devices, the far one in a namespace without a name, addressed as a pod's is. */
  #plumb(kernel: Kernel, address: number): void {
    if (kernel.initNet.device(HOST_DEVICE) !== undefined) return
    const { deviceMtu } = this.#agent.datapath.config
    const { routerIp } = this.#agent
    const net = kernel.createNamespace("")
    this.#net = net
    linkUp(net.loopback)
    const host = linkAdd(kernel.initNet, {
      kind: "veth",
      name: HOST_DEVICE,
      mtu: deviceMtu,
      peer: { name: PEER_DEVICE, net, mtu: deviceMtu },
    } as Parameters<typeof linkAdd>[1])
    if ("errno" in host) return
    linkUp(host)
    const peer = host.link
    if (peer === undefined || peer === null) return
    linkUp(peer)
    addrAdd(peer, { address, prefixLength: 32, origin: "cilium-health" })
    routeAdd(net, {
      destination: routerIp,
      prefixLength: 32,
      dev: peer,
      scope: 253,
      origin: "cilium-health",
    } as Parameters<typeof routeAdd>[1])
    routeAdd(net, { destination: 0, prefixLength: 0, gateway: routerIp, dev: peer, origin: "cilium-health" })
  }
}
