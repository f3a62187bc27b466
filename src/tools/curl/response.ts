/** The response: where it goes, and what its end means. */
import { type Errno, strerror } from "../../linux/errno.ts"
import { MILLISECOND } from "../../sim/simulation.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { type HttpHead, header } from "../../wire/http.ts"
import { readResponse, type Url } from "../http-client.ts"
import { type HttpStream, TlsStream } from "../tls-stream.ts"
import { CurlError } from "./error.ts"
import type { Output } from "./output.ts"
import type { Session } from "./session.ts"

/** Reads the answer; returns where to go next when it is a redirect to follow. */
export async function receiveResponse(
  session: Session,
  url: Url,
  socket: HttpStream,
  output: Output,
): Promise<string | undefined> {
  const { proc, settings, info } = session
  const { include, head, fail, location } = settings
  let next: string | undefined
  let discard = false
  let announced = false
  const onHead = async (answer: HttpHead): Promise<void> => {
    if (url.scheme === "https" && !settings.insecure && nobodyVouchesFor(url.host)) untrusted(session)
    const text = await takeHead(session, answer, url.scheme === "https")
    if (fail && info.status >= 400) discard = true
    info.redirect = info.status >= 300 && info.status < 400 ? (header(answer, "location") ?? "") : ""
    if (location && info.status >= 300 && info.status < 400) next = header(answer, "location")
    if ((include || head) && !discard) await output.write(new TextEncoder().encode(text))
  }
  const onBody = async (data: Uint8Array): Promise<void> => {
    if (!announced && !discard) await session.verbose(`{ [${data.length} bytes data]\n`)
    announced = true
    if (discard) return
    info.size += data.length
    if (session.progress !== undefined) session.progress.downloaded += data.length
    if (!discard && next === undefined) await output.write(data)
  }
  const result = await readResponse(proc, socket, head, session.deadline, onHead, onBody)
  if (typeof result === "string") await broken(session, result)
  else await finish(session, url, result.keepAlive, discard)
  return next
}

/** Notes what the head says, shows it with -v, and returns its text. */
async function takeHead(session: Session, answer: HttpHead, overTls: boolean): Promise<string> {
  const { info, progress } = session
  const shown = overTls ? answer.headers.filter(([name]) => name.toLowerCase() !== "connection") : answer.headers
  const lines = shown.map(([name, value]) => `${overTls ? name.toLowerCase() : name}: ${value}\r\n`)
  // What speaks TLS out there speaks HTTP/2, whose status has no words.
  const start = overTls ? `HTTP/2 ${answer.start.split(" ")[1]} ` : answer.start
  const text = `${start}\r\n${lines.join("")}\r\n`
  const length = header(answer, "content-length")
  if (progress !== undefined && length !== undefined) progress.size = Number(length)
  info.startTransfer = session.elapsed
  info.status = Number(answer.start.split(" ")[1])
  info.contentType = header(answer, "content-type") ?? ""
  info.headerSize += text.length
  await session.verbose(text.replace(/^(?=[^\n])/gm, "< "))
  return text
}

/**
 * The authorities that every machine trusts certify public names alone (CA/Browser Forum, Baseline Requirements 4.2.2): whoever
 * answers to a cluster's names and to private addresses shows a certificate of its own making.
 */
function nobodyVouchesFor(host: string): boolean {
  const address = parseIpv4(host)
  if (address === undefined) return !host.includes(".") || /\.(local|svc|internal|localdomain)\.?$/i.test(host)
  return [...PRIVATE].some(([net, bits]) => address >>> (32 - bits) === net >>> (32 - bits))
}

/** RFC 1918, and the machine itself. */
const PRIVATE: ReadonlyMap<number, number> = new Map([
  [0x0a000000, 8],
  [0xac100000, 12],
  [0xc0a80000, 16],
  [0x7f000000, 8],
])

function untrusted(session: Session): never {
  session.disconnect()
  throw new CurlError(
    60,
    `SSL certificate problem: unable to get local issuer certificate
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.`,
  )
}

/** The response did not come, or not whole. */
async function broken(session: Session, result: Errno | "empty" | "malformed" | "partial"): Promise<never> {
  const empty = result === "empty" ? "* Empty reply from server\n" : ""
  await session.verbose(`${empty}* Closing connection ${session.connections - 1}\n`)
  switch (result) {
    case "empty":
      if (unanswered(session)) {
        const where = session.socketFor ?? ""
        throw new CurlError(35, `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${where} `)
      }
      throw new CurlError(52, "Empty reply from server")
    case "malformed":
      throw new CurlError(1, "Received HTTP/0.9 when not allowed")
    case "EPROTO":
      throw new CurlError(35, "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number")
    case "partial":
      throw new CurlError(18, "transfer closed with outstanding read data remaining")
    case "EAGAIN": {
      const elapsed = Math.floor(session.elapsed / MILLISECOND)
      throw new CurlError(
        28,
        `Operation timed out after ${elapsed} milliseconds with ${session.info.size} bytes received`,
      )
    }
    default:
      throw new CurlError(unanswered(session) ? 35 : 56, `Recv failure: ${strerror(result)}`)
  }
}

/** The connection broke before TLS was agreed upon (CURLE_SSL_CONNECT_ERROR). */
const unanswered = ({ stream }: Session): boolean => stream instanceof TlsStream && !stream.answered

async function finish(session: Session, url: Url, keepAlive: boolean, discard: boolean): Promise<void> {
  const number = session.connections - 1
  if (discard) {
    const message = `The requested URL returned error: ${session.info.status}`
    await session.verbose(`* ${message}\n* Closing connection ${number}\n`)
    throw new CurlError(22, message)
  }
  if (keepAlive) {
    await session.verbose(`* Connection #${number} to host ${url.host} left intact\n`)
    return
  }
  await session.verbose(`* Closing connection ${number}\n`)
  session.disconnect()
}
