/** What can be set of Flannel: net-conf.json and the daemon's flags. */
import type { BridgeNaming } from "../bridge/bridge.ts"

/** What can be set of {@link flannel}; the defaults are Flannel's own. */
export interface FlannelOptions {
  /** All pods' network ("10.244.0.0/16"). */
  network?: string
  /** "vxlan" (default) or "host-gw". */
  backend?: "vxlan" | "host-gw"
  /** VXLAN network identifier (1). */
  vni?: number
  /** UDP port of VXLAN (the kernel's 8472). */
  port?: number
  /** Routes between nodes of one link without tunnel (false). */
  directRouting?: boolean
  /** Lets the tunnel device learn from what it receives (false). */
  learning?: boolean
  /** The uplink's MTU as Flannel shall take it (the device's own). */
  mtu?: number
  /** `--iface`: the uplink's name or address (the default route's device). */
  iface?: string
  /** Fixes names and MAC addresses of pod interfaces. */
  naming?: BridgeNaming
}

/** net-conf.json as flanneld reads it. Models pkg/subnet/config.go and pkg/backend/vxlan/vxlan.go. */
export interface NetConf {
  readonly network: string
  readonly backend: "vxlan" | "host-gw"
  readonly vni: number
  readonly port: number
  readonly directRouting: boolean
  readonly learning: boolean
  readonly mtu: number
}

export function netConfJson(options: FlannelOptions): string {
  const type = options.backend ?? "vxlan"
  const backend: Record<string, unknown> = { Type: type }
  if (options.vni !== undefined) backend["VNI"] = options.vni
  if (options.port !== undefined) backend["Port"] = options.port
  if (options.directRouting !== undefined) backend["DirectRouting"] = options.directRouting
  if (options.learning !== undefined) backend["Learning"] = options.learning
  if (options.mtu !== undefined) backend["MTU"] = options.mtu
  return `${JSON.stringify({ Network: options.network ?? "10.244.0.0/16", EnableNFTables: false, Backend: backend }, undefined, 2)}\n`
}

/** Go's decoder ignores the case of keys. */
function field(object: Record<string, unknown>, name: string): unknown {
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : object[found]
}

/** The configuration, or flanneld's error text. */
export function parseNetConf(json: unknown): NetConf | string {
  if (typeof json !== "object" || json === null) return "error parsing subnet config: unexpected end of JSON input"
  const source = json as Record<string, unknown>
  const backend = (field(source, "Backend") ?? {}) as Record<string, unknown>
  const type = field(backend, "Type") ?? "udp"
  if (field(source, "EnableNFTables") === true) return "podwire does not support EnableNFTables"
  if (field(source, "EnableIPv6") === true) return "podwire does not support EnableIPv6"
  if (type !== "vxlan" && type !== "host-gw") return `podwire does not support the backend '${String(type)}'`
  if (field(backend, "GBP") === true) return "podwire does not support GBP"
  return {
    network: String(field(source, "Network") ?? ""),
    backend: type,
    vni: Number(field(backend, "VNI") ?? 1),
    port: Number(field(backend, "Port") ?? 0),
    directRouting: field(backend, "DirectRouting") === true,
    learning: field(backend, "Learning") === true,
    mtu: Number(field(backend, "MTU") ?? 0),
  }
}
