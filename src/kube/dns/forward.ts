/** Other servers' answers. Models coredns/plugin/forward. */
import { UdpSocket } from "../../linux/inet/udp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import { SECOND } from "../../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import { type DnsMessage, emitDns, parseDns } from "../../wire/dns.ts"
import type { Directive } from "./corefile.ts"
import { type DnsPlugin, type DnsRequest, inZone, type Next, servfail, typeName } from "./plugin.ts"

const PORT = 53
/** How long an upstream may take (readTimeout), and all tries together (defaultTimeout). */
const READ_TIMEOUT = 2 * SECOND
const DEADLINE = 5 * SECOND

/** The plugin, or what its directive asks for in vain. */
export function forwardPlugin(proc: Process, directive: Directive): DnsPlugin | string {
  const [zone = ".", ...to] = directive.args
  const unknown = directive.block.find(([key = ""]) => key !== "max_concurrent" && key !== "policy")
  if (unknown !== undefined) return `plugin/forward: podwire does not support the property '${unknown[0]}'`
  const servers = to.flatMap((target) => (target.startsWith("/") ? nameservers(proc, target) : [parseServer(target)]))
  if (servers.includes(undefined))
    return `plugin/forward: not an IP address or file: ${JSON.stringify(to[servers.indexOf(undefined)])}`
  return new Forward(zone.replace(/\.$/, "").toLowerCase(), servers as number[])
}

const parseServer = (text: string): number | undefined => parseIpv4(text.replace(/^dns:\/\//, "").replace(/:53$/, ""))

function nameservers(proc: Process, path: string): number[] {
  const file = proc.fs.readText(path)
  if (!("text" in file)) return []
  return [...file.text.matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap((match) => parseIpv4(match[1] as string) ?? [])
}

class Forward implements DnsPlugin {
  readonly name = "forward"
  readonly #zone: string
  readonly #servers: readonly number[]

  constructor(zone: string, servers: readonly number[]) {
    this.#zone = zone
    this.#servers = servers
  }

  async serve(proc: Process, request: DnsRequest, next: Next): Promise<DnsMessage> {
    if (!inZone(request.name, this.#zone)) return next(proc, request)
    const deadline = proc.kernel.sim.now + DEADLINE
    let problem = "no upstream"
    // Each try picks one at random.
    for (
      let tries = 0;
      this.#servers.length > 0 && tries <= this.#servers.length && proc.kernel.sim.now < deadline;
      tries++
    ) {
      const server = this.#servers[proc.net.prng.below(this.#servers.length)] as number
      const answer = await ask(proc, request, server)
      if (typeof answer !== "string") return answer
      problem = answer
    }
    const asked = `${request.name}. ${typeName(request.type)}`
    await proc.out(`[ERROR] plugin/errors: 2 ${asked}: ${problem}\n`)
    return servfail(request)
  }
}

/** The answer under the client's own id, or what went wrong. */
async function ask(proc: Process, request: DnsRequest, server: number): Promise<DnsMessage | string> {
  const socket = new UdpSocket(proc.net)
  const id = proc.net.prng.below(65536)
  try {
    const unreachable = socket.connect(server, PORT)
    const way = `udp ${formatIpv4(socket.localAddress)}:${socket.localPort}->${formatIpv4(server)}:${PORT}`
    const text = (reason: string): string => `read ${way}: ${reason}`
    if (unreachable !== undefined) return `dial udp ${formatIpv4(server)}:${PORT}: connect: network is unreachable`
    if (socket.send(emitDns({ ...request.query, id })) !== undefined) return text("connection refused")
    const until = proc.kernel.sim.now + READ_TIMEOUT
    for (;;) {
      const got = await socket.receiveFrom(proc, until - proc.kernel.sim.now)
      if (got === "ETIMEDOUT") return text("i/o timeout")
      if (typeof got === "string") return text("read: connection refused")
      const answer = parseDns(got.data)
      if (answer?.response === true && answer.id === id) return { ...answer, id: request.query.id }
    }
  } finally {
    socket.close()
  }
}
