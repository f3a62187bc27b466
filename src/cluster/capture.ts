/** Frames seen on the cluster's devices: a list that prints as tcpdump prints, filters, and saves. */
import { compileFilter, FilterError } from "../capture/filter.ts"
import type { Frame } from "../capture/frame.ts"
import { writePcap } from "../capture/pcap.ts"
import { writePcapng } from "../capture/pcapng.ts"
import { type PrintOptions, TcpdumpPrinter } from "../capture/tcpdump.ts"
import { type PacketFrame, PacketSocket } from "../linux/inet/packet-socket.ts"
import type { NetDevice } from "../linux/netdev.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { printable } from "../shell/exec-result.ts"
import { SECOND } from "../sim/simulation.ts"

export interface CaptureOptions {
  /** pcap-filter(7) text; empty takes everything. */
  filter?: string
  /** A machine or pod; everywhere when absent. */
  on?: string
  /** A device's name; all of the machine's or pod's when absent. */
  device?: string
}

/** A frame and where it was seen. */
export interface CapturedFrame extends Frame {
  /** The machine or pod. */
  where: string
  device: string
  /** Sent by the device (as against received). */
  outgoing: boolean
  /** The packet's identity, the same wherever it passes. */
  packet: number
  /** Virtual nanoseconds since the cluster began. */
  time: number
}

/** One place where frames are taken. */
export interface CapturePoint {
  where: string
  net: NetNamespace
}

export class Capture implements Iterable<CapturedFrame> {
  readonly frames: readonly CapturedFrame[]

  constructor(frames: readonly CapturedFrame[]) {
    this.frames = frames
  }

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
    return new Capture(
      this.frames.filter((frame) => frame.where === where && (device === undefined || frame.device === device)),
    )
  }

  /** The frames that pass a filter: `capture.filter("udp port 8472")`. */
  filter(expression: string): Capture {
    const pass = compileFilter(expression)
    return new Capture(
      this.frames.filter((frame) =>
        pass(new DataView(frame.bytes.buffer, frame.bytes.byteOffset), 0, frame.bytes.length),
      ),
    )
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

  static {
    printable(Capture, (capture) => capture.toString())
  }
}

/** Listens at the points until stopped. */
export function startCapture(
  epoch: number,
  points: readonly CapturePoint[],
  options: CaptureOptions,
): { stop(): Capture } {
  const pass = compiled(options.filter ?? "")
  const taps = points.map((point) => {
    const device = options.device === undefined ? undefined : deviceOf(point, options.device)
    const socket = new PacketSocket(point.net, {
      filter: (bytes, offset, length) => pass(new DataView(bytes.buffer), offset, length),
      ...(device === undefined ? {} : { device }),
    })
    return { point, socket }
  })
  return {
    stop(): Capture {
      const all = taps.flatMap(({ point, socket }) => {
        socket.close()
        return socket.frames.map((frame, order) => ({ frame, point, order }))
      })
      // Frames of one instant stay in the order in which the packet passed: each socket numbers what it sees.
      all.sort((a, b) => a.frame.time - b.frame.time || a.frame.serial - b.frame.serial)
      return new Capture(all.map(({ frame, point }) => captured(epoch, frame, point.where)))
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

function deviceOf(point: CapturePoint, name: string): NetDevice {
  const device = point.net.device(name)
  if (device === undefined)
    throw new RangeError(
      `no device "${name}" on ${point.where}; there are: ${point.net.devices.map((dev) => dev.name).join(", ")}`,
    )
  return device
}

function captured(epoch: number, frame: PacketFrame, where: string): CapturedFrame {
  const whole = Math.floor(frame.time / SECOND)
  return {
    seconds: epoch + whole,
    nanos: frame.time - whole * SECOND,
    bytes: frame.bytes,
    length: frame.length,
    where,
    device: frame.device,
    outgoing: frame.packetType === 4,
    packet: frame.packet,
    time: frame.time,
  }
}
