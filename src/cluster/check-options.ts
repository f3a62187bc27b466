/** Refuses options of createCluster that do not exist, have the wrong form or contradict each other, before anything is built. */
import { parseIpv4, parseMac, parsePrefix } from "../wire/address.ts"
import { type ClusterOptions, NODE_OPTION_NAMES, type NodeOptions, OPTION_NAMES } from "./options.ts"

/** The shared network of machines. */
export const NETWORK = "192.168.80"
export const FIRST_HOST = 101
const MACHINES_MAX = 150
/** What kube-controller-manager gives each machine of the pods' range (--node-cidr-mask-size). */
const NODE_MASK = 24
/** A label of a host name (RFC 1123). */
const HOST_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)

function fail(message: string): never {
  throw new TypeError(message)
}

/** Throws a TypeError that names the option, what it was given, and what it expects. */
export function checkOptions(options: ClusterOptions): void {
  const { preset, nodes, cni, seed, epoch } = options
  const unknown = Object.keys(options).find((name) => !(OPTION_NAMES as readonly string[]).includes(name))
  if (unknown !== undefined) fail(`createCluster has no option "${unknown}"; there are: ${OPTION_NAMES.join(", ")}`)
  if (preset !== undefined && preset !== "article") fail(`preset ${show(preset)}: there is "article"`)
  if (preset !== undefined && nodes !== undefined) fail('preset "article" has its own nodes: leave out "nodes"')
  if (seed !== undefined && !Number.isSafeInteger(seed)) fail(`seed ${show(seed)}: expected a whole number`)
  if (epoch !== undefined && !(Number.isSafeInteger(epoch) && epoch >= 0))
    fail(`epoch ${show(epoch)}: expected seconds since 1970`)
  if (cni !== undefined && cni !== "none" && typeof (cni as { images?: unknown }).images !== "function")
    fail(`cni ${show(cni)}: expected flannel(), cilium() or "none"`)
  const count =
    nodes === undefined
      ? preset === undefined
        ? 2
        : 4
      : typeof nodes === "number"
        ? checkCount(nodes)
        : checkNodes(nodes)
  if (options.podCIDR !== undefined) checkPodCIDR(options.podCIDR, count)
}

function checkCount(count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > MACHINES_MAX)
    fail(`nodes ${count}: expected 1 to ${MACHINES_MAX}`)
  return count
}

function checkNodes(nodes: readonly (string | NodeOptions)[]): number {
  if (nodes.length === 0) fail("nodes: at least one machine")
  if (nodes.length > MACHINES_MAX) fail(`nodes: ${nodes.length} machines: expected 1 to ${MACHINES_MAX}`)
  const addresses = new Map<string, string>()
  const names = new Set<string>()
  for (const [i, item] of nodes.entries()) {
    const node = typeof item === "string" ? { name: item } : item
    checkNode(node)
    if (names.has(node.name)) fail(`nodes: the name "${node.name}" is used twice`)
    names.add(node.name)
    const ip = node.ip ?? `${NETWORK}.${FIRST_HOST + i}`
    const other = addresses.get(ip)
    if (other !== undefined) fail(`nodes: ${ip} is used twice: by "${other}" and "${node.name}"`)
    addresses.set(ip, node.name)
  }
  return nodes.length
}

function checkNode(node: NodeOptions): void {
  const { name, ip, macs } = node
  if (typeof name !== "string" || !HOST_NAME.test(name))
    fail(`nodes: ${show(name)} is no machine's name: expected for example "worker-1"`)
  const unknown = Object.keys(node).find((key) => !(NODE_OPTION_NAMES as readonly string[]).includes(key))
  if (unknown !== undefined) fail(`nodes: a machine has no "${unknown}"; there are: ${NODE_OPTION_NAMES.join(", ")}`)
  if (ip !== undefined && parseIpv4(ip) === undefined)
    fail(`nodes: ${name}: ip ${show(ip)}: expected for example "${NETWORK}.103"`)
  if (ip !== undefined && !ip.startsWith(`${NETWORK}.`))
    fail(`nodes: ${name}: ip ${show(ip)}: the machines' network is ${NETWORK}.0/24`)
  for (const [device, address] of Object.entries(macs ?? {}))
    if (parseMac(address) === undefined)
      fail(`nodes: ${name}: macs.${device} ${show(address)}: expected for example "08:00:27:80:00:67"`)
}

function checkPodCIDR(podCIDR: string, count: number): void {
  const prefix = typeof podCIDR === "string" && podCIDR.includes("/") ? parsePrefix(podCIDR) : undefined
  if (prefix === undefined) fail(`podCIDR ${show(podCIDR)}: expected for example "10.244.0.0/16"`)
  if (prefix.length > NODE_MASK) fail(`podCIDR ${show(podCIDR)}: every machine takes a /${NODE_MASK} of it`)
  const room = 2 ** (NODE_MASK - prefix.length)
  if (room < count)
    fail(`podCIDR ${show(podCIDR)} has room for ${room} machines of /${NODE_MASK} each, not for ${count}`)
}
