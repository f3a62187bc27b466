/** Domain Name System messages (RFC 1035; SRV: RFC 2782). */

/** Offsets of the header's fields. */
const HEADER = 12
const POINTER = 0xc0
/** A chain of compression pointers longer than this is a loop. */
const JUMPS_MAX = 64
const CLASS_IN = 1

/** Models the registry of resource record types. */
export const DnsType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const

/** Response codes. */
export const Rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

export interface DnsQuestion {
  /** Without the last dot, as it was written. */
  name: string
  type: number
}

/** What a record says, by its type; of types that are not modelled the bytes. */
export type DnsData =
  | { address: number }
  | { target: string }
  | { priority: number; weight: number; port: number; target: string }
  | {
      mname: string
      rname: string
      serial: number
      refresh: number
      retry: number
      expire: number
      minimum: number
    }
  | { bytes: Uint8Array }

export interface DnsRecord {
  name: string
  type: number
  /** In seconds. */
  ttl: number
  data: DnsData
}

export interface DnsMessage {
  id: number
  /** QR: an answer. */
  response: boolean
  opcode: number
  authoritative: boolean
  truncated: boolean
  recursionDesired: boolean
  recursionAvailable: boolean
  rcode: number
  questions: DnsQuestion[]
  answers: DnsRecord[]
  authority: DnsRecord[]
  additional: DnsRecord[]
}

/** A question for a recursive resolver. */
export function dnsQuery(id: number, name: string, type: number): DnsMessage {
  return { ...emptyMessage(id), recursionDesired: true, questions: [{ name, type }] }
}

/** The answer to a question: its id, flags and question, with what is given on top. */
export function dnsAnswer(query: DnsMessage, given: Partial<DnsMessage>): DnsMessage {
  const { id, opcode, recursionDesired, questions } = query
  return { ...emptyMessage(id), response: true, opcode, recursionDesired, questions, ...given }
}

function emptyMessage(id: number): DnsMessage {
  const flags = { response: false, authoritative: false, truncated: false, recursionAvailable: false }
  const sections = { questions: [], answers: [], authority: [], additional: [] }
  return { id, ...flags, opcode: 0, recursionDesired: false, rcode: 0, ...sections }
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────

class Reader {
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.at++)
  }
  u16(): number {
    this.at += 2
    return this.#view.getUint16(this.at - 2)
  }
  u32(): number {
    this.at += 4
    return this.#view.getUint32(this.at - 4)
  }

  /** Labels, with jumps to where they stood before (RFC 1035 section 4.1.4). */
  name(): string {
    const labels: string[] = []
    let back = -1
    for (let jumps = 0; ; ) {
      const length = this.u8()
      if (length === 0) break
      if ((length & POINTER) === POINTER) {
        const target = ((length & ~POINTER) << 8) | this.u8()
        if (back < 0) back = this.at
        if (++jumps > JUMPS_MAX) throw new RangeError("a loop of names")
        this.at = target
        continue
      }
      if (length > 63) throw new RangeError("a label too long")
      let label = ""
      for (let i = 0; i < length; i++) label += String.fromCharCode(this.u8())
      labels.push(label)
    }
    if (back >= 0) this.at = back
    return labels.join(".")
  }

  question(): DnsQuestion {
    const question = { name: this.name(), type: this.u16() }
    this.u16()
    return question
  }

  record(): DnsRecord {
    const name = this.name()
    const type = this.u16()
    this.u16()
    const ttl = this.u32()
    const length = this.u16()
    const end = this.at + length
    const data = this.#data(type, length)
    this.at = end
    return { name, type, ttl, data }
  }

  #data(type: number, length: number): DnsData {
    if (type === DnsType.A && length === 4) return { address: this.u32() }
    if (type === DnsType.CNAME || type === DnsType.NS || type === DnsType.PTR) return { target: this.name() }
    if (type === DnsType.SRV) return { priority: this.u16(), weight: this.u16(), port: this.u16(), target: this.name() }
    if (type === DnsType.SOA) {
      const [mname, rname] = [this.name(), this.name()]
      return {
        mname,
        rname,
        serial: this.u32(),
        refresh: this.u32(),
        retry: this.u32(),
        expire: this.u32(),
        minimum: this.u32(),
      }
    }
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.u8()
    return { bytes }
  }
}

/** A message, or `undefined` for bytes that are none. */
export function parseDns(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < HEADER) return undefined
  const reader = new Reader(bytes)
  const id = reader.u16()
  const flags = reader.u16()
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()]
  const many = <T>(count: number | undefined, read: () => T): T[] => Array.from({ length: count ?? 0 }, read)
  try {
    return {
      id,
      response: (flags & 0x8000) !== 0,
      opcode: (flags >>> 11) & 15,
      authoritative: (flags & 0x0400) !== 0,
      truncated: (flags & 0x0200) !== 0,
      recursionDesired: (flags & 0x0100) !== 0,
      recursionAvailable: (flags & 0x0080) !== 0,
      rcode: flags & 15,
      questions: many(counts[0], () => reader.question()),
      answers: many(counts[1], () => reader.record()),
      authority: many(counts[2], () => reader.record()),
      additional: many(counts[3], () => reader.record()),
    }
  } catch (thrown) {
    // Read past the end, or in a circle.
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────

class Writer {
  readonly bytes: number[] = []
  /** Where names, and the ends of names, stand. */
  readonly #names = new Map<string, number>()
  readonly #compress: boolean

  constructor(compress: boolean) {
    this.#compress = compress
  }

  u8(value: number): void {
    this.bytes.push(value & 255)
  }
  u16(value: number): void {
    this.bytes.push((value >>> 8) & 255, value & 255)
  }
  u32(value: number): void {
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  name(name: string): void {
    const labels = name.split(".").filter((label) => label !== "")
    for (let i = 0; i < labels.length; i++) {
      const rest = labels.slice(i).join(".").toLowerCase()
      const known = this.#names.get(rest)
      if (known !== undefined) {
        this.u16((POINTER << 8) | known)
        return
      }
      if (this.#compress && this.bytes.length < 0x4000) this.#names.set(rest, this.bytes.length)
      const label = labels[i] as string
      this.u8(label.length)
      for (const character of label) this.u8(character.charCodeAt(0))
    }
    this.u8(0)
  }

  record({ name, type, ttl, data }: DnsRecord): void {
    this.name(name)
    this.u16(type)
    this.u16(CLASS_IN)
    this.u32(ttl)
    const at = this.bytes.length
    this.u16(0)
    this.#data(data)
    const length = this.bytes.length - at - 2
    this.bytes[at] = length >>> 8
    this.bytes[at + 1] = length & 255
  }

  #data(data: DnsData): void {
    if ("address" in data) this.u32(data.address)
    else if ("bytes" in data) for (const byte of data.bytes) this.u8(byte)
    else if ("mname" in data) {
      this.name(data.mname)
      this.name(data.rname)
      for (const value of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) this.u32(value)
    } else {
      if ("priority" in data) for (const value of [data.priority, data.weight, data.port]) this.u16(value)
      this.name(data.target)
    }
  }
}

/** The message as bytes; not compressed, every name stands in full. */
export function emitDns(message: DnsMessage, compress = true): Uint8Array {
  const writer = new Writer(compress)
  const flag = (on: boolean, bit: number): number => (on ? bit : 0)
  writer.u16(message.id)
  writer.u16(
    flag(message.response, 0x8000) |
      (message.opcode << 11) |
      flag(message.authoritative, 0x0400) |
      flag(message.truncated, 0x0200) |
      flag(message.recursionDesired, 0x0100) |
      flag(message.recursionAvailable, 0x0080) |
      message.rcode,
  )
  const sections = [message.answers, message.authority, message.additional]
  writer.u16(message.questions.length)
  for (const section of sections) writer.u16(section.length)
  for (const { name, type } of message.questions) {
    writer.name(name)
    writer.u16(type)
    writer.u16(CLASS_IN)
  }
  for (const record of sections.flat()) writer.record(record)
  return Uint8Array.from(writer.bytes)
}
