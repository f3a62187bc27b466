/** The built site as hosts of static files send it: compressed. */
import { existsSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { extname, join } from "node:path"
import { gzipSync } from "node:zlib"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".xml": "application/xml",
  ".woff2": "font/woff2",
}

export function compressingServer(folder: string): Server {
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.test")
    const file = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname)
    const type = TYPES[extname(file)] ?? "application/octet-stream"
    if (!existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    const content = readFileSync(file)
    const packed = !/font|octet/.test(type)
    response.writeHead(200, {
      "content-type": type,
      "cache-control": "max-age=600",
      ...(packed ? { "content-encoding": "gzip" } : {}),
    })
    response.end(packed ? gzipSync(content) : content)
  })
}
