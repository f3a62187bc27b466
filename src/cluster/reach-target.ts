/** What a probe is aimed at: names and addresses as people write them, ports as pods declare them. */
import type { ApiObject, Pod, Service } from "../kube/api/types.ts"
import { parseIpv4 } from "../wire/address.ts"
import { type NodeHandle, PodHandle, type ReachTarget } from "./handles.ts"
import type { ReachOptions } from "./reach.ts"

interface Known {
  readonly nodes: readonly NodeHandle[]
  readonly pods: readonly Pod[]
  readonly services: readonly ApiObject[]
}

/** A pod is named, not resolved: its address may come later. */
export type Found =
  | { readonly pod: string; readonly port: number }
  | { readonly pod: undefined; readonly ip: string; readonly port: number }

export function findTarget(target: ReachTarget, options: ReachOptions, known: Known): Found {
  const protocol = options.protocol ?? "tcp"
  if (!["tcp", "udp", "icmp"].includes(protocol))
    throw new TypeError(`protocol ${JSON.stringify(protocol)}: there are tcp, udp, icmp`)
  const { name, port: written } = parts(target)
  const port = written ?? options.port
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65535))
    throw new TypeError(`port ${port}: expected 1 to 65535`)
  if (protocol === "icmp" && port !== undefined) throw new TypeError(`${name}: ICMP has no port`)
  const pod = known.pods.find((candidate) => fullName(candidate) === (name.includes("/") ? name : `default/${name}`))
  const needed = (): number => (protocol === "icmp" ? 0 : (port ?? missing(name)))
  if (typeof target === "string" && parseIpv4(name) !== undefined) return { pod: undefined, ip: name, port: needed() }
  const node = target instanceof PodHandle ? undefined : known.nodes.find((candidate) => candidate.name === name)
  if (node !== undefined) return { pod: undefined, ip: node.ip, port: needed() }
  const service = known.services.find(
    (candidate) => fullName(candidate) === (name.includes("/") ? name : `default/${name}`),
  )
  if (pod === undefined && service !== undefined) return serviceTarget(service as Service, name, port, protocol)
  if (pod === undefined) throw new RangeError(unknown(name, known))
  return { pod: fullName(pod), port: protocol === "icmp" ? 0 : (port ?? onlyPort(pod, protocol) ?? missing(name)) }
}

const fullName = (object: ApiObject): string => `${object.metadata.namespace}/${object.metadata.name}`
const shortName = (object: ApiObject): string => fullName(object).replace(/^default\//, "")

function parts(target: ReachTarget): { name: string; port: number | undefined } {
  if (target instanceof PodHandle) return { name: `${target.namespace}/${target.name}`, port: undefined }
  if (typeof target !== "string") return { name: target.name, port: undefined }
  const match = /^(.*):(\d+)$/.exec(target)
  return match === null ? { name: target, port: undefined } : { name: match[1] as string, port: Number(match[2]) }
}

/** The port of the pod's that nobody can mistake. */
function onlyPort(pod: Pod, protocol: "tcp" | "udp"): number | undefined {
  const ports = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .filter((port) => (port.protocol ?? "TCP").toLowerCase() === protocol)
  return ports.length === 1 ? ports[0]?.containerPort : undefined
}

function missing(name: string): never {
  throw new TypeError(`which port of ${name}? Say "${name}:80", or { port: 80 }`)
}

/** A Service is reached at its cluster address. */
function serviceTarget({ spec }: Service, name: string, port: number | undefined, protocol: string): Found {
  const { clusterIP = "", ports = [] } = spec
  if (clusterIP === "" || clusterIP === "None")
    throw new RangeError(`"${name}" is a Service without an address of its own: name one of its pods`)
  const own = ports.filter((candidate) => (candidate.protocol ?? "TCP").toLowerCase() === protocol)
  const only = own.length === 1 ? own[0]?.port : undefined
  return { pod: undefined, ip: clusterIP, port: protocol === "icmp" ? 0 : (port ?? only ?? missing(name)) }
}

function unknown(name: string, { nodes, pods, services }: Known): string {
  const list = (names: readonly string[]): string => names.join(", ") || "none"
  return `no pod, node or Service "${name}"; pods: ${list(pods.map(shortName))}; nodes: ${list(nodes.map((node) => node.name))}; Services: ${list(services.map(shortName))}`
}
