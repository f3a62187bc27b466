/** bridge: a veth pair between the pod and a bridge on the node. Models plugins/main/bridge. */

import { type Dict, isDict } from "../../kube/api/json.ts"
import type { CniError, CniResult } from "../../kube/cri/cni.ts"
import { strerror } from "../../linux/errno.ts"
import type { Kernel } from "../../linux/kernel.ts"
import { Bridge } from "../../linux/link/bridge.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { addrAdd } from "../../linux/rtnetlink/addr.ts"
import type { NetlinkError } from "../../linux/rtnetlink/error.ts"
import { linkAdd, linkDel, linkSetAddress, linkSetMaster, linkUp } from "../../linux/rtnetlink/link.ts"
import { routeAdd } from "../../linux/rtnetlink/route.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { formatMac, networkOf, type Prefix, parseIpv4, parsePrefix } from "../../wire/address.ts"
import { type CniRequest, cniPlugin, delegate, failure, noNamespace, requestNamespace } from "../skel.ts"

/** Names and addresses that are otherwise drawn at random. */
export interface InterfaceNames {
  /** The node's end (`veth` and eight digits). */
  hostVeth?: string
  hostMac?: number
  /** The MAC of the pod's eth0. */
  podMac?: number
}

export interface BridgeNaming {
  pod?(pod: { node: string; namespace: string; name: string }): InterfaceNames | undefined
  /** The MAC a new bridge gets. */
  bridgeMac?(node: string, bridge: string): number | undefined
}

interface BridgeConfig {
  readonly bridge: string
  readonly mtu: number
  readonly isGateway: boolean
  readonly isDefaultGateway: boolean
  readonly hairpin: boolean
  readonly promiscuous: boolean
  readonly ipamType: string
}

/** Waits between looks at the port's state (bridge.go, retries). */
const PORT_WAITS = [0, 50, 500, 1000, 1000]

export function bridgePlugin(naming: BridgeNaming = {}): Tool {
  return cniPlugin("bridge", { add: (request) => add(request, naming), del, check })
}

/** Go's kinds of the fields that are read. */
const FIELDS: Readonly<Record<string, readonly [go: string, js: string]>> = {
  bridge: ["string", "string"],
  isGateway: ["bool", "boolean"],
  isDefaultGateway: ["bool", "boolean"],
  hairpinMode: ["bool", "boolean"],
  promiscMode: ["bool", "boolean"],
  ipMasq: ["bool", "boolean"],
  mtu: ["int", "number"],
}

function wrongField(config: Dict): CniError | undefined {
  for (const [name, [go, js]] of Object.entries(FIELDS)) {
    const value = config[name]
    if (value === undefined || value === null || typeof value === js) continue
    const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value
    return failure(
      `failed to load netconf: json: cannot unmarshal ${kind} into Go struct field NetConf.${name} of type ${go}`,
    )
  }
  return undefined
}

function readConfig({ config }: CniRequest): BridgeConfig | CniError {
  const wrong = wrongField(config)
  if (wrong !== undefined) return wrong
  const ipam = isDict(config["ipam"]) ? config["ipam"] : {}
  for (const field of ["vlan", "vlanTrunk", "preserveDefaultVlan", "macspoofchk", "disableContainerInterface"])
    if (config[field] !== undefined && config[field] !== false && config[field] !== 0)
      return failure(`podwire does not support '${field}' of the bridge plugin`)
  if (config["ipMasq"] === true) return failure("podwire does not support 'ipMasq' of the bridge plugin")
  if (config["hairpinMode"] === true && config["promiscMode"] === true)
    return failure("cannot set hairpin mode and promiscuous mode at the same time.")
  return {
    bridge: String(config["bridge"] ?? "cni0"),
    mtu: Number(config["mtu"] ?? 0) || 1500,
    isGateway: config["isGateway"] === true || config["isDefaultGateway"] === true,
    isDefaultGateway: config["isDefaultGateway"] === true,
    hairpin: config["hairpinMode"] === true,
    promiscuous: config["promiscMode"] === true,
    ipamType: String(ipam["type"] ?? ""),
  }
}

const why = ({ errno, message }: NetlinkError): string => message ?? strerror(errno).toLowerCase()

const isRefused = <T extends object>(result: T | NetlinkError | undefined): result is NetlinkError =>
  result !== undefined && "errno" in result

async function add(request: CniRequest, naming: BridgeNaming): Promise<CniResult | CniError> {
  const config = readConfig(request)
  if ("code" in config) return config
  const pod = requestNamespace(request)
  if (pod === undefined) return noNamespace(request)
  const node = request.proc.net
  const bridge = ensureBridge(request.kernel, node, config, naming)
  if ("code" in bridge) return bridge
  const pair = createPair(request, node, pod, bridge.dev, config, naming)
  if ("code" in pair) return pair
  if (config.ipamType === "") {
    // Without addresses the plugin is a cable.
    linkUp(pair.eth0)
    return describe({ cniVersion: "" }, config, bridge.dev, pair, request)
  }
  const leased = await delegate(request, config.ipamType, "ADD", request.stdin)
  if (typeof leased === "string") return failure(leased)
  if (leased?.ips === undefined || leased.ips.length === 0) return failure("IPAM plugin returned missing IP config")
  const result = describe(leased, config, bridge.dev, pair, request)
  const error =
    configurePod(pod, pair.eth0, result) ??
    (config.isGateway ? setGateway(node, bridge, result) : undefined) ??
    (await waitForPort(request, pair.host))
  // The bridge's address may have changed with its first port, and back.
  if (result.interfaces?.[0] !== undefined) result.interfaces[0].mac = formatMac(bridge.dev.address)
  return error ?? result
}

/** Created when missing, and up. `birthMac` is what it had before any port joined. */
function ensureBridge(
  kernel: Kernel,
  node: NetNamespace,
  config: BridgeConfig,
  naming: BridgeNaming,
): { dev: NetDevice; birthMac: number } | CniError {
  const name = config.bridge
  const known = node.device(name)
  if (known !== undefined && !(known.priv instanceof Bridge))
    return failure(
      `failed to create bridge ${JSON.stringify(name)}: ${JSON.stringify(name)} already exists but is not a bridge`,
    )
  const address = naming.bridgeMac?.(kernel.hostname, name) ?? node.prng.fork(`cni/${name}/${kernel.sim.now}`).mac()
  const made = known ?? linkAdd(node, { kind: "bridge", name, address, mtu: config.mtu, origin: "CNI bridge" })
  if ("errno" in made)
    return failure(
      `failed to create bridge ${JSON.stringify(name)}: could not add ${JSON.stringify(name)}: ${why(made)}`,
    )
  // An address the kernel drew still follows the ports, until it is set by hand.
  if (known === undefined) (made.priv as Bridge).addressPinned = false
  if (config.promiscuous) made.promiscuity++
  linkUp(made)
  return { dev: made, birthMac: made.address }
}

interface Pair {
  readonly host: NetDevice
  readonly eth0: NetDevice
}

function createPair(
  request: CniRequest,
  node: NetNamespace,
  pod: NetNamespace,
  bridge: NetDevice,
  config: BridgeConfig,
  naming: BridgeNaming,
): Pair | CniError {
  if (pod.device(request.ifname) !== undefined)
    return failure(`container veth name provided (${request.ifname}) already exists`)
  const names =
    naming.pod?.({
      node: request.kernel.hostname,
      namespace: request.args.get("K8S_POD_NAMESPACE") ?? "",
      name: request.args.get("K8S_POD_NAME") ?? "",
    }) ?? {}
  const name = names.hostVeth ?? freeVethName(node, request)
  const made = linkAdd(pod, {
    kind: "veth",
    name: request.ifname,
    mtu: config.mtu,
    txQueueLength: 0,
    ...(names.podMac === undefined ? {} : { address: names.podMac }),
    peer: {
      name,
      net: node,
      mtu: config.mtu,
      txQueueLength: 0,
      ...(names.hostMac === undefined ? {} : { address: names.hostMac }),
    },
    origin: "CNI bridge",
  })
  if ("errno" in made) return failure(`failed to make veth pair: ${why(made)}`)
  const host = made.link as NetDevice
  linkUp(host)
  const refused = linkSetMaster(host, bridge)
  if (refused !== undefined)
    return failure(`failed to connect ${JSON.stringify(name)} to bridge ${bridge.name}: ${why(refused)}`)
  if (host.port !== undefined) host.port.hairpin = config.hairpin
  return { host, eth0: made }
}

/** Drawn until it is free, as the plugin does. */
function freeVethName(node: NetNamespace, request: CniRequest): string {
  const prng = node.prng.fork(`veth/${request.containerId}`)
  for (;;) {
    const name = `veth${prng.hex(8)}`
    if (node.device(name) === undefined) return name
  }
}

function describe(
  leased: CniResult,
  config: BridgeConfig,
  bridge: NetDevice,
  pair: Pair,
  request: CniRequest,
): CniResult {
  const gateway = leased.ips?.[0]?.gateway
  const routes = [
    ...(leased.routes ?? []),
    ...(config.isDefaultGateway && gateway !== undefined ? [{ dst: "0.0.0.0/0", gw: gateway }] : []),
  ]
  return {
    cniVersion: leased.cniVersion,
    interfaces: [
      { name: bridge.name, mac: formatMac(bridge.address) },
      { name: pair.host.name, mac: formatMac(pair.host.address) },
      { name: pair.eth0.name, mac: formatMac(pair.eth0.address), sandbox: request.netnsPath },
    ],
    ips: (leased.ips ?? []).map((ip) => ({ ...ip, interface: 2 })),
    ...(routes.length === 0 ? {} : { routes }),
    dns: leased.dns ?? {},
  }
}

/** Address, link up, routes. Models pkg/ipam ConfigureIface. */
function configurePod(pod: NetNamespace, eth0: NetDevice, result: CniResult): CniError | undefined {
  eth0.arpNotify = true
  for (const ip of result.ips ?? []) {
    const prefix = parsePrefix(ip.address) as Prefix
    const refused = addrAdd(eth0, {
      address: prefix.address,
      prefixLength: prefix.length,
      broadcast: broadcastOf(prefix),
      origin: "CNI bridge",
    })
    if (refused !== undefined)
      return failure(`failed to add IP addr ${ip.address} to ${JSON.stringify(eth0.name)}: ${why(refused)}`)
  }
  linkUp(eth0)
  const gateway = result.ips?.[0]?.gateway
  for (const route of result.routes ?? []) {
    const destination = parsePrefix(route.dst) as Prefix
    const via = parseIpv4(route.gw ?? gateway ?? "")
    const refused = routeAdd(pod, {
      destination: destination.address,
      prefixLength: destination.length,
      ...(via === undefined ? {} : { gateway: via }),
      dev: eth0,
      origin: "CNI bridge",
    })
    if (refused !== undefined && refused.errno !== "EEXIST")
      return failure(`failed to add route '${route.dst} via ${route.gw ?? gateway} dev ${eth0.name}': ${why(refused)}`)
  }
  return undefined
}

const broadcastOf = ({ address, length }: Prefix): number => (networkOf(address, length) + 2 ** (32 - length) - 1) >>> 0

/** The bridge gets the pods' gateway address, and keeps the MAC it was born with. */
function setGateway(
  node: NetNamespace,
  { dev, birthMac }: { dev: NetDevice; birthMac: number },
  result: CniResult,
): CniError | undefined {
  for (const ip of result.ips ?? []) {
    if (ip.gateway === undefined) continue
    const prefix = parsePrefix(ip.address) as Prefix
    const address = parseIpv4(ip.gateway) as number
    const text = `${ip.gateway}/${prefix.length}`
    if (dev.addresses.some((ifa) => ifa.address === address && ifa.prefixLength === prefix.length)) continue
    if (dev.addresses.length > 0)
      return failure(
        `failed to set bridge addr: ${JSON.stringify(dev.name)} already has an IP address different from ${text}`,
      )
    const refused = addrAdd(dev, {
      address,
      prefixLength: prefix.length,
      broadcast: broadcastOf(prefix),
      origin: "CNI bridge",
    })
    if (refused !== undefined)
      return failure(
        `failed to set bridge addr: could not add IP address to ${JSON.stringify(dev.name)}: ${why(refused)}`,
      )
    linkSetAddress(dev, birthMac)
  }
  node.sysctl.ipForward = true
  for (const device of node.devices) device.forwarding = true
  return undefined
}

async function waitForPort(request: CniRequest, host: NetDevice): Promise<CniError | undefined> {
  for (const wait of PORT_WAITS) {
    if (wait > 0) await request.proc.sleep(wait * MILLISECOND)
    if (host.running) return undefined
  }
  return failure(`bridge port in error state: ${host.operstate}`)
}

/** Whether what was added is still there. */
async function check(request: CniRequest): Promise<CniError | undefined> {
  const config = readConfig(request)
  if ("code" in config) return config
  if (requestNamespace(request) === undefined) return noNamespace(request)
  const checked = config.ipamType === "" ? undefined : await delegate(request, config.ipamType, "CHECK", request.stdin)
  if (typeof checked === "string") return failure(checked)
  if (request.config["prevResult"] === undefined) return failure("Required prevResult missing")
  return failure("podwire does not support CHECK against a prevResult")
}

/** The pair goes away, then the address goes back. */
async function del(request: CniRequest): Promise<CniError | undefined> {
  const config = readConfig(request)
  if ("code" in config) return config
  const eth0 = requestNamespace(request)?.device(request.ifname)
  const refused = eth0 === undefined ? undefined : linkDel(eth0)
  if (isRefused(refused)) return failure(`failed to delete ${JSON.stringify(request.ifname)}: ${why(refused)}`)
  const freed = config.ipamType === "" ? undefined : await delegate(request, config.ipamType, "DEL", request.stdin)
  return typeof freed === "string" ? failure(freed) : undefined
}
