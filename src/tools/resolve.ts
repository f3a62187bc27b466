/** Names to addresses as glibc's getaddrinfo finds them: dotted quads, /etc/hosts, then the servers of /etc/resolv.conf. */
import { UdpSocket } from "../linux/inet/udp-socket.ts"
import type { Process } from "../linux/task/process.ts"
import { SECOND } from "../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../wire/address.ts"
import { type DnsMessage, DnsType, dnsQuery, emitDns, parseDns, Rcode } from "../wire/dns.ts"

const DNS_PORT = 53
const ALIASES_MAX = 8

/** One to four numbers, decimal, octal or hexadecimal, the last filling what is left. Models inet_aton. */
function parseAton(text: string): number | undefined {
  const parts = text.split(".")
  if (parts.length > 4 || !parts.every((part) => /^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(part))) return undefined
  const numbers = parts.map((part) => (/^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)))
  const last = numbers.pop() as number
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined
  return numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last)
}

/** What needs no server: an address as text, or a line of /etc/hosts. */
export function localAddress(proc: Process, name: string): number | undefined {
  const literal = parseAton(name)
  if (literal !== undefined) return literal
  const hosts = proc.fs.readText("/etc/hosts")
  if ("errno" in hosts) return undefined
  for (const line of hosts.text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/)
    const parsed = parseIpv4(address)
    if (parsed !== undefined && names.includes(name)) return parsed
  }
  return undefined
}

/** Why a name has no address: gai_strerror's `EAI_NONAME` and `EAI_AGAIN`. */
export type ResolveError = "EAI_NONAME" | "EAI_AGAIN"

/** The IPv4 address of a host name, or why there is none. Takes no time for what {@link localAddress} knows. */
export async function resolveHost(proc: Process, name: string): Promise<number | ResolveError> {
  const found = await resolveAll(proc, name)
  return typeof found === "string" ? found : (found[0] as number)
}

/** Every IPv4 address of a host name, or why there is none. */
export async function resolveAll(
  proc: Process,
  name: string,
  config: ResolvConf = readResolvConf(proc),
): Promise<readonly number[] | ResolveError> {
  const local = localAddress(proc, name)
  if (local !== undefined) return [local]
  if (config.servers.length === 0 || !/^[\w.-]+$/.test(name)) return "EAI_AGAIN"
  let failure: ResolveError = "EAI_NONAME"
  for (const candidate of candidates(name, config)) {
    const found = await lookUp(proc, candidate, config)
    if (typeof found !== "string") return found
    if (found === "EAI_AGAIN") failure = found
  }
  return failure
}

/** The name of an address: by /etc/hosts, then by the servers. Models getnameinfo with NI_NAMEREQD. */
export async function reverseName(
  proc: Process,
  address: number,
  config: ResolvConf = readResolvConf(proc),
): Promise<string | undefined> {
  const hosts = proc.fs.readText("/etc/hosts")
  for (const line of "text" in hosts ? hosts.text.split("\n") : []) {
    const [text = "", name] = line.replace(/#.*/, "").trim().split(/\s+/)
    if (name !== undefined && parseIpv4(text) === address) return name
  }
  const name = `${formatIpv4(address).split(".").reverse().join(".")}.in-addr.arpa`
  for (let attempt = 0; attempt < config.attempts; attempt++)
    for (const server of config.servers) {
      const [answer] = await ask(proc, server, name, config.timeout, [DnsType.PTR])
      if (answer === undefined) continue
      const pointer = answer.answers.find(({ type }) => type === DnsType.PTR)?.data
      return pointer !== undefined && "target" in pointer ? pointer.target : undefined
    }
  return undefined
}

export interface ResolvConf {
  servers: readonly number[]
  search: readonly string[]
  ndots: number
  /** In nanoseconds. */
  timeout: number
  attempts: number
}

/** /etc/resolv.conf; see resolv.conf(5). */
export function readResolvConf(proc: Process): ResolvConf {
  const file = proc.fs.readText("/etc/resolv.conf")
  const lines = "text" in file ? file.text.split("\n").map((line) => line.trim().split(/\s+/)) : []
  const all = (key: string): string[][] => lines.filter(([first]) => first === key).map((words) => words.slice(1))
  const options = new Map(
    all("options").flatMap((words) =>
      words.map((word): [string, string] => [word.replace(/:.*/, ""), word.replace(/^[^:]*:?/, "")]),
    ),
  )
  const servers = all("nameserver").map(([address = ""]) => parseIpv4(address))
  return {
    servers: servers.filter((address) => address !== undefined).slice(0, 3),
    search: (all("search").at(-1) ?? all("domain").at(-1) ?? []).slice(0, 6),
    ndots: Number(options.get("ndots") ?? 1),
    timeout: Number(options.get("timeout") ?? 5) * SECOND,
    attempts: Number(options.get("attempts") ?? 2),
  }
}

/** A name with dots enough is tried as it is first, another last; with a dot at its end it is tried as it is only. */
export function candidates(name: string, { search, ndots }: ResolvConf): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)]
  const searched = search.map((domain) => `${name}.${domain}`)
  return name.split(".").length > ndots ? [name, ...searched] : [...searched, name]
}

/** Asks for A and AAAA with one socket, as getaddrinfo does for any family. */
async function lookUp(proc: Process, name: string, config: ResolvConf): Promise<readonly number[] | ResolveError> {
  for (let attempt = 0; attempt < config.attempts; attempt++)
    for (const server of config.servers) {
      const answers = await ask(proc, server, name, config.timeout, [DnsType.A, DnsType.AAAA])
      if (answers.length < 2) continue
      if (answers.some(({ rcode }) => rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN)) continue
      const addresses = addressesIn(answers[0] as DnsMessage, name)
      return addresses.length > 0 ? addresses : "EAI_NONAME"
    }
  return "EAI_AGAIN"
}

/** The answers about each type, in that order; none when they did not all come. */
async function ask(
  proc: Process,
  server: number,
  name: string,
  timeout: number,
  types: readonly number[],
): Promise<DnsMessage[]> {
  const socket = new UdpSocket(proc.net)
  const ids = types.map(() => proc.net.prng.below(65536))
  const answers = new Map<number, DnsMessage>()
  try {
    if (socket.connect(server, DNS_PORT) !== undefined) return []
    for (const [i, type] of types.entries())
      if (socket.send(emitDns(dnsQuery(ids[i] as number, name, type))) !== undefined) return []
    const deadline = proc.kernel.sim.now + timeout
    while (answers.size < types.length) {
      const got = await socket.receiveFrom(proc, deadline - proc.kernel.sim.now)
      if (typeof got === "string") return []
      const message = parseDns(got.data)
      const type = message?.questions[0]?.type
      if (message?.response === true && type !== undefined && ids[types.indexOf(type)] === message.id)
        answers.set(type, message)
    }
  } finally {
    socket.close()
  }
  return types.map((type) => answers.get(type) as DnsMessage)
}

/** The addresses, aliases followed. */
function addressesIn({ answers }: DnsMessage, name: string): number[] {
  let wanted = name.toLowerCase()
  for (let hops = 0; hops < ALIASES_MAX; hops++) {
    const own = answers.filter((record) => record.name.toLowerCase() === wanted)
    const addresses = own.flatMap(({ type, data }) => (type === DnsType.A && "address" in data ? [data.address] : []))
    if (addresses.length > 0) return addresses
    const alias = own.find(({ type }) => type === DnsType.CNAME)
    if (alias === undefined || !("target" in alias.data)) return []
    wanted = alias.data.target.toLowerCase()
  }
  return []
}
