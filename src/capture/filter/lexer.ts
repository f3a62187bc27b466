/** Words of a filter. Models scanner.l: the longest match wins, of equal ones the first rule. */
import { fail, syntaxError } from "./error.ts"

export type TokenKind = "keyword" | "symbol" | "number" | "name" | "address" | "mac" | "ipv6"

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Of a number. */
  readonly value: number
}

/** Other spellings of a keyword. */
const SYNONYMS: Readonly<Record<string, string>> = {
  "&&": "and",
  "||": "or",
  "!": "not",
  "==": "=",
  link: "ether",
  ppp: "ether",
  slip: "ether",
  fddi: "ether",
  tr: "ether",
  wlan: "ether",
  length: "len",
}
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "dst src ether arp rarp ip sctp tcp udp icmp igmp igrp pim vrrp carp ip6 icmp6 ah esp host net mask port portrange proto protochain gateway " +
    "less greater byte broadcast multicast and or not len inbound outbound ifindex vlan"
  ).split(" "),
)
/** Keywords of links and protocols that podwire's filters do not know. */
const UNSUPPORTED: ReadonlySet<string> = new Set(
  (
    "radio atalk aarp decnet lat sca moprc mopdl iso esis es-is isis is-is l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui type subtype direction dir " +
    "address1 addr1 address2 addr2 address3 addr3 address4 addr4 ra ta mpls pppoed pppoes geneve lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc " +
    "ilmic vpi vci connectmsg metaconnect on ifname rset ruleset rnr rulenum srnr subrulenum reason action fisu lssu lsu msu hfisu hlssu hmsu sio opc " +
    "dpc sls hsio hopc hdpc hsls"
  ).split(" "),
)
/** Numbers with a name. */
const NUMBERS: Readonly<Record<string, number>> = {
  icmptype: 0,
  icmpcode: 1,
  "icmp-echoreply": 0,
  "icmp-unreach": 3,
  "icmp-sourcequench": 4,
  "icmp-redirect": 5,
  "icmp-echo": 8,
  "icmp-routeradvert": 9,
  "icmp-routersolicit": 10,
  "icmp-timxceed": 11,
  "icmp-paramprob": 12,
  "icmp-tstamp": 13,
  "icmp-tstampreply": 14,
  "icmp-ireq": 15,
  "icmp-ireqreply": 16,
  "icmp-maskreq": 17,
  "icmp-maskreply": 18,
  icmp6type: 0,
  icmp6code: 1,
  "icmp6-destinationunreach": 1,
  "icmp6-packettoobig": 2,
  "icmp6-timeexceeded": 3,
  "icmp6-parameterproblem": 4,
  "icmp6-echo": 128,
  "icmp6-echoreply": 129,
  "icmp6-routersolicit": 133,
  "icmp6-routeradvert": 134,
  "icmp6-neighborsolicit": 135,
  "icmp6-neighboradvert": 136,
  tcpflags: 13,
  "tcp-fin": 1,
  "tcp-syn": 2,
  "tcp-rst": 4,
  "tcp-push": 8,
  "tcp-ack": 16,
  "tcp-urg": 32,
  "tcp-ece": 64,
  "tcp-cwr": 128,
}

const N = `(?:0[xX][0-9A-Fa-f]+|[0-9]+)`
const B = "[0-9A-Fa-f]{1,2}"
const RULES: readonly (readonly [RegExp, TokenKind | "bogus"])[] = [
  [/&&|\|\||>=|<=|!=|==|<<|>>|[+\-*/%:[\]!<>()&|^=]/y, "symbol"],
  [
    new RegExp(
      `${B}(?::${B}){5}|${B}(?:-${B}){5}|${B}(?:\\.${B}){5}|[0-9A-Fa-f]{4}(?:\\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12}`,
      "y",
    ),
    "mac",
  ],
  [new RegExp(N, "y"), "number"],
  [new RegExp(`${N}(?:\\.${N}){1,3}`, "y"), "address"],
  [/(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f])[0-9A-Fa-f:]+(?:\.[0-9]+){0,3}/y, "ipv6"],
  [new RegExp(`${B}:+(?:${B}:+)+`, "y"), "bogus"],
  [/[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y, "name"],
  [/\\[^ !()\n\t]+/y, "name"],
]

export function tokenize(expression: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < expression.length; ) {
    if (/[ \r\n\t]/.test(expression[at] as string)) {
      at++
      continue
    }
    let text = ""
    let kind: TokenKind | "bogus" | undefined
    for (const [rule, candidate] of RULES) {
      rule.lastIndex = at
      const found = rule.exec(expression)?.[0] ?? ""
      if (found.length > text.length) [text, kind] = [found, candidate]
    }
    if (kind === undefined) syntaxError()
    if (kind === "bogus") fail(`bogus ethernet address ${text}`)
    at += text.length
    tokens.push(tokenOf(kind as TokenKind, text))
  }
  return tokens
}

function tokenOf(kind: TokenKind, text: string): Token {
  if (kind === "number") return { kind, text, value: numberOf(text) }
  if (kind === "symbol" || kind === "name") {
    const word = SYNONYMS[text] ?? text
    if (KEYWORDS.has(word)) return { kind: "keyword", text: word, value: 0 }
    if (kind === "symbol") return { kind, text: word, value: 0 }
    if (Object.hasOwn(NUMBERS, text)) return { kind: "number", text, value: NUMBERS[text] as number }
    if (UNSUPPORTED.has(text)) fail(`podwire's filters do not support '${text}'`)
    return { kind, text: text.replace(/^\\/, ""), value: 0 }
  }
  return { kind, text, value: 0 }
}

/** Decimal, 0x and 0 for octal, in 32 bits. Models stou. */
function numberOf(text: string): number {
  const hex = /^0[xX]/.test(text)
  const octal = !hex && text.length > 1 && text.startsWith("0")
  if (octal && /[89]/.test(text)) fail(`number ${text} contains non-octal digit`)
  const value = hex ? Number(text) : Number.parseInt(text, octal ? 8 : 10)
  return value > 0xffffffff ? fail(`number ${text} overflows 32 bits`) : value
}
