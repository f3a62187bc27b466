/** Frames as text, as tcpdump 4.99.3 prints them. Models print.c pretty_print_packet. */
import { type Frame, LinkType } from "./frame.ts"
import { asciiLines, hexLines } from "./hexdump.ts"
import { SNAPLEN } from "./pcap.ts"
import { type Conversations, Dissection, Truncated } from "./print/dissection.ts"
import { etherPrint, hasPrinter, linkPrint } from "./print/ether.ts"
import { ipPrint } from "./print/ip.ts"
import type { PrintOptions } from "./print/options.ts"
import { TimestampPrinter } from "./print/timestamp.ts"

export type { PrintOptions } from "./print/options.ts"

/** Prints one capture; keeps what must be remembered between frames (first sequence numbers, times). */
export class TcpdumpPrinter {
  readonly #options: PrintOptions
  readonly #linkType: number
  readonly #conversations: Conversations = new Map()
  readonly #timestamps: TimestampPrinter
  #count = 0

  constructor(options: PrintOptions = {}, linkType: number = LinkType.ETHERNET) {
    this.#options = options
    this.#linkType = linkType
    this.#timestamps = new TimestampPrinter(options)
  }

  /** The frame's lines, each with its line break. */
  print(frame: Frame): string {
    this.#count++
    const number = this.#options.number === true ? `${String(this.#count).padStart(5)}  ` : ""
    const invalid = invalidHeader(frame)
    if (invalid !== undefined) return `${number}[Invalid header:${invalid}]\n`
    const d = new Dissection(frame.bytes, this.#options, this.#conversations, { ether: etherPrint, ip: ipPrint })
    let header = 0
    d.print(`${number}${this.#timestamps.print(frame)}`)
    try {
      if (hasPrinter(this.#linkType)) header = linkPrint(d, this.#linkType, frame.length)
      else d.print(`UNSUPPORTED${hexLines(frame.bytes, true)}`)
    } catch (thrown) {
      if (!(thrown instanceof Truncated)) throw thrown
      d.truncated()
    }
    return `${d.text}${this.#dump(frame.bytes, header)}\n`
  }

  /** -x, -X, -A leave the link-layer header out; twice they show it. */
  #dump(bytes: Uint8Array, header: number): string {
    const { hex } = this.#options
    if (hex === undefined) return ""
    const shown = hex.length > 1 ? bytes : bytes.subarray(header)
    if (shown.length === 0) return ""
    return hex.startsWith("A") ? asciiLines(shown) : hexLines(shown, hex.startsWith("X"))
  }
}

/** Lengths that contradict each other: nothing else of such a record is printed. */
function invalidHeader(frame: Frame): string | undefined {
  const captured = frame.bytes.length
  const { length } = frame
  const faults: string[] = []
  if (captured === 0) faults.push(" caplen==0")
  if (length === 0) faults.push(" len==0")
  else if (length < captured) faults.push(` len(${length}) < caplen(${captured})`)
  if (captured > SNAPLEN) faults.push(` caplen(${captured}) > ${SNAPLEN}`)
  if (length > SNAPLEN) faults.push(` len(${length}) > ${SNAPLEN}`)
  return faults.length === 0 ? undefined : faults.join(",")
}
