import { describe, expect, test } from "vitest"
import type { AgentClient, EndpointRequest } from "../../../../src/cni/cilium/plugin/agent-client.ts"
import { ciliumCni } from "../../../../src/cni/cilium/plugin/cilium-cni.ts"
import { drainDeletions } from "../../../../src/cni/cilium/plugin/delete-queue.ts"
import { hostInterfaceName } from "../../../../src/cni/cilium/plugin/interface.ts"
import { addNetwork, type CniArgs, type CniResult, delNetwork } from "../../../../src/kube/cri/cni.ts"
import type { Task } from "../../../../src/sim/task.ts"
import { formatMac, ipv4 } from "../../../../src/wire/address.ts"
import { createCiliumWorld, type Node } from "../../../support/cilium-world.ts"
import { start } from "../../../support/world.ts"

const NETWORK = { name: "cilium", cniVersion: "0.3.1", plugins: [{ type: "cilium-cni", "enable-debug": false }] }
const SANDBOX = "4f0b2c8d6a1e"

class FakeAgent implements AgentClient {
  readonly endpoints: EndpointRequest[] = []
  readonly released: number[] = []
  refusal: string | undefined
  readonly #router: number

  constructor(router: number) {
    this.#router = router
  }

  config(): ReturnType<AgentClient["config"]> {
    return { deviceMtu: 1500, routeMtu: 1450, datapathMode: "veth", routerIp: this.#router }
  }

  ipamAllocate(owner: string): number | string {
    return owner === "default/full" ? "[POST /ipam][502] postIpamFailure  range is full" : ipv4("10.0.0.144")
  }

  ipamRelease(address: number): void {
    this.released.push(address)
  }

  async createEndpoint(request: EndpointRequest): Promise<string | undefined> {
    if (this.refusal !== undefined) return this.refusal
    this.endpoints.push(request)
    return undefined
  }

  async deleteEndpoint(containerId: string): Promise<string | undefined> {
    const at = this.endpoints.findIndex((one) => one.containerId === containerId)
    if (at >= 0) this.endpoints.splice(at, 1)
    return undefined
  }

  hasEndpoint(containerId: string): boolean {
    return this.endpoints.some((one) => one.containerId === containerId)
  }
}

const argsFor = (name: string): CniArgs => ({
  containerId: SANDBOX,
  netns: "/var/run/netns/cni-1",
  ifname: "eth0",
  args: { K8S_POD_NAMESPACE: "default", K8S_POD_NAME: name, K8S_POD_UID: "u-1" },
  portMappings: [],
})

interface Stand {
  node: Node
  agent: FakeAgent
  /** Undefined: nobody answers. */
  listening: { agent: FakeAgent | undefined }
  call<T>(program: (task: Task) => Promise<T>): Promise<T>
}

function stand(): Stand {
  const world = createCiliumWorld(1)
  const [node] = world.nodes as [Node]
  const agent = new FakeAgent(node.routerIp)
  const listening: Stand["listening"] = { agent }
  node.kernel.root.install(
    "/opt/cni/bin/cilium-cni",
    ciliumCni(() => listening.agent),
  )
  node.kernel.createNamespace("cni-1")
  const call = async <T>(program: (task: Task) => Promise<T>): Promise<T> => {
    let result: T | undefined
    const proc = start(node.kernel, node.net, async (self) => {
      result = await program(self.task)
      return 0
    })
    await world.sim.until(() => proc.status !== undefined)
    return result as T
  }
  return { node, agent, listening, call }
}

describe("cilium-cni", () => {
  test("ADD: a pair named by the attachment's hash, a /32, the router as gateway on a route of its own", async () => {
    const { node, agent, call } = stand()
    const result = (await call((task) => addNetwork(node.kernel, task, NETWORK, argsFor("web")))) as CniResult
    const name = hostInterfaceName(SANDBOX, "eth0")
    expect(name).toMatch(/^lxc[0-9a-f]{12}$/)
    const host = node.net.device(name)
    const pod = node.kernel.namespaces.find((net) => net.name === "cni-1")
    const eth0 = pod?.device("eth0")
    if (host === undefined || eth0 === undefined) throw new Error("no pair")
    expect([host.ifindex - 1, host.mtu, eth0.mtu, host.up, eth0.up]).toEqual([eth0.ifindex, 1500, 1500, true, true])
    expect(result).toEqual({
      cniVersion: "0.3.1",
      interfaces: [
        { name, mac: formatMac(host.address) },
        { name: "eth0", mac: formatMac(eth0.address), sandbox: "/var/run/netns/cni-1" },
      ],
      ips: [{ version: "4", interface: 1, address: "10.0.0.144/32", gateway: "10.0.0.227" }],
      routes: [{ dst: "10.0.0.227/32" }, { dst: "0.0.0.0/0", gw: "10.0.0.227", mtu: 1450 }],
      dns: {},
    })
    expect(agent.endpoints.map((one) => [one.hostInterface, one.address, one.pod.name, one.mac])).toEqual([
      [name, ipv4("10.0.0.144"), "web", eth0.address],
    ])
  })

  test("DEL takes the pair and the endpoint away", async () => {
    const { node, agent, call } = stand()
    const result = (await call((task) => addNetwork(node.kernel, task, NETWORK, argsFor("web")))) as CniResult
    expect(await call((task) => delNetwork(node.kernel, task, NETWORK, argsFor("web"), result))).toBeUndefined()
    expect(node.net.device(hostInterfaceName(SANDBOX, "eth0"))).toBeUndefined()
    expect(agent.endpoints).toEqual([])
  })

  test("leaves nothing behind when the agent refuses", async () => {
    const { node, agent, call } = stand()
    agent.refusal = "[PUT /endpoint/{id}][429] putEndpointIdTooManyRequests"
    const text = await call((task) => addNetwork(node.kernel, task, NETWORK, argsFor("web")))
    expect(text).toBe(
      'plugin type="cilium-cni" failed (add): unable to create endpoint: [PUT /endpoint/{id}][429] putEndpointIdTooManyRequests',
    )
    expect(node.net.device(hostInterfaceName(SANDBOX, "eth0"))).toBeUndefined()
    expect(agent.released).toEqual([ipv4("10.0.0.144")])
    const full = await call((task) => addNetwork(node.kernel, task, NETWORK, argsFor("full")))
    expect(full).toContain("unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure")
  })

  test("without an agent: ADD gives up after thirty seconds, DEL leaves a note for the next one", async () => {
    const { node, listening, call } = stand()
    listening.agent = undefined
    const began = node.kernel.sim.now
    const text = await call((task) => addNetwork(node.kernel, task, NETWORK, argsFor("web")))
    expect(text).toBe(
      `plugin type="cilium-cni" failed (add): unable to connect to Cilium agent: failed to create cilium agent client after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory
Is the agent running?`,
    )
    expect((node.kernel.sim.now - began) / 1e9).toBeCloseTo(30, 0)
    const del = await call((task) => delNetwork(node.kernel, task, NETWORK, argsFor("web"), { cniVersion: "0.3.1" }))
    expect(del).toBeUndefined()
    expect(drainDeletions(node.kernel)).toEqual([SANDBOX])
    expect(drainDeletions(node.kernel)).toEqual([])
  })
})
