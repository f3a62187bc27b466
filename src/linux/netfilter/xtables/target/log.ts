/** LOG: a line in the kernel's log. Models net/netfilter/xt_LOG.c and nf_log_syslog.c. */
import { NfHook } from "../../hook.ts"
import { logPacket } from "../../log.ts"
import { misuse } from "../error.ts"
import { parseNumber, type TargetExtension } from "../extension.ts"
import { quote } from "../quote.ts"
import { XtVerdict } from "../rule.ts"

const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]
const ALIASES: Readonly<Record<string, number>> = { panic: 0, error: 3, warning: 4 }
/** With the bits of XT_LOG_*. */
const SWITCHES: readonly (readonly [string, number])[] = [
  ["--log-tcp-sequence", 1],
  ["--log-tcp-options", 2],
  ["--log-ip-options", 4],
  ["--log-uid", 8],
  ["--log-macdecode", 32],
]
const MAX_PREFIX = 29
const WARNING = 4

function parseLevel(text: string): number {
  const number = parseNumber(text, 7)
  if (number !== undefined) return number
  const named = LEVELS.findIndex((name) => name.startsWith(text.toLowerCase()))
  return ALIASES[text.toLowerCase()] ?? (named >= 0 ? named : misuse(`log level "${text}" unknown\n`))
}

export const LOG: TargetExtension = {
  name: "LOG",
  options: [
    { name: "--log-level" },
    { name: "--log-prefix" },
    ...SWITCHES.map(([name]) => ({ name, args: 0 as const })),
  ],
  build(given) {
    const level = parseLevel(given.value("--log-level") ?? String(WARNING))
    const prefix = (given.value("--log-prefix") ?? "").slice(0, MAX_PREFIX)
    const switches = SWITCHES.filter(([name]) => given.has(name))
    const flags = switches.reduce((bits, [, bit]) => bits | bit, 0)
    return {
      name: "LOG",
      save:
        (prefix === "" ? "" : ` --log-prefix ${quote(prefix)}`) +
        (level === WARNING ? "" : ` --log-level ${level}`) +
        switches.map(([name]) => ` ${name}`).join(""),
      list: (numeric) =>
        `LOG ${numeric ? `flags ${flags} level ${level}` : `level ${LEVELS[level]}${switches.map(([name]) => ` ${name.slice(6)}`).join("")}`}` +
        (prefix === "" ? "" : ` prefix "${prefix}"`),
      apply({ net, skb, hook, input, output }) {
        logPacket(net, skb, hook === NfHook.LOCAL_OUT, input, output, { level, prefix, flags })
        return XtVerdict.CONTINUE
      },
    }
  },
}
