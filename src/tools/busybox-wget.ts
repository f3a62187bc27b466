/** wget of busybox 1.28: what a busybox container has instead of curl. */

import { strerror } from "../linux/errno.ts"
import { TcpSocket } from "../linux/inet/tcp-socket.ts"
import { openFile } from "../linux/task/open.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { SECOND } from "../sim/simulation.ts"
import { formatIpv4 } from "../wire/address.ts"
import { type HttpHead, header } from "../wire/http.ts"
import { busyboxUsage } from "./help/index.ts"
import { authority, parseUrl, readResponse, redirectTarget, type Url } from "./http-client.ts"
import { resolveHost } from "./resolve.ts"

const TABLE = {
  c: false,
  s: false,
  q: false,
  O: true,
  o: true,
  Y: true,
  P: true,
  S: false,
  U: true,
  T: true,
  spider: false,
  header: true,
  quiet: false,
  "output-document": true,
  "server-response": false,
  timeout: true,
  "user-agent": true,
  "directory-prefix": true,
  "post-data": true,
}
interface Settings {
  quiet: boolean
  output: string | undefined
  directory: string
  timeout: number
  response: boolean
  spider: boolean
  agent: string
  headers: string[]
  post: string | undefined
}

class WgetError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export const busyboxWget: Tool = defineTool("wget", async (proc) => {
  const parsed = getopt(proc.argv, TABLE)
  if ("kind" in parsed) {
    const asked = proc.argv.length === 2 && parsed.name === "--help"
    await proc.err((asked ? "" : getoptMessage("wget", parsed)) + (await busyboxUsage(proc, "wget")))
    return asked ? 0 : 1
  }
  const value = (...names: string[]): string | undefined =>
    parsed.options.findLast((option) => names.includes(option.name))?.value
  if (parsed.operands.length === 0) {
    await proc.err(await busyboxUsage(proc, "wget"))
    return 1
  }
  const settings: Settings = {
    quiet: value("q", "quiet") !== undefined,
    output: value("O", "output-document"),
    directory: value("P", "directory-prefix") ?? ".",
    timeout: Number(value("T", "timeout") ?? 900) * SECOND,
    response: value("S", "server-response") !== undefined,
    spider: value("spider") !== undefined,
    agent: value("U", "user-agent") ?? "Wget",
    headers: parsed.options.filter((option) => option.name === "header").map((option) => option.value),
    post: value("post-data"),
  }
  for (const url of parsed.operands) {
    try {
      await download(proc, url, settings)
    } catch (thrown) {
      if (!(thrown instanceof WgetError)) throw thrown
      await proc.err(`wget: ${thrown.text}\n`)
      return 1
    }
  }
  return 0
})

async function download(proc: Process, text: string, settings: Settings, hops = 0): Promise<void> {
  const url = parseUrl(text)
  if (url === undefined || url.scheme !== "http") throw new WgetError(`not an http or ftp url: ${text}`)
  const address = await resolveHost(proc, url.host)
  if (typeof address === "string") throw new WgetError(`bad address '${url.origin}'`)
  if (!settings.quiet) await proc.err(`Connecting to ${url.origin} (${formatIpv4(address)}:${url.port})\n`)
  // The alarm starts with the connection: "download timed out" covers it as well.
  const deadline = proc.kernel.sim.now + settings.timeout
  const socket = await TcpSocket.connect(proc, address, url.port, { timeout: settings.timeout })
  if (socket === "ETIMEDOUT" && proc.kernel.sim.now >= deadline) throw new WgetError("download timed out")
  if (typeof socket === "string")
    throw new WgetError(`can't connect to remote host (${formatIpv4(address)}): ${strerror(socket)}`)
  try {
    const location = await exchange(proc, socket, url, settings, deadline)
    if (location === undefined) return
    if (hops >= 5) throw new WgetError("too many redirections")
    await download(proc, redirectTarget(url, location), settings, hops + 1)
  } finally {
    socket.close()
  }
}

async function exchange(
  proc: Process,
  socket: TcpSocket,
  url: Url,
  settings: Settings,
  deadline: number,
): Promise<string | undefined> {
  const verb = settings.post === undefined ? (settings.spider ? "HEAD" : "GET") : "POST"
  const length =
    settings.post === undefined
      ? ""
      : `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${settings.post.length}\r\n`
  const extra = settings.headers.map((line) => `${line}\r\n`).join("")
  const request = `${verb} ${url.path} HTTP/1.1\r\nHost: ${authority(url)}\r\nUser-Agent: ${settings.agent}\r\nConnection: close\r\n${extra}${length}\r\n${settings.post ?? ""}`
  const errno = await socket.write(proc, new TextEncoder().encode(request))
  if (errno !== undefined) throw new WgetError(`error getting response: ${strerror(errno)}`)
  let location: string | undefined
  let write: ((data: Uint8Array) => Promise<void>) | undefined
  let received = 0
  let name = ""
  const result = await readResponse(
    proc,
    socket,
    settings.spider,
    deadline,
    async (head) => {
      location = await checkHead(proc, head, settings)
      if (location !== undefined || settings.spider) return
      name = settings.output ?? (url.path.split("?")[0]?.split("/").pop() || "index.html")
      write = openOutput(proc, name, settings)
    },
    async (data) => {
      received += data.length
      await write?.(data)
    },
  )
  if (result === "EAGAIN") throw new WgetError("download timed out")
  if (result === "malformed" || result === "empty") throw new WgetError("error getting response")
  if (result === "partial" || typeof result === "string") throw new WgetError("connection closed prematurely")
  if (!settings.quiet && location === undefined && !settings.spider) await proc.err(progress(name, received))
  return location
}

/** `-` and names: opened when the head said that there is something to write. */
function openOutput(proc: Process, name: string, settings: Settings): (data: Uint8Array) => Promise<void> {
  if (name === "-") return (data) => proc.out(data)
  const file = openFile(proc, settings.output === undefined ? `${settings.directory}/${name}` : name, "w")
  if (typeof file === "string") throw new WgetError(`can't open '${name}': ${strerror(file)}`)
  return (data) => file.write(proc, data)
}

async function checkHead(proc: Process, head: HttpHead, settings: Settings): Promise<string | undefined> {
  if (settings.response)
    for (const line of [head.start, ...head.headers.map(([name, value]) => `${name}: ${value}`)])
      await proc.err(`  ${line}\n`)
  const status = Number(head.start.split(" ")[1])
  if (status >= 300 && status < 400) {
    const location = header(head, "location")
    if (location !== undefined) return location
  }
  if (status < 200 || status >= 300) throw new WgetError(`server returned error: ${head.start}`)
  return undefined
}

/** The bar as it stands at the end of a transfer. */
function progress(name: string, size: number): string {
  const label = (name === "-" ? "-" : (name.split("/").pop() ?? name)).slice(0, 20).padEnd(20)
  const shown = size < 100_000 ? String(size) : `${Math.floor(size / 1024)}k`
  return `${label} 100% |${"*".repeat(31)}| ${shown.padStart(5)}   0:00:00 ETA\n`
}
