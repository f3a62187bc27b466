/** curl 7.88.1: HTTP. */

import { strerror } from "../linux/errno.ts"
import { TcpSocket } from "../linux/inet/tcp-socket.ts"
import { openFile } from "../linux/task/open.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { MILLISECOND, SECOND } from "../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../wire/address.ts"
import { type HttpHead, header } from "../wire/http.ts"
import { parseUrl, readResponse, type Url } from "./http-client.ts"
import { resolveHost } from "./resolve.ts"

const TRY_HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n"
const VERSION = `curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13
Release-Date: 2023-02-20, security patched: 7.88.1-10+deb12u15
Protocols: http
Features: Largefile
`

/** Long names for letters, and which take an argument. */
const TABLE = {
  s: false,
  S: false,
  v: false,
  i: false,
  I: false,
  o: true,
  O: false,
  w: true,
  m: true,
  X: true,
  d: true,
  H: true,
  A: true,
  L: false,
  f: false,
  V: false,
  e: true,
  G: false,
  h: false,
  4: false,
  silent: false,
  "show-error": false,
  verbose: false,
  include: false,
  head: false,
  output: true,
  "remote-name": false,
  "remote-name-all": false,
  "write-out": true,
  "max-time": true,
  "connect-timeout": true,
  request: true,
  data: true,
  "data-raw": true,
  "data-binary": true,
  header: true,
  "user-agent": true,
  location: false,
  fail: false,
  version: false,
  referer: true,
  get: false,
  resolve: true,
  interface: true,
  "local-port": true,
  help: false,
  ipv4: false,
  "http1.1": false,
  "no-progress-meter": false,
  "tcp-nodelay": false,
} as const
const LONG: Readonly<Record<string, string>> = {
  s: "silent",
  S: "show-error",
  v: "verbose",
  i: "include",
  I: "head",
  o: "output",
  O: "remote-name",
  w: "write-out",
  m: "max-time",
  X: "request",
  d: "data",
  H: "header",
  A: "user-agent",
  L: "location",
  f: "fail",
  V: "version",
  e: "referer",
  G: "get",
  h: "help",
  4: "ipv4",
}
/** Real options that are not here yet. */
const REFUSED = {
  k: false,
  insecure: false,
  F: true,
  form: true,
  T: true,
  "upload-file": true,
  u: true,
  user: true,
  x: true,
  proxy: true,
  b: true,
  cookie: true,
  c: true,
  "cookie-jar": true,
  K: true,
  config: true,
  N: false,
  "no-buffer": false,
  r: true,
  range: true,
  C: true,
  z: true,
  6: false,
  ipv6: false,
  n: false,
  q: false,
  retry: true,
  http2: false,
  "http0.9": false,
  compressed: false,
  cacert: true,
  cert: true,
  key: true,
  json: true,
  parallel: false,
  Z: false,
  "limit-rate": true,
  "fail-with-body": false,
}

class CurlError {
  readonly code: number
  readonly message: string
  constructor(code: number, message: string) {
    this.code = code
    this.message = message
  }
}

interface Settings {
  silent: boolean
  showError: boolean
  verbose: boolean
  include: boolean
  head: boolean
  fail: boolean
  location: boolean
  remoteName: boolean
  outputs: string[]
  writeOut: string | undefined
  maxTime: number
  connectTimeout: number
  method: string | undefined
  data: string[]
  get: boolean
  headers: string[]
  agent: string
  referer: string | undefined
  resolve: Map<string, string>
  device: string | undefined
  localPort: number
}

function readSettings(
  argv: readonly string[],
): { settings: Settings; urls: string[] } | { text: string; code: number; out?: string } {
  const parsed = getopt(argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed) {
    const name = parsed.kind === "unknown" || parsed.kind === "missing" ? `-${parsed.name}` : parsed.name
    const what = parsed.kind.startsWith("missing") ? "requires parameter" : "is unknown"
    return { text: `curl: option ${name}: ${what}\n${TRY_HELP}`, code: 2 }
  }
  const settings: Settings = {
    silent: false,
    showError: false,
    verbose: false,
    include: false,
    head: false,
    fail: false,
    location: false,
    remoteName: false,
    outputs: [],
    writeOut: undefined,
    maxTime: Number.POSITIVE_INFINITY,
    connectTimeout: 300 * SECOND,
    method: undefined,
    data: [],
    get: false,
    headers: [],
    agent: "curl/7.88.1",
    referer: undefined,
    resolve: new Map(),
    device: undefined,
    localPort: 0,
  }
  for (const { name, value } of parsed.options) {
    if (name in REFUSED)
      return { text: `curl: podwire does not support option '${name.length === 1 ? "-" : "--"}${name}'\n`, code: 2 }
    if (LONG[name] === "version" || name === "version") return { text: "", code: 0, out: VERSION }
    const problem = apply(settings, LONG[name] ?? name, value, `${name.length === 1 ? "-" : "--"}${name}`)
    if (problem !== undefined) return { text: problem, code: 2 }
  }
  if (parsed.operands.length === 0)
    return { text: `${argv.length > 1 ? "curl: no URL specified!\n" : ""}${TRY_HELP}`, code: 2 }
  if (parsed.operands.some((url) => /[{}[\]]/.test(url)))
    return { text: "curl: podwire does not support URL globbing ({} and [])\n", code: 2 }
  return { settings, urls: parsed.operands }
}

function apply(s: Settings, name: string, value: string, typed: string): string | undefined {
  switch (name) {
    case "silent":
      s.silent = true
      break
    case "show-error":
      s.showError = true
      break
    case "verbose":
      s.verbose = true
      break
    case "include":
      s.include = true
      break
    case "head":
      s.head = true
      break
    case "fail":
      s.fail = true
      break
    case "location":
      s.location = true
      break
    case "remote-name":
    case "remote-name-all":
      s.remoteName = true
      break
    case "output":
      s.outputs.push(value)
      break
    case "write-out":
      s.writeOut = value
      break
    case "max-time":
    case "connect-timeout": {
      if (!/^\d*\.?\d+$/.test(value)) return `curl: option ${typed}: expected a proper numerical parameter\n${TRY_HELP}`
      if (name === "max-time") s.maxTime = Number(value) * SECOND
      else s.connectTimeout = Number(value) * SECOND
      break
    }
    case "request":
      s.method = value
      break
    case "data":
    case "data-raw":
    case "data-binary":
      s.data.push(value)
      break
    case "get":
      s.get = true
      break
    case "header":
      s.headers.push(value)
      break
    case "user-agent":
      s.agent = value
      break
    case "referer":
      s.referer = value
      break
    case "interface":
      s.device = value
      break
    case "local-port":
      s.localPort = Number(value)
      break
    case "resolve": {
      const [host = "", port = "", ...address] = value.split(":")
      s.resolve.set(`${host}:${port}`, address.join(":"))
      break
    }
    case "help":
      return `curl: podwire does not carry curl's help text; see the list of supported options in the documentation\n`
    default:
      break
  }
  return undefined
}

export const curl: Tool = defineTool("curl", async (proc) => {
  const read = readSettings(proc.argv)
  if ("text" in read) {
    if (read.out !== undefined) await proc.out(read.out)
    await proc.err(read.text)
    return read.code
  }
  const run = new CurlRun(proc, read.settings)
  let code = 0
  for (const [i, url] of read.urls.entries()) code = await run.fetch(url, i)
  await run.close()
  return code
})

interface Timing {
  start: number
  connect: number
  startTransfer: number
  total: number
}

/** glibc's for a pipe: st_blksize, in bytes. */
const STDIO_BUFFER = 4096

class CurlRun {
  readonly #proc: Process
  readonly #settings: Settings
  #socket: TcpSocket | undefined
  #socketFor = ""
  #connections = 0
  #timing: Timing = { start: 0, connect: 0, startTransfer: 0, total: 0 }
  #size = 0
  #status = 0
  #contentType = ""
  #effectiveUrl = ""
  #redirects = 0
  #method = "GET"
  #requestSize = 0
  #headerSize = 0
  readonly #stdout: Uint8Array[] = []
  #held = 0

  constructor(proc: Process, settings: Settings) {
    this.#proc = proc
    this.#settings = settings
  }

  get #now(): number {
    return this.#proc.kernel.sim.now
  }

  async close(): Promise<void> {
    this.#socket?.close()
    await this.#flush()
  }

  /** Standard output goes through stdio: held back for a pipe, so that `-v` on standard error comes first, as with the real one. */
  async #print(data: Uint8Array): Promise<void> {
    if (this.#held + data.length > STDIO_BUFFER) await this.#flush()
    this.#stdout.push(data)
    this.#held += data.length
    if (this.#held >= STDIO_BUFFER || this.#proc.fds.get(1)?.isTty) await this.#flush()
  }

  async #flush(): Promise<void> {
    const held = this.#stdout.splice(0)
    this.#held = 0
    for (const data of held) await this.#proc.out(data)
  }

  async fetch(text: string, index: number): Promise<number> {
    const { silent, showError } = this.#settings
    this.#timing = { start: this.#now, connect: 0, startTransfer: 0, total: 0 }
    this.#size = this.#status = this.#redirects = this.#requestSize = this.#headerSize = 0
    const before = this.#connections
    let code = 0
    let message = ""
    try {
      await this.#transfer(text, index)
    } catch (thrown) {
      if (!(thrown instanceof CurlError)) throw thrown
      code = thrown.code
      message = thrown.message
      this.#socket = undefined
    }
    this.#timing.total = this.#now - this.#timing.start
    if (message !== "" && (!silent || showError)) await this.#proc.err(`curl: (${code}) ${message}\n`)
    if (this.#settings.writeOut !== undefined) {
      const { text, unknown } = this.#writeOut(this.#settings.writeOut, {
        exitcode: String(code),
        errormsg: message,
        num_connects: String(this.#connections - before),
      })
      for (const name of unknown) await this.#proc.err(`curl: unknown --write-out variable: '${name}'\n`)
      await this.#print(new TextEncoder().encode(text))
    }
    return code
  }

  async #verbose(text: string): Promise<void> {
    if (this.#settings.verbose) await this.#proc.err(text)
  }

  async #transfer(text: string, index: number): Promise<void> {
    let url = parseUrl(text)
    this.#effectiveUrl = text.includes("://") ? text : `${text}/`
    for (;;) {
      if (url === undefined) throw new CurlError(3, "URL using bad/illegal format or missing URL")
      if (url.scheme !== "http") {
        const known = [
          "https",
          "ftp",
          "ftps",
          "telnet",
          "file",
          "ldap",
          "smtp",
          "scp",
          "sftp",
          "dict",
          "gopher",
          "mqtt",
          "tftp",
        ].includes(url.scheme)
        throw new CurlError(
          1,
          known
            ? `podwire's curl speaks http only, not "${url.scheme}"`
            : `Protocol "${url.scheme}" not supported or disabled in libcurl`,
        )
      }
      this.#effectiveUrl = `http://${url.host}${url.port === 80 ? "" : `:${url.port}`}${url.path}`
      const socket = await this.#connect(url)
      await this.#send(url, socket)
      const location = await this.#receive(url, socket, index)
      if (location === undefined) return
      if (++this.#redirects > 50) throw new CurlError(47, "Maximum (50) redirects followed")
      await this.#verbose(`* Issue another request to this URL: '${location}'\n`)
      url = parseUrl(location.startsWith("/") ? `http://${url.host}:${url.port}${location}` : location)
    }
  }

  get #deadline(): number {
    return this.#timing.start + this.#settings.maxTime
  }

  async #connect(url: Url): Promise<TcpSocket> {
    const where = `${url.host}:${url.port}`
    if (this.#socket !== undefined && this.#socketFor === where) {
      await this.#verbose(
        `* Found bundle for host: 0x55d0c0ffee00 [serially]\n* Can not multiplex, even if we wanted to\n* Re-using existing connection #${this.#connections - 1} with host ${url.host}\n`,
      )
      return this.#socket
    }
    this.#socket?.close()
    const { resolve, device, localPort } = this.#settings
    const address = resolveHost(this.#proc, resolve.get(where) ?? url.host)
    if (address === undefined) throw new CurlError(6, `Could not resolve host: ${url.host}`)
    if (resolve.has(where)) {
      for (const [entry, to] of resolve) await this.#verbose(`* Added ${entry}:${to} to DNS cache\n`)
      await this.#verbose(`* Hostname ${url.host} was found in DNS cache\n`)
    }
    await this.#verbose(`*   Trying ${formatIpv4(address)}:${url.port}...\n`)
    const begun = this.#now
    const byMaxTime = this.#deadline - begun < this.#settings.connectTimeout
    const oif = device === undefined ? undefined : this.#proc.net.device(device)
    const source = device === undefined || oif !== undefined ? undefined : parseIpv4(device)
    if (device !== undefined && oif === undefined && (source === undefined || !this.#proc.net.isLocal(source)))
      throw new CurlError(
        45,
        source === undefined
          ? `Couldn't bind to '${device}'`
          : "bind failed with errno 99: Cannot assign requested address",
      )
    const timeout = Math.min(this.#deadline - begun, this.#settings.connectTimeout) + MILLISECOND
    const socket = await TcpSocket.connect(this.#proc, address, url.port, {
      timeout,
      ...(oif === undefined ? {} : { device: oif }),
      ...(source === undefined ? {} : { source }),
      ...(localPort === 0 ? {} : { sourcePort: localPort }),
    })
    if (typeof socket === "string") await this.#failedConnect(socket, url, formatIpv4(address), begun, byMaxTime)
    const connected = socket as TcpSocket
    connected.sock.noDelay = true
    this.#timing.connect = this.#now - this.#timing.start
    await this.#verbose(
      `* Connected to ${url.host} (${formatIpv4(address)}) port ${url.port} (#${this.#connections})\n`,
    )
    this.#connections++
    this.#socket = connected
    this.#socketFor = where
    return connected
  }

  async #failedConnect(errno: string, url: Url, address: string, begun: number, byMaxTime: boolean): Promise<never> {
    const elapsed = Math.floor((this.#now - begun) / MILLISECOND)
    const timedOut = errno === "ETIMEDOUT" && this.#now - begun < 130 * SECOND
    if (timedOut && byMaxTime) {
      await this.#verbose(
        `* Connection timed out after ${elapsed} milliseconds\n* Closing connection ${this.#connections}\n`,
      )
      throw new CurlError(28, `Connection timed out after ${elapsed} milliseconds`)
    }
    if (!timedOut)
      await this.#verbose(`* connect to ${address} port ${url.port} failed: ${strerror(errno as "ECONNREFUSED")}\n`)
    const reason = timedOut ? "Timeout was reached" : "Couldn't connect to server"
    const message = `Failed to connect to ${url.host} port ${url.port} after ${elapsed} ms: ${reason}`
    await this.#verbose(`* ${message}\n* Closing connection ${this.#connections}\n`)
    throw new CurlError(timedOut ? 28 : 7, message)
  }

  async #send(url: Url, socket: TcpSocket): Promise<void> {
    const { data, get, headers, agent, referer, head, method } = this.#settings
    const body = data.length > 0 && !get ? new TextEncoder().encode(await this.#body(data)) : undefined
    const path = data.length > 0 && get ? `${url.path}${url.path.includes("?") ? "&" : "?"}${data.join("&")}` : url.path
    const verb = method ?? (head ? "HEAD" : body === undefined ? "GET" : "POST")
    const host = url.port === 80 ? url.host : `${url.host}:${url.port}`
    const lines: [string, string][] = [["Host", host]]
    if (agent !== "") lines.push(["User-Agent", agent])
    lines.push(["Accept", "*/*"])
    if (referer !== undefined) lines.push(["Referer", referer])
    // What the user wrote goes out as it is; a name without a value takes the header away.
    const custom = headers.map((line) => ({ line, name: (line.split(":")[0] ?? "").toLowerCase() }))
    const isCustom = (wanted: string): boolean => custom.some(({ name }) => name === wanted)
    const isSent = ({ line }: { line: string }): boolean => line.slice(line.indexOf(":") + 1).trim() !== ""
    const kept = lines.filter(([name]) => !isCustom(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`)
    kept.unshift(...custom.filter((header) => header.name === "host" && isSent(header)).map(({ line }) => line))
    kept.push(...custom.filter((header) => header.name !== "host" && isSent(header)).map(({ line }) => line))
    if (body !== undefined) {
      kept.push(`Content-Length: ${body.length}`)
      if (!isCustom("content-type")) kept.push("Content-Type: application/x-www-form-urlencoded")
    }
    this.#method = verb
    const text = `${verb} ${path} HTTP/1.1\r\n${kept.map((line) => `${line}\r\n`).join("")}\r\n`
    await this.#verbose(text.replace(/^(?=[^\n])/gm, "> "))
    if (body !== undefined) await this.#verbose(`} [${body.length} bytes data]\n`)
    const head8 = new TextEncoder().encode(text)
    const whole = new Uint8Array(head8.length + (body?.length ?? 0))
    whole.set(head8)
    this.#requestSize += head8.length
    if (body !== undefined) whole.set(body, head8.length)
    const errno = await socket.write(this.#proc, whole)
    if (errno !== undefined) throw new CurlError(55, `Send failure: ${strerror(errno)}`)
  }

  /** `@file` and `@-` read from where they say. */
  async #body(data: readonly string[]): Promise<string> {
    const parts: string[] = []
    for (const item of data) {
      if (!item.startsWith("@")) parts.push(item)
      else if (item === "@-") parts.push(await this.#proc.readText())
      else {
        const read = this.#proc.fs.readText(this.#proc.path(item.slice(1)))
        if ("errno" in read) {
          if (!this.#settings.silent)
            await this.#proc.err(
              `Warning: Couldn't read data from file "${item.slice(1)}", this makes an empty \nWarning: POST.\n`,
            )
        } else parts.push(read.text)
      }
    }
    return parts.join("&")
  }

  /** Reads the answer; returns where to go next when it is a redirect to follow. */
  async #receive(url: Url, socket: TcpSocket, index: number): Promise<string | undefined> {
    const { include, head, fail, location } = this.#settings
    let next: string | undefined
    let discard = false
    let announced = false
    const output = this.#outputFor(url, index)
    const result = await readResponse(
      this.#proc,
      socket,
      head,
      this.#deadline,
      async (answer) => {
        this.#timing.startTransfer = this.#now - this.#timing.start
        this.#status = Number(answer.start.split(" ")[1])
        this.#contentType = header(answer, "content-type") ?? ""
        const text = headText(answer)
        this.#headerSize += text.length
        await this.#verbose(text.replace(/^(?=[^\n])/gm, "< "))
        if (fail && this.#status >= 400) discard = true
        if (location && this.#status >= 300 && this.#status < 400) next = header(answer, "location")
        if ((include || head) && !discard) await output(new TextEncoder().encode(text))
      },
      async (data) => {
        if (!announced && !discard) await this.#verbose(`{ [${data.length} bytes data]\n`)
        announced = true
        this.#size += data.length
        if (!discard && next === undefined) await output(data)
      },
    )
    await this.#finish(result, url, discard)
    return next
  }

  async #finish(result: Awaited<ReturnType<typeof readResponse>>, url: Url, discard: boolean): Promise<void> {
    const number = this.#connections - 1
    if (typeof result === "string") {
      await this.#verbose(
        result === "empty"
          ? `* Empty reply from server\n* Closing connection ${number}\n`
          : `* Closing connection ${number}\n`,
      )
      if (result === "empty") throw new CurlError(52, "Empty reply from server")
      if (result === "malformed") throw new CurlError(1, "Received HTTP/0.9 when not allowed")
      if (result === "partial") throw new CurlError(18, "transfer closed with outstanding read data remaining")
      if (result === "EAGAIN")
        throw new CurlError(
          28,
          `Operation timed out after ${Math.floor((this.#now - this.#timing.start) / MILLISECOND)} milliseconds with ${this.#size} bytes received`,
        )
      throw new CurlError(56, `Recv failure: ${strerror(result as "ECONNRESET")}`)
    }
    if (discard) {
      await this.#verbose(`* The requested URL returned error: ${this.#status}\n* Closing connection ${number}\n`)
      throw new CurlError(22, `The requested URL returned error: ${this.#status}`)
    }
    if (result.keepAlive) await this.#verbose(`* Connection #${number} to host ${url.host} left intact\n`)
    else {
      await this.#verbose(`* Closing connection ${number}\n`)
      this.#socket?.close()
      this.#socket = undefined
    }
  }

  /** Where the body goes: standard output, `-o FILE`, `-O`. */
  #outputFor(url: Url, index: number): (data: Uint8Array) => Promise<void> {
    const { outputs, remoteName } = this.#settings
    const name = outputs[index] ?? (remoteName ? url.path.split("?")[0]?.split("/").pop() : undefined)
    if (name === undefined || name === "-") return (data) => this.#print(data)
    if (name === "") throw new CurlError(23, "Remote file name has no length!")
    const file = openFile(this.#proc, name, "w")
    if (typeof file === "string") throw new CurlError(23, "Failure writing output to destination")
    return (data) => file.write(this.#proc, data)
  }

  #writeOut(format: string, more: Readonly<Record<string, string>>): { text: string; unknown: string[] } {
    const unknown: string[] = []
    const seconds = (ns: number): string => (ns / SECOND).toFixed(6)
    const { socket, values } = { socket: this.#socket, values: this.#timing }
    const variables: Readonly<Record<string, string>> = {
      http_code: String(this.#status).padStart(3, "0"),
      response_code: String(this.#status).padStart(3, "0"),
      size_download: String(this.#size),
      time_total: seconds(values.total),
      time_connect: seconds(values.connect),
      time_starttransfer: seconds(values.startTransfer),
      time_namelookup: seconds(0),
      content_type: this.#contentType,
      url_effective: this.#effectiveUrl,
      num_redirects: String(this.#redirects),
      size_header: String(this.#headerSize),
      size_request: String(this.#requestSize),
      method: this.#method,
      scheme: "HTTP",
      http_version: this.#status === 0 ? "0" : "1.1",
      filename_effective: "",
      redirect_url: "",
      ...more,
      remote_ip: socket === undefined ? "" : formatIpv4(socket.remoteAddress),
      remote_port: socket === undefined ? "0" : String(socket.remotePort),
      local_ip: socket === undefined ? "" : formatIpv4(socket.localAddress),
      local_port: socket === undefined ? "0" : String(socket.localPort),
    }
    const text = format.replace(/%%|%\{(\w+)\}|\\([ntr])/g, (whole, name?: string, letter?: string) => {
      if (whole === "%%") return "%"
      if (letter !== undefined) return { n: "\n", t: "\t", r: "\r" }[letter] ?? ""
      const value = variables[name as string]
      if (value === undefined) unknown.push(name as string)
      return value ?? ""
    })
    return { text, unknown }
  }
}

const headText = (head: HttpHead): string =>
  `${head.start}\r\n${head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`
