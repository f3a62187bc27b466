/** The newer capture file: interfaces by name, nanoseconds, notes (draft-ietf-opsawg-pcapng). */
import type { Frame } from "./frame.ts"

const BlockType = { SECTION: 0x0a0d0d0a, INTERFACE: 1, PACKET: 6 } as const
const Option = { END: 0, COMMENT: 1, IF_NAME: 2, IF_TSRESOL: 9, SHB_USERAPPL: 4, EPB_FLAGS: 2 } as const

const pad4 = (size: number): number => (size + 3) & ~3

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + pad4(value.length))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, code, true)
  view.setUint16(2, value.length, true)
  bytes.set(value, 4)
  return bytes
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = parts.reduce((size, part) => size + part.length, 0)
  const bytes = new Uint8Array(12 + body)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, bytes.length, true)
  let at = 8
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  view.setUint32(at, bytes.length, true)
  return bytes
}

const END = option(Option.END, new Uint8Array(0))
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** One section, one interface per name, in order of appearance. Opens in Wireshark. */
export function writePcapng(frames: readonly Frame[], linkType = 1): Uint8Array {
  const names = [...new Set(frames.map((frame) => frame.interface ?? "eth0"))]
  const section = new Uint8Array(16)
  const view = new DataView(section.buffer)
  view.setUint32(0, 0x1a2b3c4d, true)
  view.setUint16(4, 1, true)
  view.setInt32(8, -1, true)
  view.setInt32(12, -1, true)
  const blocks = [block(BlockType.SECTION, [section, option(Option.SHB_USERAPPL, text("podwire")), END])]
  for (const name of names) {
    const description = new Uint8Array(8)
    new DataView(description.buffer).setUint16(0, linkType, true)
    blocks.push(
      block(BlockType.INTERFACE, [
        description,
        option(Option.IF_NAME, text(name)),
        option(Option.IF_TSRESOL, new Uint8Array([9])),
        END,
      ]),
    )
  }
  for (const frame of frames) blocks.push(packetBlock(frame, names.indexOf(frame.interface ?? "eth0")))
  const whole = new Uint8Array(blocks.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of blocks) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function packetBlock(frame: Frame, id: number): Uint8Array {
  const head = new Uint8Array(20)
  const view = new DataView(head.buffer)
  // The time in nanoseconds does not fit a double's 53 bits: high and low words apart.
  const low = (frame.seconds % 0x1_0000_0000) * 1_000_000_000
  const total = BigInt(low) + BigInt(frame.nanos)
  view.setUint32(0, id, true)
  view.setUint32(4, Number(total >> 32n), true)
  view.setUint32(8, Number(total & 0xffffffffn), true)
  view.setUint32(12, frame.bytes.length, true)
  view.setUint32(16, frame.length, true)
  const data = new Uint8Array(pad4(frame.bytes.length))
  data.set(frame.bytes)
  const flags = new Uint8Array(4)
  new DataView(flags.buffer).setUint32(0, frame.direction === "Out" ? 2 : frame.direction === undefined ? 0 : 1, true)
  const options = [
    option(Option.EPB_FLAGS, flags),
    ...(frame.comment === undefined ? [] : [option(Option.COMMENT, text(frame.comment))]),
    END,
  ]
  return block(BlockType.PACKET, [head, data, ...options])
}
