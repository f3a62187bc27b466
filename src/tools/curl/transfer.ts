/** One URL of the command line, with the redirects that lead on from it. */
import { authority, parseUrl, redirectTarget, type Url } from "../http-client.ts"
import { connect } from "./connect.ts"
import { CurlError } from "./error.ts"
import { openOutput } from "./output.ts"
import { sendRequest } from "./request.ts"
import { receiveResponse } from "./response.ts"
import type { Session } from "./session.ts"
import { writeOut } from "./write-out.ts"

/** Transfers, says what went wrong and what --write-out asks for; returns the exit code. */
export async function transfer(session: Session, text: string, index: number): Promise<number> {
  const { silent, showError } = session.settings
  const before = session.connections
  session.begin()
  const { code, message } = await attempt(session, text, index)
  session.info.total = session.elapsed
  if (message !== "" && (!silent || showError)) await session.proc.err(`curl: (${code}) ${message}\n`)
  await sayWriteOut(session, code, message, session.connections - before)
  return code
}

async function attempt(session: Session, text: string, index: number): Promise<{ code: number; message: string }> {
  try {
    await follow(session, text, index)
    return { code: 0, message: "" }
  } catch (thrown) {
    if (!(thrown instanceof CurlError)) throw thrown
    // "Closing connection" is what -v has said by now.
    session.socket?.close()
    session.socket = undefined
    return thrown
  }
}

async function sayWriteOut(session: Session, code: number, message: string, connects: number): Promise<void> {
  const format = session.settings.writeOut
  if (format === undefined) return
  const { text, unknown } = writeOut(format, session, { code, message, connects })
  for (const name of unknown) await session.proc.err(`curl: unknown --write-out variable: '${name}'\n`)
  await session.stdout.print(new TextEncoder().encode(text))
}

async function follow(session: Session, text: string, index: number): Promise<void> {
  const { info } = session
  info.effectiveUrl = text.includes("://") ? text : `${text}/`
  for (let next = text; ; ) {
    const url = httpUrl(next)
    info.effectiveUrl = `http://${authority(url)}${url.path}`
    const socket = await connect(session, url)
    await sendRequest(session, url, socket)
    const location = await receiveResponse(session, url, socket, openOutput(session, url, index))
    if (location === undefined) return
    if (++info.redirects > 50) throw new CurlError(47, "Maximum (50) redirects followed")
    await session.verbose(`* Issue another request to this URL: '${location}'\n`)
    next = redirectTarget(url, location)
  }
}

/** What the real curl speaks besides http. */
const SCHEMES: ReadonlySet<string> = new Set(
  "https ftp ftps telnet file ldap smtp scp sftp dict gopher mqtt tftp".split(" "),
)

function httpUrl(text: string): Url {
  const url = parseUrl(text)
  if (url === undefined) throw new CurlError(3, "URL using bad/illegal format or missing URL")
  if (url.scheme === "http") return url
  const reason = SCHEMES.has(url.scheme)
    ? `podwire's curl speaks http only, not "${url.scheme}"`
    : `Protocol "${url.scheme}" not supported or disabled in libcurl`
  throw new CurlError(1, reason)
}
