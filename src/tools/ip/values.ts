/** Arguments that several objects take, and what a flush reports. */
import { type Prefix, parseIpv4, parsePrefix } from "../../wire/address.ts"
import { fail, type IpOptions, invalid } from "../iproute.ts"

export const prefixOrFail = (word: string): Prefix =>
  parsePrefix(word) ?? fail(`Error: any valid prefix is expected rather than "${word}".`, 1)

export const addressOrFail = (word: string): number =>
  parseIpv4(word) ?? fail(`Error: inet address is expected rather than "${word}".`, 1)

export const readMetric = (word: string): number =>
  /^\d+$/.test(word) ? Number(word) : invalid(word, '"metric" value is invalid\n')

/** What a flush says with -s. */
export function flushReport(count: number, options: IpOptions, what = "entries"): string {
  if (!options.statistics) return ""
  if (count === 0) return "Nothing to flush.\n"
  return `\n*** Round 1, deleting ${count} ${what} ***\n*** Flush is complete after 1 round ***\n`
}
