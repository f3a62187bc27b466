/** What the proxy reads out of messages, and what of an answer it believes. Cases of ExtractMsgDetails (pkg/fqdn/dnsproxy). */
import { expect, test } from "vitest"
import { detailsOf } from "../../../../src/cni/cilium/fqdn/details.ts"
import { ipv4 } from "../../../../src/wire/address.ts"
import { type DnsRecord, DnsType, dnsAnswer, dnsQuery, emitDns, parseDns, Rcode } from "../../../../src/wire/dns.ts"

const query = dnsQuery(1, "WWW.Example.com", DnsType.A)
const alias = (name: string, target: string, ttl: number): DnsRecord => ({
  name,
  type: DnsType.CNAME,
  ttl,
  data: { target },
})
const address = (name: string, text: string, ttl: number): DnsRecord => ({
  name,
  type: DnsType.A,
  ttl,
  data: { address: ipv4(text) },
})

test("a chain of aliases: all of them, the addresses at its end, the smallest TTL", () => {
  const answers = [
    alias("www.example.com", "cdn.Example.net", 300),
    address("cdn.example.net", "192.0.2.1", 60),
    address("CDN.example.net", "192.0.2.2", 90),
  ]
  expect(detailsOf(dnsAnswer(query, { answers }))).toEqual({
    name: "www.example.com.",
    types: ["A"],
    addresses: [ipv4("192.0.2.1"), ipv4("192.0.2.2")],
    aliases: ["cdn.Example.net."],
    answerTypes: ["CNAME", "A", "A"],
    ttl: 60,
    rcode: Rcode.NOERROR,
  })
})

test("records about other names are not believed, nor is anything beside them", () => {
  const answers = [address("www.example.com", "192.0.2.1", 60), address("bank.example", "192.0.2.66", 60)]
  expect(detailsOf(dnsAnswer(query, { answers }))).toBeUndefined()
  expect(detailsOf(dnsAnswer(query, { answers: answers.toReversed() }))).toBeUndefined()
})

test("an answer without records has the longest of TTLs; a message without a question says nothing", () => {
  expect(detailsOf(dnsAnswer(query, { rcode: Rcode.NXDOMAIN }))).toMatchObject({ ttl: 4294967295, rcode: 3 })
  expect(detailsOf({ ...query, questions: [] })).toBeUndefined()
  expect(detailsOf(dnsQuery(1, "example.com", 65))?.types).toEqual(["Unknown"])
})

test("names in full, where no room is saved", () => {
  const answer = dnsAnswer(query, { answers: [address("WWW.Example.com", "192.0.2.1", 60)] })
  const [short, long] = [emitDns(answer), emitDns(answer, false)]
  expect(long.length - short.length).toBe("www.example.com".length)
  expect(parseDns(long)).toEqual(parseDns(short))
})
