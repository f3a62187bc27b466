/** What a DNS message says, for policies and for the access log. Models pkg/fqdn/dnsproxy ExtractMsgDetails. */
import { type DnsMessage, DnsType } from "../../../wire/dns.ts"
import type { DnsRecord } from "../monitor/event.ts"

/** TTL of an answer without records. */
const NO_TTL = 0xffffffff
const TYPES = new Map<number, string>(Object.entries(DnsType).map(([name, number]) => [number, name]))

export interface Details {
  /** In lower case, with its final dot. */
  readonly name: string
  readonly types: readonly string[]
  readonly addresses: readonly number[]
  readonly aliases: readonly string[]
  readonly ttl: number
  readonly rcode: number
}

/** Undefined for a message that asks nothing. */
export function detailsOf({ questions, answers, rcode }: DnsMessage): Details | undefined {
  const [question] = questions
  if (question === undefined) return undefined
  const addresses: number[] = []
  const aliases: string[] = []
  let ttl = NO_TTL
  for (const record of answers) {
    if (record.type === DnsType.A && "address" in record.data) addresses.push(record.data.address)
    else if (record.type === DnsType.CNAME && "target" in record.data) aliases.push(`${record.data.target}.`)
    else if (record.type !== DnsType.AAAA) continue
    ttl = Math.min(ttl, record.ttl)
  }
  const types = questions.map(({ type }) => TYPES.get(type) ?? `TYPE${type}`)
  return { name: `${question.name.toLowerCase()}.`, types, addresses, aliases, ttl, rcode }
}

export const recordOf = ({ name, types, addresses, aliases, ttl, rcode }: Details, answer: boolean): DnsRecord => ({
  query: name,
  queryTypes: types,
  addresses,
  names: aliases,
  rcode,
  // A question's is no part of what is told of it.
  ttl: answer ? ttl : 0,
  observationSource: "proxy",
})
