/** `-f URL`: a manifest from the web. Models cli-runtime/pkg/resource visitor.go readHttpWithRetries, and the words of Go's net. */
import { strerror } from "../../linux/errno.ts"
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import { SECOND } from "../../sim/simulation.ts"
import { formatIpv4 } from "../../wire/address.ts"
import { emitHead, header } from "../../wire/http.ts"
import { authority, parseUrl, readResponse, redirectTarget, type Url } from "../http-client.ts"
import { readResolvConf, resolveHost } from "../resolve.ts"
import { TlsStream } from "../tls-stream.ts"
import { fail } from "./failure.ts"

const ATTEMPTS = 3
const BETWEEN = SECOND
/** Of Go's default transport. */
const DIAL_TIMEOUT = 30 * SECOND
const REDIRECTS_MAX = 10

type Outcome = { text: string } | { error: string; again: boolean }

/** The text at a URL, or the end of the command. */
export async function fetchManifest(proc: Process, url: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await get(proc, url)
    if ("text" in outcome) return outcome.text
    if (!outcome.again || attempt === ATTEMPTS) return fail(outcome.error)
    await proc.sleep(BETWEEN)
  }
}

async function get(proc: Process, text: string): Promise<Outcome> {
  let next = text
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const url = parseUrl(next)
    if (url === undefined) return offline("http: no Host in request URL")
    const answer = await exchange(proc, url)
    if ("error" in answer) return answer
    const { status, reason, location, body } = answer
    if (status === 200) return { text: new TextDecoder().decode(body) }
    if (status < 300 || status >= 400 || location === undefined) {
      const said = `${status} ${reason}`.trim()
      const error = `unable to read URL ${JSON.stringify(text)}, server reported ${said}, status code=${status}`
      return { error, again: status >= 500 }
    }
    next = redirectTarget(url, location)
  }
  return offline(`stopped after ${REDIRECTS_MAX} redirects`)
}

/** Whatever comes from below HTTP may be better the next time. */
const offline = (text: string): Outcome & { error: string } => ({
  error: `Unable to connect to the server: ${text}`,
  again: true,
})

interface Answer {
  status: number
  reason: string
  location: string | undefined
  body: Uint8Array
}

async function exchange(proc: Process, url: Url): Promise<Answer | (Outcome & { error: string })> {
  const address = await resolveHost(proc, url.host)
  if (typeof address === "string") {
    const [server] = readResolvConf(proc).servers
    const asked = server === undefined ? "" : ` on ${formatIpv4(server)}:53`
    return offline(
      `dial tcp: lookup ${url.host}${asked}: ${address === "EAI_NONAME" ? "no such host" : "server misbehaving"}`,
    )
  }
  const socket = await TcpSocket.connect(proc, address, url.port, { timeout: DIAL_TIMEOUT })
  if (socket === "ECONNREFUSED") {
    const error = `The connection to the server ${url.host}:${url.port} was refused - did you specify the right host or port?`
    return { error, again: true }
  }
  const where = `${formatIpv4(address)}:${url.port}`
  if (socket === "ETIMEDOUT") return offline(`dial tcp ${where}: i/o timeout`)
  if (typeof socket === "string") return offline(`dial tcp ${where}: connect: ${strerror(socket).toLowerCase()}`)
  try {
    return await request(proc, url, socket)
  } finally {
    socket.close()
  }
}

async function request(proc: Process, url: Url, socket: TcpSocket): Promise<Answer | (Outcome & { error: string })> {
  const stream = url.scheme === "https" ? new TlsStream(socket, url.host) : socket
  const headers: [string, string][] = [
    ["Host", authority(url)],
    ["User-Agent", "Go-http-client/1.1"],
    ["Accept-Encoding", "gzip"],
  ]
  await stream.write(proc, emitHead(`GET ${url.path} HTTP/1.1`, headers))
  const parts: Uint8Array[] = []
  const onBody = async (data: Uint8Array): Promise<void> => {
    parts.push(data)
  }
  const read = await readResponse(proc, stream, false, Number.POSITIVE_INFINITY, async () => undefined, onBody)
  if (read === "EPROTO") return offline("tls: first record does not look like a TLS handshake")
  if (typeof read === "string") return offline(read === "empty" ? "EOF" : "unexpected EOF")
  const body = Uint8Array.from(parts.flatMap((part) => [...part]))
  const reason = read.head.start.split(" ").slice(2).join(" ")
  return { status: read.status, reason, location: header(read.head, "location"), body }
}
