/** Answers kept for as long as they hold. Models coredns/plugin/cache. */
import type { Process } from "../../linux/task/process.ts"
import { type DnsMessage, type DnsRecord, DnsType, Rcode } from "../../wire/dns.ts"
import type { Directive } from "./corefile.ts"
import { type DnsPlugin, type DnsRequest, inZone, type Next } from "./plugin.ts"

/** Seconds: what is kept longest when the directive does not say (maxTTL, maxNTTL). */
const LONGEST = { success: 3600, denial: 1800 }
/** Answers of each kind that are kept at most (defaultCap). */
const CAPACITY = 9984

interface Entry {
  readonly answer: DnsMessage
  readonly stored: number
  readonly ttl: number
}

/** The plugin, or what its directive asks for in vain. */
export function cachePlugin(directive: Directive): DnsPlugin | string {
  const ttl = directive.args[0] === undefined ? undefined : Number(directive.args[0])
  const disabled = { success: [] as string[], denial: [] as string[] }
  for (const [key = "", kind = "", ...zones] of directive.block) {
    if (key !== "disable" || (kind !== "success" && kind !== "denial"))
      return `plugin/cache: podwire does not support the property '${[key, kind].join(" ")}'`
    disabled[kind].push(...(zones.length === 0 ? [""] : zones))
  }
  return new Cache({ success: ttl ?? LONGEST.success, denial: ttl ?? LONGEST.denial }, disabled)
}

class Cache implements DnsPlugin {
  readonly name = "cache"
  readonly #longest: { success: number; denial: number }
  readonly #disabled: { success: string[]; denial: string[] }
  readonly #entries = new Map<string, Entry>()

  constructor(longest: { success: number; denial: number }, disabled: { success: string[]; denial: string[] }) {
    this.#longest = longest
    this.#disabled = disabled
  }

  async serve(proc: Process, request: DnsRequest, next: Next): Promise<DnsMessage> {
    const key = `${request.name}/${request.type}`
    const now = proc.kernel.sim.now / 1e9
    const known = this.#entries.get(key)
    if (known !== undefined && now < known.stored + known.ttl) return replay(request, known, now)
    const answer = await next(proc, request)
    const ttl = this.#keepFor(request, answer)
    if (ttl > 0) this.#store(key, { answer, stored: proc.kernel.sim.now / 1e9, ttl })
    // What is told now is what would be told from the cache.
    return ttl > 0 ? capped(answer, ttl) : answer
  }

  /** Seconds an answer is kept; 0: not at all. */
  #keepFor(request: DnsRequest, answer: DnsMessage): number {
    const kind = answer.rcode === Rcode.NOERROR && answer.answers.length > 0 ? "success" : "denial"
    if (answer.truncated || (answer.rcode !== Rcode.NOERROR && answer.rcode !== Rcode.NXDOMAIN)) return 0
    if (this.#disabled[kind].some((zone) => inZone(request.name, zone))) return 0
    const records = [...answer.answers, ...answer.authority].filter((record) => record.type !== DnsType.OPT)
    return records.length === 0 ? 0 : Math.min(this.#longest[kind], ...records.map((record) => record.ttl))
  }

  #store(key: string, entry: Entry): void {
    if (this.#entries.size >= CAPACITY) this.#entries.delete(this.#entries.keys().next().value as string)
    this.#entries.set(key, entry)
  }
}

const withTtl = (answer: DnsMessage, ttl: (record: DnsRecord) => number): DnsMessage => {
  const all = (records: DnsRecord[]): DnsRecord[] =>
    records.map((record) => (record.type === DnsType.OPT ? record : { ...record, ttl: ttl(record) }))
  return {
    ...answer,
    answers: all(answer.answers),
    authority: all(answer.authority),
    additional: all(answer.additional),
  }
}

const capped = (answer: DnsMessage, most: number): DnsMessage => withTtl(answer, (record) => Math.min(record.ttl, most))

/** A kept answer, with the time that is left of it. */
function replay({ query }: DnsRequest, { answer, stored, ttl }: Entry, now: number): DnsMessage {
  const left = ttl - Math.floor(now - stored)
  return {
    ...withTtl(answer, () => left),
    id: query.id,
    questions: query.questions,
    recursionDesired: query.recursionDesired,
  }
}
