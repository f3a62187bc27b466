import fc from "fast-check"
import { expect, test } from "vitest"
import {
  type DnsData,
  type DnsRecord,
  DnsType,
  dnsAnswer,
  dnsQuery,
  emitDns,
  parseDns,
  Rcode,
} from "../../src/wire/dns.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."))
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffffffff)
const data: Record<number, fc.Arbitrary<DnsData>> = {
  [DnsType.A]: fc.record({ address: u32 }),
  [DnsType.CNAME]: fc.record({ target: name }),
  [DnsType.PTR]: fc.record({ target: name }),
  [DnsType.SRV]: fc.record({ priority: u16, weight: u16, port: u16, target: name }),
  [DnsType.SOA]: fc.record({
    mname: name,
    rname: name,
    serial: u32,
    refresh: u32,
    retry: u32,
    expire: u32,
    minimum: u32,
  }),
  [DnsType.AAAA]: fc.record({ bytes: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
}
const record: fc.Arbitrary<DnsRecord> = fc
  .constantFrom(...Object.keys(data).map(Number))
  .chain((type) => fc.record({ name, type: fc.constant(type), ttl: u32, data: data[type] as fc.Arbitrary<DnsData> }))

test("a message read is the message written, whatever names were shortened", () => {
  const message = fc.record({
    id: u16,
    response: fc.boolean(),
    opcode: fc.nat(15),
    authoritative: fc.boolean(),
    truncated: fc.boolean(),
    recursionDesired: fc.boolean(),
    recursionAvailable: fc.boolean(),
    rcode: fc.nat(15),
    questions: fc.array(fc.record({ name, type: u16 }), { maxLength: 2 }),
    answers: fc.array(record, { maxLength: 4 }),
    authority: fc.array(record, { maxLength: 2 }),
    additional: fc.array(record, { maxLength: 2 }),
  })
  fc.assert(
    fc.property(message, (written) => {
      expect(parseDns(emitDns(written))).toEqual(written)
    }),
    { seed: 35 },
  )
})

test("no bytes make the reader throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const message = parseDns(bytes)
      expect(message === undefined || typeof message.id === "number").toBe(true)
    }),
    { seed: 35, numRuns: 1000 },
  )
  const loop = emitDns(dnsQuery(1, "a", DnsType.A))
  loop.set([0xc0, 12], 12)
  expect(parseDns(loop)).toBeUndefined()
})

test("a query and its answer, byte for byte as RFC 1035 draws them", () => {
  const query = dnsQuery(0x1234, "github.com", DnsType.A)
  const question = "06676974687562" + "03636f6d00" + "0001" + "0001"
  expect(hex(emitDns(query))).toBe("1234" + "0100" + "0001" + "0000" + "0000" + "0000" + question)
  const answers = [{ name: "github.com", type: DnsType.A, ttl: 60, data: { address: 0x8c527003 } }]
  const answer = dnsAnswer(query, { recursionAvailable: true, rcode: Rcode.NOERROR, answers })
  expect(hex(emitDns(answer))).toBe(
    "1234" +
      "8180" +
      "0001" +
      "0001" +
      "0000" +
      "0000" +
      question +
      "c00c" +
      "0001" +
      "0001" +
      "0000003c" +
      "0004" +
      "8c527003",
  )
})
