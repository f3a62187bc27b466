/** Capture filters: pcap-filter(7)'s language, compiled to a predicate over frames. */
import { fail } from "./filter/error.ts"
import { Generator } from "./filter/generate.ts"
import { tokenize } from "./filter/lexer.ts"
import { linkOf, Packet } from "./filter/packet.ts"
import { FilterParser } from "./filter/parser.ts"
import { not, satisfiable } from "./filter/test.ts"
import { LinkType } from "./frame.ts"

export { FilterError } from "./filter/error.ts"

/** What a capture knows of a frame besides its bytes. */
export interface FrameContext {
  outgoing: boolean
  ifindex: number
}

/**
 * True when the frame passes. `at` is where its link-layer header starts, `captured` how many bytes there are, `length` how many the frame had.
 */
export type FrameFilter = (
  view: DataView,
  at: number,
  captured: number,
  length?: number,
  context?: FrameContext,
) => boolean

export interface FilterOptions {
  /** LINKTYPE_ number (Ethernet). */
  linkType?: number
  /** For a capture, as against a file: `inbound` and `ifindex` can be asked, and `any` is looked at as Ethernet. */
  live?: boolean
}

/** Compiles a filter; the empty one passes everything. */
export function compileFilter(expression: string, options: FilterOptions = {}): FrameFilter {
  const { linkType = LinkType.ETHERNET, live = false } = options
  const tokens = tokenize(expression)
  if (tokens.length === 0) return () => true
  const link = linkOf(linkType, live) ?? fail(`podwire's filters do not support link-type ${linkType}`)
  const test = new FilterParser(tokens, new Generator(link)).parse()
  if (!satisfiable(test)) fail("expression rejects all packets")
  if (!satisfiable(not(test))) return () => true
  const packet = new Packet()
  return (view, at, captured, length = captured, context) => {
    packet.view = view
    packet.start = at
    packet.captured = captured
    // A cooked frame has another header than the Ethernet frame it is looked at as.
    packet.length = link.name === "cooked" ? length + 6 : length
    packet.outgoing = context?.outgoing ?? false
    packet.ifindex = context?.ifindex ?? 0
    packet.failed = false
    return test.run(packet) && !packet.failed
  }
}
