/**
 * Capture files made on purpose: short, broken, in every form libpcap reads. The recorder writes them for the real tcpdump, the tests for
 * podwire's, so that both read the same bytes.
 */
import { readFileSync } from "node:fs"

const CAPTURES = new URL("../golden/captures/", import.meta.url)
const capture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}.pcap`, CAPTURES)))

/** Numbers of the given widths in a row, in one byte order. */
function words(little: boolean, ...parts: (readonly [width: 1 | 2 | 4, value: number] | Uint8Array)[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part[0]), 0)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.set(part, at)
    else if (part[0] === 1) view.setUint8(at, part[1])
    else if (part[0] === 2) view.setUint16(at, part[1], little)
    else view.setUint32(at, part[1], little)
    at += part instanceof Uint8Array ? part.length : part[0]
  }
  return bytes
}

export interface RawFrame {
  seconds: number
  fraction: number
  bytes: Uint8Array
  /** The frame's own length (the bytes'). */
  length?: number
}

/** The frames of a little-endian file. */
export function framesOf(file: Uint8Array): RawFrame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const frames: RawFrame[] = []
  for (let at = 24; at < file.length; at += 16 + view.getUint32(at + 8, true))
    frames.push({
      seconds: view.getUint32(at, true),
      fraction: view.getUint32(at + 4, true),
      bytes: file.slice(at + 16, at + 16 + view.getUint32(at + 8, true)),
      length: view.getUint32(at + 12, true),
    })
  return frames
}

interface PcapForm {
  magic?: number
  little?: boolean
  major?: number
  minor?: number
  snaplen?: number
  link?: number
  /** Bytes the patched kernels of 1999 put behind each record header. */
  extra?: number
}

/** A classic file of any form. */
export function pcap(frames: readonly RawFrame[], form: PcapForm = {}): Uint8Array {
  const { magic = 0xa1b2c3d4, little = true, major = 2, minor = 4, snaplen = 262144, link = 1, extra = 0 } = form
  const records = frames.map(({ seconds, fraction, bytes, length }) =>
    words(
      little,
      [4, seconds],
      [4, fraction],
      [4, bytes.length],
      [4, length ?? bytes.length],
      new Uint8Array(extra),
      bytes,
    ),
  )
  return words(little, [4, magic], [2, major], [2, minor], [4, 0], [4, 0], [4, snaplen], [4, link], ...records)
}

/** A block of the newer form. */
function block(little: boolean, type: number, body: Uint8Array, total = body.length + 12): Uint8Array {
  return words(little, [4, type], [4, total], body, [4, total])
}

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array((bytes.length + 3) & ~3)
  whole.set(bytes)
  return whole
}

const section = (little = true, major = 1): Uint8Array =>
  block(little, 0x0a0d0d0a, words(little, [4, 0x1a2b3c4d], [2, major], [2, 0], [4, 0xffffffff], [4, 0xffffffff]))

const describing = (little = true, link = 1, options: Uint8Array = new Uint8Array(0), snaplen = 262144): Uint8Array =>
  block(little, 1, words(little, [2, link], [2, 0], [4, snaplen], options))

/** if_tsresol. */
const resolution = (value: number): Uint8Array =>
  words(true, [2, 9], [2, 1], [1, value], new Uint8Array(3), [2, 0], [2, 0])

function enhanced(frame: RawFrame, little = true, unit = 1_000_000, id = 0): Uint8Array {
  const time = BigInt(frame.seconds) * BigInt(unit) + BigInt(Math.floor((frame.fraction * unit) / 1_000_000))
  return block(
    little,
    6,
    words(
      little,
      [4, id],
      [4, Number(time >> 32n)],
      [4, Number(time & 0xffffffffn)],
      [4, frame.bytes.length],
      [4, frame.length ?? frame.bytes.length],
      padded(frame.bytes),
    ),
  )
}

const simple = (frame: RawFrame): Uint8Array =>
  block(true, 3, words(true, [4, frame.bytes.length], padded(frame.bytes)))

const join = (...parts: readonly Uint8Array[]): Uint8Array => words(true, ...parts)

/** A frame cut to `size` bytes, as a small -s leaves it. */
const snapped = (frame: RawFrame, size: number): RawFrame => ({
  ...frame,
  bytes: frame.bytes.slice(0, size),
  length: frame.bytes.length,
})

/** The payload of a frame behind its Ethernet header. */
const raw = (frame: RawFrame): RawFrame => ({
  seconds: frame.seconds,
  fraction: frame.fraction,
  bytes: frame.bytes.slice(14),
})

function cooked2(frame: RawFrame): RawFrame {
  const type = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint16(12)
  const head = words(false, [2, type], [2, 0], [4, 1], [2, 1], [1, 4], [1, 6], frame.bytes.slice(6, 12), [2, 0])
  return { ...raw(frame), bytes: join(head, frame.bytes.slice(14)) }
}

/** Every crafted file by name. */
export function craftedFiles(): Record<string, Uint8Array> {
  const http = capture("http-wire")
  const frames = framesOf(http)
  const pod = framesOf(capture("http-pod"))
  const first = frames.slice(0, 3)
  const some = [...frames.slice(0, 6)]
  const files: Record<string, Uint8Array> = {
    "http-wire": http,
    empty: new Uint8Array(0),
    text: new TextEncoder().encode("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon\n"),
    "last-byte-missing": http.slice(0, -1),
    "big-endian": pcap(first, { little: false }),
    nano: pcap(first, { magic: 0xa1b23c4d }),
    patched: pcap(first, { magic: 0xa1b2cd34, extra: 8 }),
    "version-1.2": pcap(first, { major: 1, minor: 2 }),
    "version-2.3": pcap(first, { minor: 3 }),
    "version-2.5": pcap(first, { minor: 5 }),
    "version-3.0": pcap(first, { major: 3, minor: 0 }),
    "snaplen-0": pcap(first, { snaplen: 0 }),
    "snaplen-60": pcap(frames.slice(0, 4), { snaplen: 60 }),
    "link-user0": pcap(first, { link: 147 }),
    "link-raw": pcap(frames.slice(2, 5).map(raw), { link: 101 }),
    "link-ipv4": pcap(frames.slice(2, 5).map(raw), { link: 228 }),
    "link-sll2": pcap(first.map(cooked2), { link: 276 }),
    "link-unknown": pcap(first, { link: 9999 }),
    "length-huge": join(pcap(first), words(true, [4, 1], [4, 2], [4, 0x7fffffff], [4, 0x7fffffff]), new Uint8Array(40)),
    "length-negative": join(pcap(first), words(true, [4, 1], [4, 2], [4, 0xffffffff], [4, 60]), new Uint8Array(40)),
    "length-short": pcap([
      ...first,
      { seconds: 9, fraction: 1, bytes: first[0]?.bytes ?? new Uint8Array(0), length: 10 },
    ]),
    ng: join(section(), describing(), ...first.map((frame) => enhanced(frame))),
    "ng-big-endian": join(section(false), describing(false), ...first.map((frame) => enhanced(frame, false))),
    "ng-nano": join(section(), describing(true, 1, resolution(9)), ...first.map((frame) => enhanced(frame, true, 1e9))),
    "ng-power-2": join(section(), describing(true, 1, resolution(0x8a)), ...first.map((f) => enhanced(f, true, 1024))),
    "ng-simple": join(section(), describing(), ...first.map(simple)),
    "ng-other-block": join(
      section(),
      describing(),
      block(true, 0xbad, new Uint8Array(8)),
      ...first.map((f) => enhanced(f)),
    ),
    "ng-two-interfaces": join(
      section(),
      describing(),
      describing(),
      ...first.map((f, i) => enhanced(f, true, 1e6, i % 2)),
    ),
    "ng-two-links": join(section(), describing(), describing(true, 101), ...first.map((f) => enhanced(f))),
    "ng-two-snaplens": join(
      section(),
      describing(),
      describing(true, 1, new Uint8Array(0), 100),
      ...first.map((f) => enhanced(f)),
    ),
    "ng-no-interface": join(section(), ...first.map((frame) => enhanced(frame))),
    "ng-bad-interface": join(section(), describing(), ...first.map((frame) => enhanced(frame, true, 1e6, 7))),
    "ng-only-section": section(),
    "ng-version-2": join(section(true, 2), describing()),
    "ng-two-sections": join(
      section(),
      describing(),
      enhanced(first[0] as RawFrame),
      section(),
      describing(),
      enhanced(first[1] as RawFrame),
    ),
    "ng-bad-total": join(section(), describing(), block(true, 6, new Uint8Array(20), 4)),
    "ng-odd-total": join(section(), describing(), block(true, 6, new Uint8Array(20), 33)),
    "ng-huge-total": join(section(), describing(), block(true, 6, new Uint8Array(20), 0x7ffffff0)),
    "ng-trailer": join(section(), describing(), enhanced(first[0] as RawFrame).slice(0, -4), words(true, [4, 8])),
    "ng-caplen": join(
      section(),
      describing(),
      block(true, 6, words(true, [4, 0], [4, 0], [4, 0], [4, 500], [4, 500], new Uint8Array(12))),
    ),
  }
  for (const at of [3, 4, 10, 23, 24, 30, 40, 60, 500]) files[`cut-${at}`] = http.slice(0, at)
  const ng = files["ng"] as Uint8Array
  for (const at of [4, 8, 20, 28, 30, 40, 48, 52, 60, 76, 100, ng.length - 2]) files[`ng-cut-${at}`] = ng.slice(0, at)
  for (const at of [6, 14, 20, 30, 34, 38, 42, 46, 50, 54, 62, 70, 84, 90, 100, 104, 110])
    files[`snapped-${at}`] = pcap(
      some.map((frame) => snapped(frame, at)),
      { snaplen: at },
    )
  for (const at of [34, 38, 46, 54, 60, 70])
    files[`snapped-pod-${at}`] = pcap(
      pod.map((frame) => snapped(frame, at)),
      { snaplen: at },
    )
  return files
}

// ── frames for filters ────────────────────────────────────────────────────────────────────────

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ""), "hex"))

/** Headers that no recorded capture has: a line each, in hexadecimal. */
const RARE = {
  rarp: "ffffffffffff 080027800067 8035 0001 0800 06 04 0003 080027800067 00000000 080027800067 00000000",
  ip6tcp:
    "5e83734b9806 261fd2c5654e 86dd 60000000 0014 06 40 fd000000000000000000000000000001 fd000000000000000000000000000002 d431 0050 00000001 00000000 5002 ffff 0000 0000",
  ip6udp:
    "333300000001 261fd2c5654e 86dd 60000000 000c 11 ff fe800000000000000000000000000001 ff020000000000000000000000000001 14e9 0035 000c 0000 01020304",
  ip6icmp:
    "333300000002 261fd2c5654e 86dd 60000000 0008 3a ff fe800000000000000000000000000001 ff020000000000000000000000000002 85 00 0000 00000000",
  ip6fragment:
    "5e83734b9806 261fd2c5654e 86dd 60000000 0010 2c 40 fd000000000000000000000000000001 fd000000000000000000000000000002 06 00 0001 00000001 0102030405060708",
  vlanTcp:
    "5e83734b9806 261fd2c5654e 8100 000a 0800 45000028 0001 4000 40 06 0000 0af40102 0af40202 d431 0050 00000001 00000000 5002 ffff 0000 0000",
  vlanArp: "ffffffffffff 261fd2c5654e 8100 0014 0806 0001 0800 06 04 0001 261fd2c5654e 0af40102 000000000000 0af40101",
  qinq: "5e83734b9806 261fd2c5654e 88a8 0064 8100 000a 0800 4500001c 0001 0000 40 11 0000 0af40102 0af40202 1000 2000 0008 0000",
  igmp: "01005e000016 261fd2c5654e 0800 46c00020 0000 4000 01 02 0000 0af40102 e0000016 94040000 16 00 0000 e00000fb",
  sctp: "5e83734b9806 261fd2c5654e 0800 45000024 0001 4000 40 84 0000 0af40102 0af40202 0bb8 0050 00000000 00000000 03000004",
  esp: "5e83734b9806 261fd2c5654e 0800 45000020 0001 4000 40 32 0000 0af40102 0af40202 00000001 00000001 00000000",
  llc: "0180c2000000 261fd2c5654e 0026 42 42 03 0000 00 00 00 8000 261fd2c5654e 00000000 8000 261fd2c5654e 8001 0000 1400 0200 0f00",
  options:
    "5e83734b9806 261fd2c5654e 0800 4700 0030 0001 4000 40 06 0000 0af40102 0af40202 01010101 01010101 d431 0050 00000001 00000000 5012 ffff 0000 0000",
  dns: "5e83734b9806 261fd2c5654e 0800 45000020 0001 4000 40 11 0000 0af40102 0af40202 8000 0035 000c 0000 00010100",
  unknown: "5e83734b9806 261fd2c5654e 88b5 0102030405060708090a",
} as const

/** The frames that the recorded filters are tried on; the second of each is its number. */
export function filterFrames(recorded: readonly RawFrame[]): RawFrame[] {
  const rare = Object.values(RARE).map(hex)
  const whole = [...recorded.map(({ bytes }) => bytes), ...rare]
  const cut = [...rare, (recorded[5] as RawFrame).bytes].flatMap((bytes) =>
    [8, 13, 16, 22, 30, 34, 37]
      .filter((size) => size < bytes.length)
      .map((size) => ({ bytes: bytes.slice(0, size), length: bytes.length })),
  )
  const all = [...whole.map((bytes) => ({ bytes, length: bytes.length })), ...cut]
  return all.map(({ bytes, length }, i) => ({ seconds: i, fraction: 0, bytes, length }))
}

/** The same frames as files of three link types. */
export function filterFiles(recorded: readonly RawFrame[]): Record<string, Uint8Array> {
  const frames = filterFrames(recorded)
  const long = frames.filter(({ bytes }) => bytes.length >= 14)
  return {
    ethernet: pcap(frames),
    sll2: pcap(
      long.map((frame) => ({ ...cooked2(frame), length: (frame.length as number) + 6 })),
      { link: 276 },
    ),
    raw: pcap(
      long
        .filter(({ bytes }) => bytes.length > 14)
        .map((frame) => ({ ...raw(frame), length: (frame.length as number) - 14 })),
      { link: 101 },
    ),
  }
}
