/** What a set of rules can tell pods apart by. */
import type { Rule } from "../rule.ts"
import type { CidrRange, Selector } from "../selector.ts"
import type { Distinctions } from "./classes.ts"

/** @param byAddress address blocks select pods */
export function distinctionsOf(rules: readonly Rule[], byAddress: boolean): Distinctions {
  const keys = new Set<string>()
  const ranges = new Map<string, CidrRange>()
  let namedPorts = false
  const seen = new Set<string>()
  const note = (selector: Selector): void => {
    if (seen.has(selector.text)) return
    seen.add(selector.text)
    if (byAddress && selector.cidr !== undefined) ranges.set(selector.text, selector.cidr)
    else for (const { source, key } of selector.requirements ?? []) keys.add(`${source}:${key}`)
  }
  for (const { subject, entries } of rules) {
    note(subject)
    for (const { peers = [], requires, ports = [] } of entries) {
      for (const selector of [...peers, ...requires]) note(selector)
      namedPorts ||= ports.some((rule) => rule.ports.some(({ name }) => name !== undefined))
    }
  }
  return { keys: [...keys].sort(), ranges: [...ranges.values()], namedPorts }
}
