/** GitHub as curl and kubectl meet it: raw files, releases that are elsewhere, and what it says when there is nothing. */
import type { HttpRequest, HttpResponse } from "../../images/http-server.ts"
import { httpDate } from "../../shell/time.ts"
import { header } from "../../wire/http.ts"
import { ASSETS_HOST } from "./hosts.ts"
import { LATEST, webFiles } from "./releases.ts"

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  404: "Not Found",
  405: "Method Not Allowed",
}

/** The files, made once for all clusters. */
let files: ReadonlyMap<string, Uint8Array> | undefined

/** The answer of the host that the request names, at this time in seconds. */
export function answer(request: HttpRequest, now: number): HttpResponse {
  const respond = responder(now)
  if (request.method !== "GET" && request.method !== "HEAD") return respond(405, "")
  files ??= webFiles()
  const host = (header(request.head, "host") ?? "").toLowerCase().replace(/:\d+$/, "")
  const path = request.target.split("?")[0] ?? "/"
  if (host === ASSETS_HOST) return asset(path, respond)
  const found = files.get(`https://${host}${path}`)
  if (host === "github.com") return release(path, found !== undefined, respond)
  return found === undefined ? respond(404, "404: Not Found") : respond(200, found)
}

type Respond = (
  status: number,
  body: string | Uint8Array,
  headers?: readonly (readonly [string, string])[],
) => HttpResponse

const responder =
  (now: number): Respond =>
  (status, body, headers = []) => {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
    const type = typeof body === "string" || isText(bytes) ? "text/plain; charset=utf-8" : "application/octet-stream"
    const common: [string, string][] = [
      ["date", httpDate(now)],
      ["content-type", type],
      ["content-length", String(bytes.length)],
    ]
    return { status, reason: REASONS[status] ?? "", headers: [...common, ...headers], body: bytes, sendfile: true }
  }

const isText = (bytes: Uint8Array): boolean => bytes[0] !== 0x1f

/** Where a file of github.com is stored; the real path names numbers of its store, and ends with a signature. */
const STORE = "/github-production-release-asset"

/** A release's file is stored elsewhere. */
function release(path: string, exists: boolean, respond: Respond): HttpResponse {
  const moved = (location: string): HttpResponse => respond(302, "", [["location", location]])
  const latest = /^\/([^/]+\/[^/]+)\/releases\/latest\/download\/(.+)$/.exec(path)
  const tag = latest === null ? undefined : LATEST.get(latest[1] as string)
  if (latest !== null && tag !== undefined)
    return moved(`https://github.com/${latest[1]}/releases/download/${tag}/${latest[2]}`)
  return exists ? moved(`https://${ASSETS_HOST}${STORE}${path}`) : respond(404, "Not Found")
}

function asset(path: string, respond: Respond): HttpResponse {
  const found = path.startsWith(`${STORE}/`) ? files?.get(`https://github.com${path.slice(STORE.length)}`) : undefined
  return found === undefined ? respond(404, "Not Found") : respond(200, found)
}
