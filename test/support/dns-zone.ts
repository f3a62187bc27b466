/** A small zone, as a cluster's DNS server would answer: what nslookup is recorded against, and replayed. */
import { ipv4 } from "../../src/wire/address.ts"
import { type DnsMessage, type DnsRecord, DnsType, dnsAnswer, Rcode } from "../../src/wire/dns.ts"

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.default.svc.cluster.local": ["10.96.0.1"],
  "kube-dns.kube-system.svc.cluster.local": ["10.96.0.10"],
  "web.default.svc.cluster.local": ["10.96.1.1"],
  "headless.default.svc.cluster.local": ["10.244.1.2", "10.244.2.2"],
  "10-244-1-2.headless.default.svc.cluster.local": ["10.244.1.2"],
  "example.org": ["192.0.2.80"],
}
const ALIASES: Readonly<Record<string, string>> = { "outside.default.svc.cluster.local": "example.org" }
/** Addresses with a name: the Services, and one of the two endpoints. */
const NAMES: Readonly<Record<string, string>> = {
  "10.96.0.1": "kubernetes.default.svc.cluster.local",
  "10.96.0.10": "kube-dns.kube-system.svc.cluster.local",
  "10.96.1.1": "web.default.svc.cluster.local",
  "10.244.1.2": "10-244-1-2.headless.default.svc.cluster.local",
}

export const NAMESERVER = "10.96.0.10"
export const RESOLV_CONF = `search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${NAMESERVER}\noptions ndots:5\n`

export function answerZone(query: DnsMessage): DnsMessage {
  const [question] = query.questions
  if (question === undefined) return dnsAnswer(query, { rcode: Rcode.FORMERR })
  const { type } = question
  const name = question.name.toLowerCase()
  if (name.startsWith("broken.")) return dnsAnswer(query, { rcode: Rcode.SERVFAIL })
  if (name.endsWith(".in-addr.arpa")) {
    const target = NAMES[name.split(".").slice(0, 4).reverse().join(".")]
    return target === undefined
      ? dnsAnswer(query, { rcode: Rcode.NXDOMAIN })
      : dnsAnswer(query, { answers: [{ name: question.name, type: DnsType.PTR, ttl: 30, data: { target } }] })
  }
  const alias = ALIASES[name]
  const owner = alias ?? name
  const addresses = HOSTS[owner]
  if (addresses === undefined) return dnsAnswer(query, { rcode: Rcode.NXDOMAIN })
  const answers: DnsRecord[] =
    alias === undefined ? [] : [{ name, type: DnsType.CNAME, ttl: 30, data: { target: alias } }]
  if (type === DnsType.A)
    for (const address of addresses) answers.push({ name: owner, type, ttl: 30, data: { address: ipv4(address) } })
  return dnsAnswer(query, { answers })
}

export const NSLOOKUPS: readonly string[] = [
  "nslookup kubernetes.default",
  "nslookup kubernetes",
  "nslookup web",
  "nslookup web.default.svc.cluster.local",
  "nslookup web.default.svc.cluster.local.",
  "nslookup headless",
  "nslookup outside",
  "nslookup example.org",
  "nslookup missing",
  "nslookup broken.example.org",
  "nslookup 10.96.0.1",
  "nslookup 10.96.0.99",
  "nslookup localhost",
  "nslookup web 10.96.0.10",
  "nslookup web 10.96.0.11",
  "nslookup",
  "nslookup a b c",
  "nslookup -x",
]
