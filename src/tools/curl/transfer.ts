/** One URL of the command line, with the redirects that lead on from it. */
import { authority, parseUrl, redirectTarget, type Url } from "../http-client.ts"
import { connect } from "./connect.ts"
import { CurlError } from "./error.ts"
import { type GlobbedUrl, globUrls } from "./glob.ts"
import { Output, outputName } from "./output.ts"
import { Progress } from "./progress.ts"
import { sendRequest } from "./request.ts"
import { receiveResponse } from "./response.ts"
import type { Session } from "./session.ts"
import { writeOut } from "./write-out.ts"

/** A word of the command line: the URLs it stands for, one after another; returns the last one's exit code. */
export async function transferAll(session: Session, word: string, index: number): Promise<number> {
  const { proc, settings } = session
  let urls: GlobbedUrl[]
  try {
    urls = settings.globoff ? [{ url: word, parts: [] }] : globUrls(word)
  } catch (thrown) {
    if (!(thrown instanceof CurlError)) throw thrown
    await proc.err(`curl: (${thrown.code}) ${thrown.message}\n`)
    return thrown.code
  }
  let code = 0
  for (const url of urls) code = await transfer(session, url, index)
  return code
}

/** Transfers, says what went wrong and what --write-out asks for; returns the exit code. */
async function transfer(session: Session, url: GlobbedUrl, index: number): Promise<number> {
  const { silent, showError } = session.settings
  const before = session.connections
  session.begin()
  const { code, message } = await attempt(session, url, index)
  session.info.total = session.elapsed
  if (message !== "" && (!silent || showError)) await session.proc.err(`curl: (${code}) ${message}\n`)
  await sayWriteOut(session, code, message, session.connections - before)
  return code
}

async function attempt(session: Session, url: GlobbedUrl, index: number): Promise<{ code: number; message: string }> {
  const { proc, settings } = session
  const name = outputName(settings, url, index)
  if (name === "") {
    if (!settings.silent) await proc.err("curl: Remote file name has no length!\n")
    return { code: 23, message: "Failed writing received data to disk/application" }
  }
  session.info.filename = name ?? ""
  const onTerminal = name === undefined && proc.fds.get(1)?.isTty === true
  session.progress = settings.silent || settings.noProgress || onTerminal ? undefined : new Progress(proc)
  const output = new Output(session, name)
  try {
    await follow(session, url.url, output)
    await output.succeed()
    return { code: 0, message: "" }
  } catch (thrown) {
    if (!(thrown instanceof CurlError)) throw thrown
    // Without an address there was nothing to end.
    if (thrown.code !== 6 && thrown.code !== 3 && thrown.code !== 1) await session.progress?.done()
    // "Closing connection" is what -v has said by now.
    session.disconnect()
    return thrown
  } finally {
    session.progress?.stop()
    output.close()
  }
}

async function sayWriteOut(session: Session, code: number, message: string, connects: number): Promise<void> {
  const format = session.settings.writeOut
  if (format === undefined) return
  const { text, unknown } = writeOut(format, session, { code, message, connects })
  for (const name of unknown) await session.proc.err(`curl: unknown --write-out variable: '${name}'\n`)
  await session.stdout.print(new TextEncoder().encode(text))
}

async function follow(session: Session, text: string, output: Output): Promise<void> {
  const { info } = session
  info.effectiveUrl = text.includes("://") ? text : `${text}/`
  for (let next = text; ; ) {
    const url = httpUrl(next)
    info.effectiveUrl = `${url.scheme}://${authority(url)}${url.path}`
    info.scheme = url.scheme
    if (next === text) await session.progress?.begin()
    const stream = await connect(session, url)
    await sendRequest(session, url, stream)
    const location = await receiveResponse(session, url, stream, output)
    await session.progress?.done()
    if (location === undefined) return
    if (++info.redirects > 50) throw new CurlError(47, "Maximum (50) redirects followed")
    await session.verbose(`* Issue another request to this URL: '${location}'\n`)
    next = redirectTarget(url, location)
  }
}

/** What the real curl speaks besides http. */
const SCHEMES: ReadonlySet<string> = new Set("ftp ftps telnet file ldap smtp scp sftp dict gopher mqtt tftp".split(" "))

function httpUrl(text: string): Url {
  const url = parseUrl(text)
  if (url === undefined) throw new CurlError(3, "URL using bad/illegal format or missing URL")
  if (url.scheme === "http" || url.scheme === "https") return url
  const reason = SCHEMES.has(url.scheme)
    ? `podwire's curl speaks http and https only, not "${url.scheme}"`
    : `Protocol "${url.scheme}" not supported or disabled in libcurl`
  throw new CurlError(1, reason)
}
