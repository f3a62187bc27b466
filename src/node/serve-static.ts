#!/usr/bin/env node
/** Serves a folder of built pages. A busy port is reported and the next one used; Ctrl-C ends it. */
import { createReadStream, statSync } from "node:fs"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { extname, join, resolve, sep } from "node:path"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
  ".txt": "text/plain; charset=utf-8",
  ".ipynb": "application/x-ipynb+json",
  ".pcapng": "application/octet-stream",
  ".wasm": "application/wasm",
}

const PORTS_TRIED = 100

export interface StaticServerOptions {
  /** The path that the folder stands for ("/"): pages built for `https://example.org/docs/` are below "/docs/". */
  base?: string
}

/**
 * A server for the files below `folder`: GET and HEAD, `index.html` for folders, `404.html` for what is not there. It does not listen yet.
 *
 * @example const server = createStaticServer("build"); await listen(server, 4321)
 */
export function createStaticServer(folder: string, options: StaticServerOptions = {}): Server {
  const root = resolve(folder)
  const base = `/${(options.base ?? "").replace(/^\/+|\/+$/g, "")}`
  return createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      end(response, 405, "text/plain; charset=utf-8", "only GET and HEAD\n", { allow: "GET, HEAD" })
      return
    }
    const path = pathOf(request, base)
    if (typeof path === "number") {
      end(response, path, "text/plain; charset=utf-8", path === 400 ? "not a path\n" : "not found\n")
      return
    }
    answer(root, base, path, request, response)
  })
}

/** The path below the base, decoded; 400 for one that is malformed, 404 for one outside of the base. */
function pathOf(request: IncomingMessage, base: string): string | 400 | 404 {
  const raw = (request.url ?? "/").split(/[?#]/)[0] as string
  let path: string
  try {
    path = decodeURIComponent(raw)
  } catch {
    return 400
  }
  if (!path.startsWith("/") || path.includes("\0")) return 400
  if (base === "/") return path
  if (path === base) return "/"
  return path.startsWith(`${base}/`) ? path.slice(base.length) : 404
}

function answer(root: string, base: string, path: string, request: IncomingMessage, response: ServerResponse): void {
  const asked = resolve(root, `.${path}`)
  // Above the folder there is nothing, whether it exists or not.
  const inside = asked === root || asked.startsWith(root + sep)
  const kind = inside ? kindOf(asked) : undefined
  if (kind === "folder" && !path.endsWith("/")) {
    // Relative links of the page count from its folder.
    const location = `${base === "/" ? "" : base}${encodeURI(path)}/`
    end(response, 301, "text/plain; charset=utf-8", "", { location })
    return
  }
  const file = kind === "folder" ? join(asked, "index.html") : asked
  if (inside && kindOf(file) === "file") send(file, 200, request, response)
  else if (kindOf(join(root, "404.html")) === "file") send(join(root, "404.html"), 404, request, response)
  else end(response, 404, "text/plain; charset=utf-8", "not found\n")
}

function kindOf(path: string): "file" | "folder" | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  return stat.isDirectory() ? "folder" : stat.isFile() ? "file" : undefined
}

function send(file: string, status: number, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, {
    "content-type": TYPES[extname(file).toLowerCase()] ?? "application/octet-stream",
    "content-length": statSync(file).size,
    "cache-control": "no-cache",
  })
  if (request.method === "HEAD") response.end()
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response)
}

function end(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, "content-type": type }).end(text)
}

/**
 * Listens on this machine only, on `port` or the first free one after it.
 *
 * @param onBusy told of each port that is taken
 * @returns the port it listens on
 * @throws Error when a hundred ports in a row are taken, or when listening is not allowed
 * @example const port = await listen(createStaticServer("build"), 4321)
 */
export async function listen(server: Server, port: number, onBusy?: (port: number) => void): Promise<number> {
  for (let candidate = port; candidate < port + PORTS_TRIED; candidate++) {
    if (await listens(server, candidate)) {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : candidate
    }
    onBusy?.(candidate)
  }
  throw new Error(`ports ${port} to ${port + PORTS_TRIED - 1} are all in use`)
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off("listening", listening)
      if (error.code === "EADDRINUSE") done(false)
      else fail(error)
    }
    const listening = (): void => {
      server.off("error", failed)
      done(true)
    }
    server.once("error", failed).once("listening", listening).listen(port, "127.0.0.1")
  })
}

async function main(folder: string): Promise<void> {
  const wanted = process.env["PORT"] ?? "4321"
  if (!/^\d+$/.test(wanted) || Number(wanted) > 65535) throw new Error(`PORT=${wanted}: expected a port number`)
  if (kindOf(folder) !== "folder") throw new Error(`${folder}: no such folder; npm run site makes it`)
  const server = createStaticServer(folder)
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      server.close()
      server.closeAllConnections()
    })
  const port = await listen(server, Number(wanted), (busy) =>
    process.stdout.write(`port ${busy} is in use, trying the next one\n`),
  )
  process.stdout.write(`podwire is at http://localhost:${port}/ (Ctrl-C ends it)\n`)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  main(process.argv[2] ?? "build").catch((error: Error) => {
    process.stderr.write(`podwire: ${error.message}\n`)
    process.exitCode = 1
  })
