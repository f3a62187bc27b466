/** What the packet view asks of the worker, and what it is told: plain data. */
import type { DissectedLayer } from "podwire"

/** A packet of the list, wherever it was seen. */
export interface PacketRow {
  /** The packet's identity in its cluster. */
  readonly packet: number
  /** Seconds since the cell's first packet. */
  readonly time: number
  /** Where it was seen first: `client-pod eth0`. */
  readonly place: string
  /** As tcpdump prints its first frame. */
  readonly info: string
  /** How many frames of it were seen. */
  readonly frames: number
  /** Why it was dropped: `SKB_DROP_REASON_…`. */
  readonly dropped?: string
}

/** The packets that passed while a cell ran. */
export interface PacketList {
  /** How many packets passed in each cluster, filter or not; the list is of one of them. */
  readonly clusters: readonly number[]
  readonly rows: readonly PacketRow[]
  /** What is wrong with the filter, in libpcap's words. */
  readonly error?: string
}

/** A device on a packet's way: what was decided there, and the frame as it was seen. */
export interface PacketStop {
  /** The machine, or the pod on it. Absent between machines. */
  readonly where?: string
  readonly device: string
  /** Nanoseconds since the packet was seen first. */
  readonly time: number
  readonly action: string
  /** What decided: a route, an FDB row, a program, a drop reason. */
  readonly detail?: string
  readonly bytes?: Uint8Array
  readonly layers?: readonly DissectedLayer[]
}

export interface PacketDetail {
  readonly stops: readonly PacketStop[]
  /** What the policies say of the connection, with the lines of the manifests; absent where the packet has no ports. */
  readonly policy?: string
}

/** When something happened to a packet while a cell ran. */
export interface TimeLine {
  /** Instants, in nanoseconds since the first. */
  readonly times: readonly number[]
}

/** What happened to a packet at an instant. */
export interface Happening {
  readonly packet: number
  /** `k8s-worker-1 cni0`; absent between machines. */
  readonly place?: string
  readonly action: string
  readonly detail?: string
}

/** The cluster at an instant. */
export interface Moment {
  /** The machines and pods, with the way so far of the packet that moved; SVG. */
  readonly figure: string
  readonly happenings: readonly Happening[]
  /** The tables of the machine or pod where it happened, as they stood. */
  readonly tables?: {
    readonly where: string
    readonly routes: string
    readonly neighbours: string
    readonly fdb: string
  }
}

/** The seeds of all clusters there are. */
export interface SeedList {
  readonly seeds: readonly number[]
}

/** A question about the packets of a cell that has run. */
export type PacketQuestion = { readonly cell: string; readonly cluster: number } & (
  | { readonly kind: "list" | "file"; readonly filter: string }
  | { readonly kind: "packet"; readonly packet: number }
  | { readonly kind: "times" }
  | { readonly kind: "seeds" }
  | { readonly kind: "moment"; readonly time: number }
)

/** A file for Wireshark: pcapng. */
export type PacketAnswer = PacketList | PacketDetail | TimeLine | Moment | SeedList | Uint8Array
