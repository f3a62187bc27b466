/** tcpdump 4.99.3 with libpcap 1.10.3. */
import { compileFilter, FilterError, type FrameFilter } from "../capture/filter.ts"
import { type Frame, LinkType } from "../capture/frame.ts"
import { type CaptureError, isCaptureError, type PcapFile, readPcap, SNAPLEN, writePcap } from "../capture/pcap.ts"
import { type PrintOptions, TcpdumpPrinter } from "../capture/tcpdump.ts"
import { strerror } from "../linux/errno.ts"
import { type PacketFrame, PacketSocket } from "../linux/inet/packet-socket.ts"
import type { NetDevice } from "../linux/netdev.ts"
import { PacketType } from "../linux/skb.ts"
import type { OpenFile } from "../linux/task/file.ts"
import { openFile } from "../linux/task/open.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { SECOND } from "../sim/simulation.ts"

const VERSION = "tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\nOpenSSL 3.0.19 27 Jan 2026\n"
const USAGE = `${VERSION}Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]
\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]
\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]
\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]
\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]
\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]
\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]
`
const TABLE = {
  i: true,
  c: true,
  n: false,
  e: false,
  v: false,
  q: false,
  S: false,
  t: false,
  x: false,
  X: false,
  A: false,
  w: true,
  r: true,
  s: true,
  l: false,
  U: false,
  p: false,
  Q: true,
  T: true,
  D: false,
  h: false,
  K: false,
  "#": false,
  Z: true,
  interface: true,
  "immediate-mode": false,
  nano: false,
  micro: false,
  version: false,
  "list-interfaces": false,
  number: false,
  help: false,
  "packet-buffered": false,
  "no-promiscuous-mode": false,
  direction: true,
  snapshot: true,
  "time-stamp-precision": true,
}
const REFUSED = {
  d: false,
  F: true,
  C: true,
  G: true,
  W: true,
  z: true,
  E: true,
  M: true,
  B: true,
  j: true,
  J: false,
  L: false,
  y: true,
  V: true,
  b: false,
  f: false,
  H: false,
  I: false,
  N: false,
  O: false,
  u: false,
  count: false,
  print: false,
}

interface Settings {
  print: PrintOptions
  device: string | undefined
  count: number
  write: string | undefined
  read: string | undefined
  snaplen: number
  direction: "in" | "out" | "inout"
  expression: string
}

class TcpdumpError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const fail = (text: string): never => {
  throw new TcpdumpError(`tcpdump: ${text}\n`)
}

export const tcpdump: Tool = defineTool("tcpdump", async (proc) => {
  try {
    const settings = await readSettings(proc)
    if (typeof settings === "number") return settings
    if (settings.read !== undefined) return await replay(proc, settings, settings.read)
    return await live(proc, settings)
  } catch (thrown) {
    if (!(thrown instanceof TcpdumpError)) throw thrown
    await proc.err(thrown.text)
    return 1
  }
})

async function readSettings(proc: Process): Promise<Settings | number> {
  const parsed = getopt(proc.argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed) throw new TcpdumpError(getoptMessage("tcpdump", parsed) + USAGE)
  const settings: Settings = {
    print: {},
    device: undefined,
    count: Number.POSITIVE_INFINITY,
    write: undefined,
    read: undefined,
    snaplen: SNAPLEN,
    direction: "inout",
    expression: parsed.operands.join(" "),
  }
  const times: Record<string, number> = {}
  for (const { name, value } of parsed.options) {
    if (name in REFUSED) fail(`podwire does not support option '${name.length === 1 ? "-" : "--"}${name}'`)
    times[name] = (times[name] ?? 0) + 1
    if (name === "h" || name === "help") {
      await proc.out(USAGE)
      return 0
    }
    if (name === "version") {
      await proc.out(VERSION)
      return 0
    }
    if (name === "D" || name === "list-interfaces") {
      await proc.out(listInterfaces(proc))
      return 0
    }
    applyOption(settings, name, value)
  }
  settings.print = printOptions(times)
  return settings
}

function applyOption(settings: Settings, name: string, value: string): void {
  if (name === "i" || name === "interface") settings.device = value
  else if (name === "c")
    settings.count = /^\d+$/.test(value) && Number(value) > 0 ? Number(value) : fail(`invalid packet count ${value}`)
  else if (name === "w") settings.write = value
  else if (name === "r") settings.read = value
  else if (name === "s" || name === "snapshot")
    settings.snaplen = /^\d+$/.test(value) ? Number(value) || SNAPLEN : fail(`invalid snaplen ${value}`)
  else if (name === "Q" || name === "direction")
    settings.direction =
      value === "in" || value === "out" || value === "inout" ? value : fail(`unknown capture direction \`${value}'`)
  else if (name === "T" && value !== "vxlan") fail(`podwire does not support packet type \`${value}'`)
}

function printOptions(times: Readonly<Record<string, number>>): PrintOptions {
  const given = (name: string): number => times[name] ?? 0
  const hex =
    given("A") > 0
      ? "A"
      : given("X") > 1
        ? "XX"
        : given("X") > 0
          ? "X"
          : given("x") > 1
            ? "xx"
            : given("x") > 0
              ? "x"
              : undefined
  return {
    numeric: given("n") > 0,
    linkHeader: given("e") > 0,
    verbose: Math.min(3, given("v")),
    quiet: given("q") > 0,
    absolute: given("S") > 0,
    time: given("t"),
    nano: given("nano") > 0,
    number: given("#") > 0 || given("number") > 0,
    ...(hex === undefined ? {} : { hex }),
    ...(given("T") > 0 ? { tunnel: "vxlan" } : {}),
  }
}

function listInterfaces(proc: Process): string {
  const up = (dev: NetDevice): string => `[Up, Running${dev.kind === "loopback" ? ", Loopback" : ", Connected"}]`
  const names = proc.net.devices.filter((dev) => dev.up).map((dev) => `${dev.name} ${up(dev)}`)
  const loopback = names.findIndex((name) => name.startsWith("lo "))
  const ordered = [
    ...names.filter((_, i) => i !== loopback),
    "any (Pseudo-device that captures on all interfaces) [Up, Running]",
    ...(loopback < 0 ? [] : [names[loopback] as string]),
  ]
  return ordered.map((name, i) => `${i + 1}.${name}\n`).join("")
}

function filterOf(expression: string): FrameFilter {
  try {
    return compileFilter(expression)
  } catch (error) {
    if (error instanceof FilterError) return fail(error.message)
    throw error
  }
}

// ── reading a file ────────────────────────────────────────────────────────────────────────────

async function replay(proc: Process, settings: Settings, name: string): Promise<number> {
  const bytes = name === "-" ? await proc.readAll() : proc.fs.readFile(proc.path(name))
  if (typeof bytes === "string") return fail(`${name}: ${strerror(bytes)}`)
  const file = readPcap(bytes)
  if (isCaptureError(file) && file.frames.length === 0 && file.offset < 24) return fail(file.message)
  const linkName = file.linkType === LinkType.RAW ? "RAW (Raw IP)" : "EN10MB (Ethernet)"
  if (settings.write === undefined)
    await proc.err(
      `reading from file ${name}, link-type ${linkName}, snapshot length ${isCaptureError(file) ? SNAPLEN : file.snaplen}\n`,
    )
  const pass = filterOf(settings.expression)
  const frames = file.frames
    .filter((frame) => pass(new DataView(frame.bytes.buffer, frame.bytes.byteOffset), 0, frame.bytes.length))
    .slice(0, settings.count)
  await emit(proc, settings, frames, file)
  if (!isCaptureError(file)) return 0
  return fail(`pcap_loop: ${file.message}`)
}

async function emit(
  proc: Process,
  settings: Settings,
  frames: readonly Frame[],
  file: PcapFile | CaptureError,
): Promise<void> {
  if (settings.write !== undefined) {
    await save(proc, settings.write, writePcap(frames, file.linkType))
    return
  }
  const printer = new TcpdumpPrinter(settings.print, file.linkType)
  for (const frame of frames) await proc.out(printer.print(frame))
}

async function save(proc: Process, name: string, bytes: Uint8Array): Promise<void> {
  if (name === "-") await proc.out(bytes)
  else {
    const errno = proc.fs.writeFile(proc.path(name), bytes)
    if (errno !== undefined) fail(`${name}: ${strerror(errno)}`)
  }
}

// ── live capture ──────────────────────────────────────────────────────────────────────────────

async function live(proc: Process, settings: Settings): Promise<number> {
  if (proc.uid !== 0) {
    const where = settings.device ?? "enp0s3"
    return fail(
      `${where}: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)`,
    )
  }
  const any = settings.device === "any"
  const device = any ? undefined : deviceOf(proc, settings.device)
  const pass = filterOf(settings.expression)
  const direction = settings.direction
  const socket = new PacketSocket(proc.net, {
    snaplen: settings.snaplen,
    filter: (bytes, offset, length, _dev, outgoing) =>
      (direction === "inout" || (direction === "out") === outgoing) && pass(new DataView(bytes.buffer), offset, length),
    ...(device === undefined ? {} : { device }),
  })
  try {
    await announce(proc, settings, device)
    return await capture(proc, settings, socket, any)
  } finally {
    socket.close()
  }
}

function deviceOf(proc: Process, name: string | undefined): NetDevice {
  if (name === undefined) {
    const first = proc.net.devices.find((dev) => dev.up && dev !== proc.net.loopback)
    return first ?? fail("no suitable device found")
  }
  const device = proc.net.device(name) ?? fail(`${name}: No such device exists\n(No such device exists)`)
  return device.up ? device : fail(`${name}: That device is not up`)
}

async function announce(proc: Process, settings: Settings, device: NetDevice | undefined): Promise<void> {
  const name = device?.name ?? "any"
  const link = device === undefined ? "LINUX_SLL2 (Linux cooked v2)" : "EN10MB (Ethernet)"
  const listening = `listening on ${name}, link-type ${link}, snapshot length ${settings.snaplen} bytes\n`
  if (device === undefined) await proc.err("tcpdump: data link type LINUX_SLL2\n")
  if (settings.write !== undefined || (settings.print.verbose ?? 0) > 0) await proc.err(`tcpdump: ${listening}`)
  else await proc.err(`tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n${listening}`)
}

/** Until -c packets, SIGINT or SIGTERM. */
async function capture(proc: Process, settings: Settings, socket: PacketSocket, any: boolean): Promise<number> {
  const printer = new TcpdumpPrinter(settings.print)
  const kept: Frame[] = []
  let stopped = false
  const stop = (): void => {
    stopped = true
    socket.interrupt()
  }
  proc.on("SIGINT", stop)
  proc.on("SIGTERM", stop)
  let captured = 0
  const out = settings.write === undefined || settings.write === "-" ? undefined : openCaptureFile(proc, settings.write)
  while (!stopped && captured < settings.count) {
    for (const frame of await socket.read(proc)) {
      if (captured >= settings.count) break
      captured++
      const shown = toFrame(proc, frame, any)
      if (settings.write !== undefined) kept.push(shown)
      else await proc.out(printer.print(shown))
    }
    // -U is always on: what has been seen is in the file.
    if (out !== undefined) proc.fs.writeFile(proc.path(settings.write as string), writePcap(kept))
  }
  out?.close()
  if (settings.write === "-") await proc.out(writePcap(kept))
  await proc.err(
    `${captured} packet${captured === 1 ? "" : "s"} captured\n${socket.received} packet${socket.received === 1 ? "" : "s"} received by filter\n${socket.dropped} packets dropped by kernel\n`,
  )
  return 0
}

function openCaptureFile(proc: Process, name: string): OpenFile {
  const file = openFile(proc, name, "w")
  if (typeof file === "string") return fail(`${name}: ${strerror(file)}`)
  proc.fs.writeFile(proc.path(name), writePcap([]))
  return file
}

const DIRECTIONS: Readonly<Record<number, string>> = {
  [PacketType.HOST]: "In",
  [PacketType.BROADCAST]: "B",
  [PacketType.MULTICAST]: "M",
  [PacketType.OTHERHOST]: "P",
  [PacketType.OUTGOING]: "Out",
}

function toFrame(proc: Process, frame: PacketFrame, any: boolean): Frame {
  const { epoch } = proc.kernel.sim
  const whole = Math.floor(frame.time / SECOND)
  const base = { seconds: epoch + whole, nanos: frame.time - whole * SECOND, bytes: frame.bytes, length: frame.length }
  return any ? { ...base, interface: frame.device, direction: DIRECTIONS[frame.packetType] ?? "In" } : base
}
