/** The servers of the simulated web: one connection, or the name server of a network. Loaded when the first packet comes. */
import { serveConnection } from "../../images/http-server.ts"
import type { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { UdpSocket } from "../../linux/inet/udp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { TlsStream } from "../../tools/tls-stream.ts"
import { type DnsMessage, type DnsRecord, DnsType, dnsAnswer, emitDns, parseDns, Rcode } from "../../wire/dns.ts"
import { answer } from "./github.ts"
import { WEB_HOSTS } from "./hosts.ts"

/** How far away the servers are, as time. */
const DISTANCE = 12 * MILLISECOND
const TTL = 60

const now = ({ kernel: { sim } }: Process): number => sim.epoch + Math.floor(sim.now / 1e9)

/** Port 443 speaks TLS, port 80 sends everybody there. */
export async function serveWeb(proc: Process, socket: TcpSocket): Promise<number> {
  const secure = socket.localPort === 443
  return serveConnection(proc, secure ? new TlsStream(socket) : socket, {
    async handle(request) {
      await proc.sleep(DISTANCE)
      if (secure) return answer(request, now(proc))
      const host = request.head.headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "github.com"
      const headers: [string, string][] = [
        ["Content-Length", "0"],
        ["Location", `https://${host}${request.target}`],
      ]
      return { status: 301, reason: "Moved Permanently", headers, body: new Uint8Array(0) }
    },
    malformed: () => ({
      status: 400,
      reason: "Bad Request",
      headers: [["Content-Length", "0"]],
      body: new Uint8Array(0),
    }),
  })
}

/** Answers every question that comes to a socket. */
export async function serveNames(proc: Process, socket: UdpSocket): Promise<number> {
  for (;;) {
    const got = await socket.receiveFrom(proc)
    if (typeof got === "string") continue
    const query = parseDns(got.data)
    if (query === undefined || query.response) continue
    socket.send(emitDns(reply(query)), got.address, got.port)
  }
}

function reply(query: DnsMessage): DnsMessage {
  const [question] = query.questions
  if (question === undefined) return dnsAnswer(query, { rcode: Rcode.FORMERR })
  const { name, type } = question
  const address = WEB_HOSTS.get(name.toLowerCase())
  if (address === undefined) return dnsAnswer(query, { recursionAvailable: true, rcode: Rcode.NXDOMAIN })
  const answers: DnsRecord[] =
    type === DnsType.A || type === DnsType.ANY ? [{ name, type: DnsType.A, ttl: TTL, data: { address } }] : []
  return dnsAnswer(query, { recursionAvailable: true, answers })
}
