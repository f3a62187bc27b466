/** What nginx answers and logs, for static files. */
import { type Process, ProcessExit } from "../linux/task/process.ts"
import { Signal } from "../linux/task/signal.ts"
import { httpDate, logDate, strftime } from "../shell/time.ts"
import { header } from "../wire/http.ts"
import { type HttpRequest, type HttpResponse, serveHttp } from "./http-server.ts"

/** 2025-10-07T17:04:07Z: when the files of nginx 1.29.2 were built. */
const BUILT = 1_759_856_647
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  js: "application/javascript",
  json: "application/json",
  txt: "text/plain",
  png: "image/png",
  svg: "image/svg+xml",
  xml: "text/xml",
}
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  301: "Moved Permanently",
  304: "Not Modified",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Not Allowed",
}

/** The image's /docker-entrypoint.sh. */
export async function entrypointMain(proc: Process): Promise<number> {
  await proc.out(
    "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration\n/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/\n/docker-entrypoint.sh: Configuration complete; ready for start up\n",
  )
  // The server takes the script's place: signals for the container are the server's.
  proc.exec(proc.argv.slice(1))
  await proc.err(`/docker-entrypoint.sh: line 47: exec: ${proc.argv[1]}: not found\n`)
  return 127
}

/** What ends the server, and what it says then. */
const STOPS = [
  ["SIGQUIT", "shutting down"],
  ["SIGTERM", "exiting"],
  ["SIGINT", "exiting"],
] as const

/** The server, of a version, for the files below `root`. */
export async function nginxMain(proc: Process, version: string, root: string): Promise<number> {
  if (proc.argv.includes("-v")) {
    await proc.err(`nginx version: nginx/${version}\n`)
    return 0
  }
  const { sim } = proc.kernel
  const notice = (text: string): Promise<void> =>
    proc.err(
      `${strftime("%Y/%m/%d %T", sim.epoch + Math.floor(sim.now / 1e9))} [notice] ${proc.pid}#${proc.pid}: ${text}\n`,
    )
  for (const [signal, text] of STOPS)
    proc.on(signal, () => {
      void notice(`signal ${Signal[signal]} (${signal}) received, ${text}`).then(() => notice("exit"))
      proc.interrupt(new ProcessExit({ code: 0 }))
    })
  await notice('using the "epoll" event method')
  await notice(`nginx/${version}`)
  await notice(`OS: Linux ${proc.kernel.release}`)
  await notice("start worker processes")
  const server = new StaticFiles(proc, version, root)
  const errno = await serveHttp(proc, {
    port: 80,
    handle: (request) => server.handle(request),
    malformed: () => server.errorPage(400),
    connectionBefore: "ETag",
    log: (request, response) =>
      proc.out(
        `${request.client} - - [${logDate(sim.epoch + Math.floor(sim.now / 1e9))}] "${request.head.start}" ${response.status} ${request.method === "HEAD" ? 0 : response.body.length} "${header(request.head, "referer") ?? "-"}" "${header(request.head, "user-agent") ?? "-"}" "-"\n`,
      ),
  })
  await proc.err(
    `${strftime("%Y/%m/%d %T", sim.epoch + Math.floor(sim.now / 1e9))} [emerg] ${proc.pid}#${proc.pid}: bind() to 0.0.0.0:80 failed (98: ${errno === "EADDRINUSE" ? "Address already in use" : errno})\n`,
  )
  return 1
}

class StaticFiles {
  readonly #proc: Process
  readonly #version: string
  readonly #root: string

  constructor(proc: Process, version: string, root: string) {
    this.#proc = proc
    this.#version = version
    this.#root = root
  }

  get #now(): number {
    const { sim } = this.#proc.kernel
    return sim.epoch + Math.floor(sim.now / 1e9)
  }

  #common(type: string, length: number): [string, string][] {
    return [
      ["Server", `nginx/${this.#version}`],
      ["Date", httpDate(this.#now)],
      ["Content-Type", type],
      ["Content-Length", String(length)],
    ]
  }

  errorPage(status: number): HttpResponse {
    const reason = REASONS[status] ?? ""
    const text = `<html>\r\n<head><title>${status} ${reason}</title></head>\r\n<body>\r\n<center><h1>${status} ${reason}</h1></center>\r\n<hr><center>nginx/${this.#version}</center>\r\n</body>\r\n</html>\r\n`
    const body = new TextEncoder().encode(text)
    return { status, reason, headers: this.#common("text/html", body.length), body }
  }

  handle(request: HttpRequest): HttpResponse {
    if (request.method !== "GET" && request.method !== "HEAD") return this.errorPage(405)
    const path = decodeURIComponent((request.target.split("?")[0] ?? "/").replace(/%(?![0-9a-fA-F]{2})/g, "%25"))
    if (path.split("/").includes("..")) return this.errorPage(400)
    const stat = this.#proc.fs.stat(`${this.#root}${path}`)
    if (typeof stat === "string") return this.errorPage(404)
    if (stat.type === "directory" && !path.endsWith("/")) {
      const moved = this.errorPage(301)
      moved.headers.push(["Location", `http://${header(request.head, "host") ?? "localhost"}${path}/`])
      return moved
    }
    const file = stat.type === "directory" ? `${this.#root}${path}index.html` : `${this.#root}${path}`
    return this.#serve(file, stat.type === "directory", request)
  }

  #serve(file: string, isIndex: boolean, request: HttpRequest): HttpResponse {
    const body = this.#proc.fs.readFile(file)
    if (typeof body === "string") return this.errorPage(isIndex ? 403 : 404)
    const stat = this.#proc.fs.stat(file)
    const { sim } = this.#proc.kernel
    // Files of the image keep the image's date; what was written since has the clock's.
    const modified =
      typeof stat === "string" || stat.mtime <= this.#proc.startTime ? BUILT : sim.epoch + Math.floor(stat.mtime / 1e9)
    const etag = `"${modified.toString(16)}-${body.length.toString(16)}"`
    const validators: [string, string][] = [
      ["Last-Modified", httpDate(modified)],
      ["ETag", etag],
    ]
    if (header(request.head, "if-none-match") === etag)
      return {
        status: 304,
        reason: REASONS[304] as string,
        headers: [["Server", `nginx/${this.#version}`], ["Date", httpDate(this.#now)], ...validators],
        body: new Uint8Array(0),
      }
    const type = TYPES[file.split(".").pop() ?? ""] ?? "application/octet-stream"
    return {
      status: 200,
      reason: "OK",
      headers: [...this.#common(type, body.length), ...validators, ["Accept-Ranges", "bytes"]],
      body,
      sendfile: true,
    }
  }
}
