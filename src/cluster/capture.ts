/** Frames seen on the cluster's devices: a list that prints as tcpdump prints, filters, and saves. */
import { compileFilter, FilterError } from "../capture/filter.ts"
import type { Frame } from "../capture/frame.ts"
import { writePcap } from "../capture/pcap.ts"
import { writePcapng } from "../capture/pcapng.ts"
import { type PrintOptions, TcpdumpPrinter } from "../capture/tcpdump.ts"
import { type PacketFrame, PacketSocket } from "../linux/inet/packet-socket.ts"
import type { NetDevice } from "../linux/netdev.ts"
import { printable } from "../shell/exec-result.ts"
import { SECOND, type Simulation } from "../sim/simulation.ts"
import { type TraceEvent, TraceKind } from "../sim/trace.ts"
import type { Hop } from "../view/path-data.ts"
import { checkNames } from "./command.ts"
import { dropped, journeyOf, type Place } from "./journey.ts"
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
interface Background {
  events: readonly TraceEvent[]
  places: readonly Place[]
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

  constructor(frames: readonly CapturedFrame[], background: Background = { events: [], places: [] }) {
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
    return journeyOf(same, this.#background.events, this.#background.places)
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
    const place = places.find((one) => (one.pod ?? one.node) === where)
    const found = place === undefined ? undefined : tables.at(place.net, time)
    if (found === undefined)
      throw new RangeError(
        `nobody listened on "${where}"; there were: ${places.map((one) => one.pod ?? one.node).join(", ")}`,
      )
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

const CAPTURE_OPTIONS = { filter: 0, on: 0, device: 0, tables: 0 } satisfies Record<keyof CaptureOptions, 0>

/** Frames that are being taken: what {@link Cluster.record} returns. */
export interface Recording {
  /** Ends it; what was taken until now. */
  stop(): Capture
}

/** Listens at the points until stopped. */
export function startCapture(
  sim: Simulation,
  places: readonly Place[],
  options: CaptureOptions,
  tables?: TableLog,
): Recording {
  checkNames("capture", options, CAPTURE_OPTIONS)
  const pass = compiled(options.filter ?? "")
  const from = sim.trace.start()
  const taps = places.map((point) => {
    const device = options.device === undefined ? undefined : deviceOf(point, options.device)
    // Unlike tcpdump in a pod, which shows what is still to be computed: a file of these opens without a bad checksum.
    const socket = new PacketSocket(point.net, {
      finishChecksums: true,
      filter: (bytes, offset, length) => {
        tables?.look(point.net, sim.now)
        return pass(new DataView(bytes.buffer), offset, length)
      },
      ...(device === undefined ? {} : { device }),
    })
    return { point, socket }
  })
  return {
    stop(): Capture {
      const events = sim.trace.stop(from)
      for (const { net } of places) tables?.look(net, sim.now)
      const all = taps.flatMap(({ point, socket }) => {
        socket.close()
        return socket.frames.map((frame, order) => ({ frame, point, order }))
      })
      // Frames of one instant stay in the order in which the packet passed: each socket numbers what it sees.
      all.sort((a, b) => a.frame.time - b.frame.time || a.frame.serial - b.frame.serial)
      return new Capture(
        all.map(({ frame, point }) => captured(sim.epoch, frame, point)),
        { events, places, ...(tables === undefined ? {} : { tables }) },
      )
    },
  }
}

function compiled(expression: string): ReturnType<typeof compileFilter> {
  try {
    return compileFilter(expression)
  } catch (error) {
    if (error instanceof FilterError)
      throw new SyntaxError(`capture filter ${JSON.stringify(expression)}: ${error.message}`)
    throw error
  }
}

function deviceOf(place: Place, name: string): NetDevice {
  const device = place.net.device(name)
  if (device === undefined)
    throw new RangeError(
      `no device "${name}" on ${place.pod ?? place.node}; there are: ${place.net.devices.map((dev) => dev.name).join(", ")}`,
    )
  return device
}

function captured(epoch: number, frame: PacketFrame, place: Place): CapturedFrame {
  const whole = Math.floor(frame.time / SECOND)
  return {
    seconds: epoch + whole,
    nanos: frame.time - whole * SECOND,
    bytes: frame.bytes,
    length: frame.length,
    where: place.pod ?? place.node,
    node: place.node,
    device: frame.device,
    ifindex: frame.ifindex,
    outgoing: frame.packetType === 4,
    packet: frame.packet,
    time: frame.time,
  }
}
