/** A capture on one device or on all of them. */

import type { FrameFilter } from "../../capture/filter.ts"
import { type Frame, LinkType } from "../../capture/frame.ts"
import { type PacketFrame, PacketSocket } from "../../linux/inet/packet-socket.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { PacketType } from "../../linux/skb.ts"
import type { Process } from "../../linux/task/process.ts"
import { SECOND } from "../../sim/simulation.ts"
import * as ethernet from "../../wire/ethernet.ts"
import * as sll2 from "../../wire/sll2.ts"
import { chooseDevice } from "./devices.ts"
import { fail } from "./error.ts"
import { compiled } from "./filter.ts"
import { linkByName, linkText } from "./link-names.ts"
import { Output } from "./output.ts"
import type { Settings } from "./settings.ts"

export async function live(proc: Process, settings: Settings): Promise<number> {
  const chosen = chooseDevice(proc, settings.device)
  const name = chosen === "any" ? "any" : chosen.name
  const linkType = chosen === "any" ? LinkType.LINUX_SLL2 : LinkType.ETHERNET
  if (settings.say === "links") return await sayLinks(proc, chosen)
  await sayLinkType(proc, settings, linkType)
  const pass = compiled(proc, settings, linkType, true)
  const output = new Output(proc, settings, linkType, settings.snaplen)
  const socket = openSocket(proc, settings, chosen, pass)
  try {
    await output.begin()
    const listening = `listening on ${name}, link-type ${linkText(linkType)}, snapshot length ${settings.snaplen} bytes\n`
    const quiet = (settings.print.verbose ?? 0) === 0 && settings.write === undefined
    const hint = quiet ? "verbose output suppressed, use -v[v]... for full protocol decode\n" : ""
    await proc.err(`tcpdump: ${hint}${listening}`)
    await capture(proc, settings, socket, output, chosen === "any")
  } finally {
    socket.close()
    output.close()
  }
  const lines = [`captured`, `received by filter`, `dropped by kernel`]
  const counts = [output.count, socket.received, socket.dropped]
  await proc.err(counts.map((n, i) => `${n} packet${n === 1 ? "" : "s"} ${lines[i]}\n`).join(""))
  return 0
}

async function sayLinks(proc: Process, chosen: NetDevice | "any"): Promise<number> {
  const any = "  LINUX_SLL (Linux cooked v1)\n  LINUX_SLL2 (Linux cooked v2)\n"
  const docsis = chosen === "any" || chosen === proc.net.loopback ? "" : "  DOCSIS (DOCSIS) (printing not supported)\n"
  const name = chosen === "any" ? "any" : chosen.name
  await proc.err(
    `Data link types for ${name} (use option -y to set):\n${chosen === "any" ? any : `  EN10MB (Ethernet)\n${docsis}`}`,
  )
  return 0
}

/** -y, and what stands for it with `any`. */
async function sayLinkType(proc: Process, settings: Settings, linkType: number): Promise<void> {
  const { linkName } = settings
  if (linkName !== undefined) {
    const wanted = linkByName(linkName)
    if (wanted === undefined) fail(`invalid data link type ${linkName}`)
    if (wanted !== linkType)
      fail(`${linkText(wanted as number).split(" ")[0]} is not one of the DLTs supported by this device`)
  }
  if (linkName !== undefined || linkType === LinkType.LINUX_SLL2)
    await proc.err(`tcpdump: data link type ${linkText(linkType).split(" ")[0]}\n`)
}

function openSocket(proc: Process, settings: Settings, chosen: NetDevice | "any", pass: FrameFilter): PacketSocket {
  const context = { outgoing: false, ifindex: 0 }
  // A cooked header takes six bytes more than the Ethernet header it replaces.
  const snaplen = chosen === "any" ? settings.snaplen - sll2.LENGTH + ethernet.LENGTH : settings.snaplen
  return new PacketSocket(proc.net, {
    snaplen: Math.max(0, snaplen),
    filter: (bytes, offset, length, dev, outgoing) => {
      context.outgoing = outgoing
      context.ifindex = dev.ifindex
      return pass(new DataView(bytes.buffer), offset, length, length, context)
    },
    ...(chosen === "any" ? {} : { device: chosen, promiscuous: settings.promiscuous }),
  })
}

/** Until -c packets, or SIGINT, SIGTERM, SIGHUP, SIGPIPE. */
async function capture(
  proc: Process,
  settings: Settings,
  socket: PacketSocket,
  output: Output,
  any: boolean,
): Promise<void> {
  let stopped = false
  const stop = (): void => {
    stopped = true
    socket.interrupt()
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"] as const) proc.on(signal, stop)
  // Asks for what has been taken to be in the file, where it is already.
  proc.on("SIGUSR1", () => undefined)
  const ticker = new Ticker(proc, settings, socket, output)
  const wanted = settings.direction
  while (!stopped) {
    const frames = (await socket.read(proc)).filter(
      ({ packetType }) => wanted === "inout" || (wanted === "out") === (packetType === PacketType.OUTGOING),
    )
    if (!(await output.take(frames.map((frame) => toFrame(proc, frame, any, settings.snaplen))))) break
    await ticker.say()
  }
  ticker.stop()
  // Stopped by a signal, it may have been in the middle of a line.
  if (stopped && settings.write === undefined) await proc.out("\n")
}

/** -v with -w: once a second how many packets there are, when that has changed. */
class Ticker {
  readonly #proc: Process
  readonly #output: Output
  readonly #socket: PacketSocket
  readonly #on: boolean
  #timer: number | undefined
  #due = false
  #said: number | undefined

  constructor(proc: Process, settings: Settings, socket: PacketSocket, output: Output) {
    this.#proc = proc
    this.#output = output
    this.#socket = socket
    this.#on = (settings.print.verbose ?? 0) > 0 && settings.write !== undefined && !settings.alsoPrint
    this.#schedule()
  }

  #schedule(): void {
    if (!this.#on) return
    const fire = (): void => {
      this.#due = true
      this.#socket.interrupt()
      this.#schedule()
    }
    this.#timer = this.#proc.kernel.sim.schedule(SECOND, { fire }, 0)
  }

  async say(): Promise<void> {
    if (!this.#due || this.#said === this.#output.count) return
    this.#due = false
    this.#said = this.#output.count
    await this.#proc.err(`Got ${this.#said}\r`)
  }

  stop(): void {
    if (this.#timer !== undefined) this.#proc.kernel.sim.cancel(this.#timer)
  }
}

function toFrame(proc: Process, frame: PacketFrame, any: boolean, snaplen: number): Frame {
  const { epoch } = proc.kernel.sim
  const whole = Math.floor(frame.time / SECOND)
  const base = { seconds: epoch + whole, nanos: frame.time - whole * SECOND, bytes: frame.bytes, length: frame.length }
  return any ? { ...base, ...cooked(proc, frame, snaplen) } : base
}

/** The frame as `any` shows it: the link layer replaced by where it was seen. */
function cooked(proc: Process, frame: PacketFrame, snaplen: number): { bytes: Uint8Array; length: number } {
  const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength)
  const payload = frame.bytes.subarray(ethernet.LENGTH)
  const bytes = new Uint8Array(sll2.LENGTH + payload.length)
  const loopback = proc.net.deviceByIndex(frame.ifindex) === proc.net.loopback
  sll2.emit(new DataView(bytes.buffer), 0, {
    protocol: frame.bytes.length < ethernet.LENGTH ? 0 : ethernet.etherType(view, 0),
    ifindex: frame.ifindex,
    hardwareType: loopback ? sll2.HardwareType.LOOPBACK : sll2.HardwareType.ETHER,
    packetType: frame.packetType,
    address: frame.bytes.length < ethernet.LENGTH ? 0 : ethernet.source(view, 0),
  })
  bytes.set(payload, sll2.LENGTH)
  return { bytes: bytes.subarray(0, snaplen), length: frame.length - ethernet.LENGTH + sll2.LENGTH }
}
