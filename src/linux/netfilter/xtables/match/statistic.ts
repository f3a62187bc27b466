/** -m statistic and -m limit: rules for some packets only. Models net/netfilter/xt_statistic.c and nft_limit.c. */
import { SECOND } from "../../../../sim/simulation.ts"
import { netfilterOf } from "../../netfilter.ts"
import { misuse } from "../error.ts"
import { badInteger, type Given, type MatchExtension, not, parseNumber } from "../extension.ts"
import type { XtMatch } from "../rule.ts"

/** The kernel's probability is a fraction of this. */
const ONE = 0x8000_0000

export const statistic: MatchExtension = {
  name: "statistic",
  options: [
    { name: "--mode", mandatory: false },
    { name: "--probability", invert: true },
    { name: "--every", invert: true, also: "--packet" },
    { name: "--packet" },
  ],
  build(given) {
    const mode = given.value("--mode") ?? "random"
    if (mode === "nth") return nth(given)
    if (mode !== "random") return misuse(`Bad mode "${mode}"`)
    if (!given.has("--probability")) misuse("--probability must be specified when using random mode")
    return random(given)
  },
}

function random(given: Given): XtMatch {
  const value = given.value("--probability") ?? ""
  const probability = Number(value)
  if (!/^[0-9.eE+-]+$/.test(value) || !(probability >= 0 && probability <= 1))
    misuse('statistic: bad value for option "--probability", or out of range (0-1).\n')
  const threshold = Math.round(probability * ONE)
  const inverted = given.inverted("--probability")
  const text = `${not(inverted)}probability ${(threshold / ONE).toFixed(11)}`
  return {
    name: "statistic",
    save: ` --mode random ${not(inverted)}--probability ${(threshold / ONE).toFixed(11)}`,
    list: () => `statistic mode random ${text}`,
    matches: ({ net }) => (netfilterOf(net).prng.uint32() & 0x7fff_ffff) < threshold !== inverted,
  }
}

function nth(given: Given): XtMatch {
  if (!given.has("--every")) misuse("--every must be specified when using nth mode")
  const every = parseNumber(given.value("--every") ?? "")
  if (every === undefined || every === 0) return badInteger(given, "--every")
  const packet = parseNumber(given.value("--packet") ?? "0")
  if (packet === undefined) return badInteger(given, "--packet")
  if (packet >= every) misuse("the --packet p must be 0 <= p <= n-1")
  const inverted = given.inverted("--every")
  let count = every - 1 - packet
  return {
    name: "statistic",
    save: ` --mode nth ${not(inverted)}--every ${every} --packet ${packet}`,
    list: () => `statistic mode nth ${not(inverted)}every ${every}${packet === 0 ? "" : ` packet ${packet}`}`,
    matches() {
      count = count === every - 1 ? 0 : count + 1
      return (count === 0) !== inverted
    },
  }
}

/** XT_LIMIT_SCALE: rates are kept as periods of a ten-thousandth of a second. */
const SCALE = 10_000
const UNITS: readonly (readonly [string, number])[] = [
  ["day", 86_400 * SCALE],
  ["hour", 3600 * SCALE],
  ["min", 60 * SCALE],
  ["sec", SCALE],
]
const LONG: readonly (readonly [string, number])[] = [
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
]
const BURST = 5

/** A period in units of 1/SCALE s. */
function parseRate(text: string): number {
  const [number = "", per] = text.split("/", 2)
  const rate = parseNumber(number)
  const unit =
    per === undefined ? LONG[0] : per === "" ? undefined : LONG.find(([name]) => name.startsWith(per.toLowerCase()))
  if (rate === undefined || rate === 0 || unit === undefined) return misuse(`bad rate "${text}"'`)
  const period = Math.floor((SCALE * unit[1]) / rate)
  return period === 0 ? misuse(`Rate too fast "${text}"`) : period
}

/** In the largest unit that says it well. Models print_rate. */
function rateText(period: number): string {
  let at = 1
  for (; at < UNITS.length; at++) {
    const [, mult] = UNITS[at] as readonly [string, number]
    if (period > mult || mult / period < mult % period) break
  }
  const [name, mult] = UNITS[at - 1] as readonly [string, number]
  return `${Math.floor(mult / period)}/${name}`
}

export const limit: MatchExtension = {
  name: "limit",
  options: [{ name: "--limit" }, { name: "--limit-burst" }],
  build(given) {
    const period = parseRate(given.value("--limit") ?? "3/hour")
    const burst = given.has("--limit-burst") ? parseNumber(given.value("--limit-burst") ?? "", 10_000) : BURST
    if (burst === undefined) return misuse('limit: bad value for option "--limit-burst", or out of range (0-10000).\n')
    const rate = rateText(period)
    const cost = (period * SECOND) / SCALE
    const most = cost * burst
    let [tokens, last] = [most, 0]
    return {
      name: "limit",
      save: ` --limit ${rate}${burst === BURST ? "" : ` --limit-burst ${burst}`}`,
      list: () => `limit: avg ${rate} burst ${burst}`,
      matches({ net }) {
        const { now } = net.kernel.sim
        tokens = Math.min(most, tokens + now - last)
        last = now
        if (tokens < cost) return false
        tokens -= cost
        return true
      },
    }
  },
}
