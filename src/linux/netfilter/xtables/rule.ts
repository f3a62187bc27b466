/** One rule: which packets it is about, and what becomes of them. Models struct ipt_entry. */
import type { NetDevice } from "../../netdev.ts"
import type { Chain } from "./chain.ts"
import type { XtPacket } from "./packet.ts"

/** Above the hook's own verdicts: go on with the next rule, or back to the calling chain. */
export const XtVerdict = { DROP: 0, ACCEPT: 1, STOLEN: 2, CONTINUE: -1, RETURN: -2 } as const

export interface XtMatch {
  readonly name: string
  /** What iptables-save writes after `-m name`, with a space in front. */
  readonly save: string
  /** What `iptables -L` shows, without the space in front; `numeric` is -n. */
  list(numeric: boolean): string
  matches(packet: XtPacket): boolean
  /** It looks at connections: the namespace tracks them while such a rule stands. */
  readonly tracks?: boolean
  /** The hooks it may be called from, a bit each; the tables it may stand in. */
  readonly hooks?: number
  readonly tables?: readonly string[]
}

export interface XtTarget {
  readonly name: string
  /** What `iptables -L` calls it, when that is another name. */
  readonly listName?: string
  readonly save: string
  list(numeric: boolean): string
  /** An XtVerdict. */
  apply(packet: XtPacket): number
  readonly tracks?: boolean
  readonly hooks?: number
  readonly tables?: readonly string[]
}

/** The part every rule has. Models struct ipt_ip. */
export interface RuleHeader {
  readonly source: number
  readonly sourceMask: number
  readonly sourceInverted: boolean
  readonly destination: number
  readonly destinationMask: number
  readonly destinationInverted: boolean
  /** Empty: any. A `+` at its end stands for anything. */
  readonly input: string
  readonly inputInverted: boolean
  readonly output: string
  readonly outputInverted: boolean
  /** 0: all. */
  readonly protocol: number
  readonly protocolInverted: boolean
  /** `-f`: second and later fragments only; `! -f`: the others. */
  readonly fragment: "-f" | "! -f" | undefined
}

/** What follows when everything matches. */
export type RuleAction =
  | { readonly kind: "none" }
  | { readonly kind: "verdict"; readonly verdict: number; readonly name: "ACCEPT" | "DROP" | "RETURN" }
  | { readonly kind: "jump"; readonly chain: Chain; readonly goto: boolean }
  | { readonly kind: "target"; readonly target: XtTarget }

export class Rule {
  readonly header: RuleHeader
  readonly matches: readonly XtMatch[]
  readonly action: RuleAction
  packets = 0
  bytes = 0
  /** What made it: a command, a controller, a manifest line. For explanations only. */
  readonly origin: string | undefined
  readonly #plain: boolean

  constructor(header: RuleHeader, matches: readonly XtMatch[], action: RuleAction, origin?: string) {
    this.header = header
    this.matches = matches
    this.action = action
    this.origin = origin
    this.#plain = header.input === "" && header.output === "" && header.fragment === undefined
  }

  /** Models ip_packet_match and the matches of the rule, first to last. */
  fits(packet: XtPacket): boolean {
    const h = this.header
    if (((packet.source & h.sourceMask) >>> 0 === h.source) === h.sourceInverted) return false
    if (((packet.destination & h.destinationMask) >>> 0 === h.destination) === h.destinationInverted) return false
    if (h.protocol !== 0 && (packet.protocol === h.protocol) === h.protocolInverted) return false
    if (!this.#plain && !this.#fitsRest(packet)) return false
    const { matches } = this
    for (let i = 0; i < matches.length; i++) if (!(matches[i] as XtMatch).matches(packet)) return false
    return true
  }

  #fitsRest(packet: XtPacket): boolean {
    const h = this.header
    if (h.input !== "" && deviceFits(packet.input, h.input) === h.inputInverted) return false
    if (h.output !== "" && deviceFits(packet.output, h.output) === h.outputInverted) return false
    return h.fragment === undefined || (packet.fragmentOffset !== 0) === (h.fragment === "-f")
  }
}

/** No device is the empty name, which `+` alone fits. */
export function deviceFits(dev: NetDevice | undefined, name: string): boolean {
  const actual = dev?.name ?? ""
  return name.endsWith("+") ? actual.startsWith(name.slice(0, -1)) : actual === name
}
