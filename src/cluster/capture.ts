/** Frames seen on the cluster's devices: a list that prints as tcpdump prints, filters, and saves. */
import { compileFilter } from "../capture/filter.ts"
import type { Frame } from "../capture/frame.ts"
import { writePcap } from "../capture/pcap.ts"
import { writePcapng } from "../capture/pcapng.ts"
import { type PrintOptions, TcpdumpPrinter } from "../capture/tcpdump.ts"
import { printable } from "../shell/exec-result.ts"
import { SECOND } from "../sim/simulation.ts"
import { type TraceEvent, TraceKind } from "../sim/trace.ts"
import type { Hop } from "../view/path-data.ts"
import { dropped, journeyOf, nameOf, type Place } from "./journey.ts"
import type { TableLog, Tables } from "./tables.ts"

/** What to capture. Everything, everywhere, when nothing is said. */
export interface CaptureOptions {
  /** pcap-filter(7) text; empty takes everything. */
  filter?: string
  /** A machine or pod; everywhere when absent. */
  on?: string
  /** A device's name; all of the machine's or pod's when absent. */
  device?: string
  /** Keeps the tables, too, for {@link Capture.tables} (false). */
  tables?: boolean
}

/** A frame and where it was seen. */
export interface CapturedFrame extends Frame {
  /** The machine or pod. */
  where: string
  /** The machine, of a pod too. */
  node: string
  device: string
  ifindex: number
  /** Sent by the device (as against received). */
  outgoing: boolean
  /** The packet's identity, the same wherever it passes. */
  packet: number
  /** Virtual nanoseconds since the cluster began. */
  time: number
}

/** A packet that a kernel dropped. */
export interface DroppedPacket {
  /** The packet's identity, as in its frames. */
  packet: number
  /** Virtual nanoseconds since the cluster began. */
  time: number
  /** The machine or pod. */
  where: string
  /** The machine, of a pod too. */
  node: string
  device: string
  /** The kernel's name for it: `SKB_DROP_REASON_NO_SOCKET`. */
  reason: string
}

/** What the kernels decided while the frames were taken, and where the frames can come from. */
export interface Background {
  events: readonly TraceEvent[]
  places: readonly Place[]
  /** A name is no place: a pod may come again, and another namespace may have one of its name. */
  from: ReadonlyMap<CapturedFrame, Place>
  tables?: TableLog
}

/**
 * Frames that were seen on the cluster's devices, in the order in which they passed: what {@link Cluster.capture} returns. Prints as `tcpdump -n`
 * prints, iterates as frames, has `rows` for tables and charts.
 * @example capture.on("k8s-worker-1", "enp0s8").filter("udp port 8472")
 */
export class Capture implements Iterable<CapturedFrame> {
  readonly frames: readonly CapturedFrame[]
  readonly #background: Background

  constructor(frames: readonly CapturedFrame[], background: Background = { events: [], places: [], from: new Map() }) {
    this.frames = frames
    this.#background = background
  }

  /** How many frames. */
  get length(): number {
    return this.frames.length
  }

  [Symbol.iterator](): Iterator<CapturedFrame> {
    return this.frames[Symbol.iterator]()
  }

  /** The frames of one machine or pod, or of one device there. */
  on(where: string, device?: string): Capture {
    const places = [...new Set(this.frames.map((frame) => frame.where))]
    if (!places.includes(where))
      throw new RangeError(
        `nothing was captured on "${where}"; there are frames on: ${places.join(", ") || "no place at all"}`,
      )
    const devices = [...new Set(this.frames.filter((frame) => frame.where === where).map((frame) => frame.device))]
    if (device !== undefined && !devices.includes(device))
      throw new RangeError(
        `nothing was captured on "${device}" of "${where}"; there are frames on: ${devices.join(", ")}`,
      )
    return this.#where((frame) => frame.where === where && (device === undefined || frame.device === device))
  }

  /** The frames that pass a filter: `capture.filter("udp port 8472")`. */
  filter(expression: string): Capture {
    const pass = compileFilter(expression)
    return this.#where((frame) => pass(new DataView(frame.bytes.buffer, frame.bytes.byteOffset), 0, frame.bytes.length))
  }

  #where(keep: (frame: CapturedFrame) => boolean): Capture {
    return new Capture(this.frames.filter(keep), this.#background)
  }

  /**
   * One packet's way, device by device, with what decided at each: data for `path()` and for the `highlight` of `topology()`.
   * Needs a capture of all devices (no `on`, no `device`).
   * @param frame any frame of the packet (the first one)
   * @example display.html(path({ label: "The SYN's way", hops: capture.journey() }))
   */
  journey(frame: CapturedFrame | undefined = this.frames[0]): Hop[] {
    const same = this.frames.filter((other) => other.packet === frame?.packet)
    const { events, places, from } = this.#background
    return journeyOf(same, events, places, (one) => from.get(one))
  }

  /**
   * The tables of a machine or pod at an instant, as far as its packets made it look: what `ip route`, `ip neigh` and `bridge fdb` would have printed.
   * @param time virtual nanoseconds, as in frames and drops
   * @throws RangeError for a place that was not listened to, and for a capture that kept no tables
   * @example capture.tables("k8s-worker-1", capture.frames[0].time).fdb
   */
  tables(where: string, time: number): Tables {
    const { tables, places } = this.#background
    if (tables === undefined) throw new RangeError("this capture kept no tables: capture({ tables: true }, …) does")
    const named = places.filter((one) => nameOf(one) === where)
    const place = named.findLast(({ net }) => tables.knows(net, time)) ?? named[0]
    const found = place === undefined ? undefined : tables.at(place.net, time)
    if (found === undefined)
      throw new RangeError(`nobody listened on "${where}"; there were: ${[...new Set(places.map(nameOf))].join(", ")}`)
    return found
  }

  /** Every packet that was dropped meanwhile, anywhere, and why: `capture.drops.map((drop) => drop.reason)`. */
  get drops(): DroppedPacket[] {
    const { events, places } = this.#background
    return events
      .filter((event) => event.kind === TraceKind.KFREE_SKB)
      .map((event) => {
        const { node = "", pod, device, detail = "" } = dropped(event, places, undefined)
        return { packet: event.packet, time: event.time, where: pod ?? node, node, device, reason: detail }
      })
  }

  /** As `tcpdump -n` prints them; more of its options as data. */
  text(options: PrintOptions = { numeric: true }): string {
    const printer = new TcpdumpPrinter(options)
    return this.frames
      .map((frame) =>
        printer.print({ seconds: frame.seconds, nanos: frame.nanos, bytes: frame.bytes, length: frame.length }),
      )
      .join("")
  }

  /** A classic capture file, with nanoseconds. */
  toPcap(): Uint8Array {
    return writePcap(this.frames, 1, true)
  }

  /** A capture file that knows its devices; opens in Wireshark. */
  toPcapng(): Uint8Array {
    return writePcapng(
      this.frames.map((frame) => ({
        ...frame,
        interface: `${frame.where}/${frame.device}`,
        direction: frame.outgoing ? "Out" : "In",
      })),
    )
  }

  /** One row a frame, for tables and charts: seconds since the first, where, device, length, the printed line. */
  get rows(): {
    time: number
    where: string
    device: string
    direction: "in" | "out"
    length: number
    packet: number
    info: string
  }[] {
    const start = this.frames[0]?.time ?? 0
    const printer = new TcpdumpPrinter({ numeric: true, time: 1 })
    return this.frames.map((frame) => ({
      time: (frame.time - start) / SECOND,
      where: frame.where,
      device: frame.device,
      direction: frame.outgoing ? "out" : "in",
      length: frame.length,
      packet: frame.packet,
      info: printer
        .print({ seconds: frame.seconds, nanos: frame.nanos, bytes: frame.bytes, length: frame.length })
        .trimEnd(),
    }))
  }

  toString(): string {
    return this.text().trimEnd()
  }
}

printable(Capture, (capture) => capture.toString())
