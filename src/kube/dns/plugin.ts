/** What CoreDNS's plugins have in common. Models coredns/plugin. */
import type { Process } from "../../linux/task/process.ts"
import { type DnsMessage, type DnsRecord, DnsType, dnsAnswer, Rcode } from "../../wire/dns.ts"

export interface DnsRequest {
  readonly query: DnsMessage
  /** Lower case, without the last dot. */
  readonly name: string
  readonly type: number
  /** The client, `10.244.1.2:41234`. */
  readonly client: string
  readonly protocol: "udp" | "tcp"
  /** Bytes of the query. */
  readonly size: number
}

export type Next = (proc: Process, request: DnsRequest) => Promise<DnsMessage>

/** One link of the chain: answers, or asks the next. */
export interface DnsPlugin {
  readonly name: string
  serve(proc: Process, request: DnsRequest, next: Next): Promise<DnsMessage>
}

/** `name` is `zone` or lies in it. */
export const inZone = (name: string, zone: string): boolean => zone === "" || name === zone || name.endsWith(`.${zone}`)

/** An answer with authority. */
export const answer = (request: DnsRequest, answers: DnsRecord[], additional: DnsRecord[] = []): DnsMessage =>
  dnsAnswer(request.query, { authoritative: true, answers, additional })

/** No such name, or no such type of record: the zone's start of authority tells how long that holds. */
export function negative(request: DnsRequest, rcode: number, soa: DnsRecord): DnsMessage {
  return dnsAnswer(request.query, { authoritative: true, rcode, authority: [soa] })
}

export const servfail = (request: DnsRequest): DnsMessage => dnsAnswer(request.query, { rcode: Rcode.SERVFAIL })

export const aRecord = (name: string, ttl: number, address: number): DnsRecord => ({
  name,
  type: DnsType.A,
  ttl,
  data: { address },
})

/** `A`, or `TYPE65`. */
export const typeName = (type: number): string =>
  Object.entries(DnsType).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`
export const rcodeName = (rcode: number): string =>
  Object.entries(Rcode).find(([, number]) => number === rcode)?.[0] ?? `RCODE${rcode}`
