/** SNAT, DNAT, MASQUERADE and REDIRECT. Models net/netfilter/xt_nat.c, xt_MASQUERADE.c and xt_REDIRECT.c. */
import { formatIpv4, parseIpv4 } from "../../../../wire/address.ts"
import { servicePorts } from "../../../../wire/services.ts"
import { NfHook } from "../../hook.ts"
import { natSetupInfo } from "../../nat/core.ts"
import { masquerade } from "../../nat/masquerade.ts"
import { ANY_RANGE, NatManip, type NatRange } from "../../nat/range.ts"
import { redirect } from "../../nat/redirect.ts"
import { misuse } from "../error.ts"
import type { Given, TargetExtension } from "../extension.ts"
import type { XtPacket } from "../packet.ts"
import type { RuleHeader, XtTarget } from "../rule.ts"

const SOURCE_HOOKS = (1 << NfHook.POST_ROUTING) | (1 << NfHook.LOCAL_IN)
const DESTINATION_HOOKS = (1 << NfHook.PRE_ROUTING) | (1 << NfHook.LOCAL_OUT)
const NAT = ["nat"] as const
const SWITCHES = ["--random", "--random-fully", "--persistent"] as const
/** tcp, udp, sctp, dccp; and icmp, whose id is meant. */
const WITH_PORTS: readonly number[] = [6, 17, 132, 33, 1]

const switchesOf = (given: Given): readonly string[] => SWITCHES.filter((name) => given.has(name))

const isRandom = (given: Given): boolean => given.has("--random") || given.has("--random-fully")

function needPorts(header: RuleHeader): void {
  if (!WITH_PORTS.includes(header.protocol) || header.protocolInverted)
    misuse("Need TCP, UDP, SCTP or DCCP with port specification")
}

function parsePort(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text)
  return servicePorts(text).tcp ?? misuse(`Port \`${text}' not valid`)
}

const badAddress = (text: string): never => misuse(`Bad IP address "${text}"`)

/** `[ADDRESS[-ADDRESS]][:PORT[-PORT[/BASE]]]`. Models parse_to. */
function parseTo(text: string, header: RuleHeader): Partial<NatRange> {
  const colon = text.indexOf(":")
  const addresses = colon < 0 ? text : text.slice(0, colon)
  const range: { -readonly [K in keyof NatRange]?: NatRange[K] } = {}
  if (colon >= 0) {
    needPorts(header)
    const [ports = "", base] = text.slice(colon + 1).split("/", 2)
    const [low = "", high] = ports.split("-", 2)
    range.mapPorts = true
    range.minPort = parsePort(low)
    range.maxPort = high === undefined ? range.minPort : parsePort(high)
    if (range.maxPort < range.minPort) misuse(`Port range \`${ports}' funky`)
    if (base !== undefined) range.basePort = parsePort(base)
  }
  if (addresses === "") return range
  const [first = "", last] = addresses.split("-", 2)
  range.mapAddresses = true
  range.minAddress = parseIpv4(first) ?? badAddress(first)
  range.maxAddress = last === undefined ? range.minAddress : (parseIpv4(last) ?? badAddress(last))
  return range
}

/** As it was said, in the tool's own spelling. */
function toText(range: NatRange): string {
  let text = ""
  if (range.mapAddresses) text += formatIpv4(range.minAddress)
  if (range.maxAddress !== range.minAddress) text += `-${formatIpv4(range.maxAddress)}`
  if (!range.mapPorts) return text
  text += `:${range.minPort}`
  if (range.maxPort !== range.minPort) text += `-${range.maxPort}`
  return range.basePort === undefined ? text : `${text}/${range.basePort}`
}

function addressTarget(name: "SNAT" | "DNAT", option: string): TargetExtension {
  const source = name === "SNAT"
  const manip = source ? NatManip.SRC : NatManip.DST
  return {
    name,
    options: [{ name: option, mandatory: true }, ...SWITCHES.map((word) => ({ name: word, args: 0 as const }))],
    build(given, header): XtTarget {
      const to = parseTo(given.value(option) ?? "", header)
      const range = { ...ANY_RANGE, ...to, random: isRandom(given), persistent: given.has("--persistent") }
      const switches = switchesOf(given)
      return {
        name,
        save: ` ${option} ${toText(range)}${switches.map((word) => ` ${word}`).join("")}`,
        list: () => [`to:${toText(range)}`, ...switches.map((word) => word.slice(2))].join(" "),
        tracks: true,
        hooks: source ? SOURCE_HOOKS : DESTINATION_HOOKS,
        tables: NAT,
        apply: ({ net, skb }) => (skb.nfct === undefined ? 0 : natSetupInfo(net, skb.nfct, range, manip)),
      }
    },
  }
}

export const SNAT: TargetExtension = addressTarget("SNAT", "--to-source")
export const DNAT: TargetExtension = addressTarget("DNAT", "--to-destination")

function portTarget(
  name: "MASQUERADE" | "REDIRECT",
  word: string,
  hooks: number,
  apply: (packet: XtPacket, range: NatRange) => number,
): TargetExtension {
  const switches = name === "MASQUERADE" ? ["--random", "--random-fully"] : ["--random"]
  return {
    name,
    options: [{ name: "--to-ports" }, ...switches.map((option) => ({ name: option, args: 0 as const }))],
    build(given, header) {
      const ports = given.value("--to-ports")
      const to = ports === undefined ? {} : parseTo(`:${ports}`, header)
      const range: NatRange = { ...ANY_RANGE, ...to, random: isRandom(given) }
      const text = toText(range).slice(1)
      const given0 = switches.filter((option) => given.has(option))
      return {
        name,
        save: (text === "" ? "" : ` --to-ports ${text}`) + given0.map((option) => ` ${option}`).join(""),
        list: () => [...(text === "" ? [] : [`${word} ${text}`]), ...given0.map((option) => option.slice(2))].join(" "),
        tracks: true,
        hooks,
        tables: NAT,
        apply: (packet) => (packet.skb.nfct === undefined ? 0 : apply(packet, range)),
      }
    },
  }
}

export const MASQUERADE: TargetExtension = portTarget("MASQUERADE", "masq ports:", 1 << NfHook.POST_ROUTING, masquerade)
export const REDIRECT: TargetExtension = portTarget("REDIRECT", "redir ports", DESTINATION_HOOKS, redirect)
