/** Which connection a frame belongs to: that of the innermost headers. */
import type { DissectedLayer } from "podwire"

export interface Flow {
  readonly protocol: "tcp" | "udp" | "icmp"
  readonly source: string
  readonly destination: string
  /** For ICMP the type. */
  readonly port: number
  /** The same for both directions. */
  readonly key: string
}

const ECHO_REPLY = 0
const ECHO_REQUEST = 8

export function flowOf(layers: readonly DissectedLayer[]): Flow | undefined {
  const at = layers.findLastIndex(({ protocol }) => protocol === "ip")
  const ip = layers[at]
  const transport = layers[at + 1]
  if (ip === undefined || transport === undefined) return undefined
  const source = text(ip, "ip.src")
  const destination = text(ip, "ip.dst")
  const { protocol } = transport
  if (protocol === "icmp") {
    const type = Number(text(transport, "icmp.type"))
    if (type !== ECHO_REQUEST && type !== ECHO_REPLY) return undefined
    return { protocol, source, destination, port: ECHO_REQUEST, key: keyOf("icmp", [source, destination]) }
  }
  if (protocol !== "tcp" && protocol !== "udp") return undefined
  const from = text(transport, `${protocol}.srcport`)
  const to = text(transport, `${protocol}.dstport`)
  return {
    protocol,
    source,
    destination,
    port: Number(to),
    key: keyOf(protocol, [`${source}:${from}`, `${destination}:${to}`]),
  }
}

const keyOf = (protocol: string, ends: string[]): string => [protocol, ...ends.sort()].join(" ")

const text = (layer: DissectedLayer, name: string): string =>
  layer.fields.find((field) => field.name === name)?.text ?? ""
