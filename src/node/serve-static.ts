#!/usr/bin/env node
/** Serves a folder of built pages. A busy port is reported and the next one used; Ctrl-C ends it. */
import { createReadStream, existsSync, statSync } from "node:fs"
import { createServer, type Server, type ServerResponse } from "node:http"
import { extname, join, resolve, sep } from "node:path"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
  ".txt": "text/plain; charset=utf-8",
  ".ipynb": "application/x-ipynb+json",
  ".wasm": "application/wasm",
}

/** A server for the files below `folder`; it does not listen yet. */
export function createStaticServer(folder: string): Server {
  const root = resolve(folder)
  return createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname)
    const file = resolve(root, `.${path}`)
    if (file !== root && !file.startsWith(root + sep)) notFound(root, response)
    else if (existsSync(file) && statSync(file).isDirectory()) send(join(file, "index.html"), root, response)
    else send(file, root, response)
  })
}

function send(file: string, root: string, response: ServerResponse): void {
  if (!existsSync(file)) {
    notFound(root, response)
    return
  }
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
  createReadStream(file).pipe(response)
}

function notFound(root: string, response: ServerResponse): void {
  const page = join(root, "404.html")
  response.writeHead(404, { "content-type": "text/html; charset=utf-8" })
  if (existsSync(page)) createReadStream(page).pipe(response)
  else response.end("not found\n")
}

/** Listens on `port` or the first free one after it; returns which. */
export async function listen(server: Server, port: number, onBusy: (port: number) => void): Promise<number> {
  for (let candidate = port; candidate < port + 100; candidate++) {
    const free = await new Promise<boolean>((done, fail) => {
      server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? done(false) : fail(error)))
      server.listen(candidate, "127.0.0.1", () => done(true))
    })
    if (free) return candidate
    onBusy(candidate)
    server.removeAllListeners("error")
  }
  throw new Error(`ports ${port} to ${port + 99} are all in use`)
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const server = createStaticServer(process.argv[2] ?? "build")
  const port = await listen(server, Number(process.env["PORT"] ?? 4321), (busy) =>
    process.stdout.write(`port ${busy} is in use, trying the next one\n`),
  )
  process.stdout.write(`podwire is at http://localhost:${port}/ (Ctrl-C ends it)\n`)
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => server.close(() => process.exit(0)).closeAllConnections())
}
