/** What a packet's journey is drawn from. */
import type { FigureText } from "./svg.ts"

/** A header's field, as text. */
export interface HopField {
  /** Said before the value: `ttl`. */
  readonly name?: string
  readonly value: string
}
/** A header as it stands at a hop. */
export interface HopHeader {
  /** `Ethernet`, `IPv4`, `UDP`, `VXLAN`, `TCP`. What stands before a tunnel header is drawn as outer. */
  readonly name: string
  readonly fields: readonly HopField[]
}
/** One device on a packet's way, and what happened there. */
export interface Hop {
  /** Where; left out between nodes. */
  readonly node?: string
  /** The pod, when the device is a pod's own. */
  readonly pod?: string
  readonly device: string
  /** Nanoseconds of any clock; shown relative to the first hop's. */
  readonly time?: number
  /** "sent", "received", "bridged", "routed", "encapsulated", "wire", "decapsulated", "delivered", "dropped", or a word of your own. */
  readonly action: string
  /** What decided: a route, an FDB row, a drop reason. */
  readonly detail?: string
  /** Outermost first. */
  readonly headers?: readonly HopHeader[]
}
/** What {@link path} draws. */
export interface PathOptions extends FigureText {
  readonly hops: readonly Hop[]
}
