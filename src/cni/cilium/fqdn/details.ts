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
  readonly answerTypes: readonly string[]
  readonly ttl: number
  readonly rcode: number
}

/** Undefined for a message that asks nothing, or answers something else than it was asked. */
export function detailsOf({ questions, answers, rcode }: DnsMessage): Details | undefined {
  const [question] = questions
  if (question === undefined) return undefined
  const name = `${question.name.toLowerCase()}.`
  const addresses: number[] = []
  const aliases: string[] = []
  let ttl = NO_TTL
  // What the next record has to be about: an alias leads on.
  let about = question.name.toLowerCase()
  for (const record of answers) {
    if (record.name.toLowerCase() !== about) return undefined
    if ("address" in record.data) addresses.push(record.data.address)
    else if (record.type === DnsType.CNAME && "target" in record.data) {
      about = record.data.target.toLowerCase()
      aliases.push(`${record.data.target}.`)
    } else if (record.type !== DnsType.AAAA) continue
    ttl = Math.min(ttl, record.ttl)
  }
  const types = questions.map(({ type }) => typeName(type))
  const answerTypes = answers.map(({ type }) => typeName(type))
  return { name, types, addresses, aliases, answerTypes, ttl, rcode }
}

/** As gopacket calls it. */
const typeName = (type: number): string => TYPES.get(type) ?? "Unknown"

export const recordOf = (
  { name, types, addresses, aliases, answerTypes, ttl, rcode }: Details,
  transport: DnsRecord["transport"],
  answer: boolean,
): DnsRecord => ({
  query: name,
  queryTypes: types,
  addresses,
  names: aliases,
  answerTypes,
  rcode,
  // A question's is no part of what is told of it.
  ttl: answer ? ttl : 0,
  observationSource: "proxy",
  transport,
})
