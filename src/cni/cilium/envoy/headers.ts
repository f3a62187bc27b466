/** Headers as Envoy passes them on. Models source/common/http/conn_manager_utility.cc. */
import { isPrivate } from "./private.ts"

export type HeaderList = [string, string][]

/** Between two neighbours only, never passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "keep-alive", "proxy-connection", "te", "upgrade"])

/** Names in lower case, hop-by-hop ones dropped. */
export function endToEnd(headers: readonly (readonly [string, string])[]): HeaderList {
  return headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !HOP_BY_HOP.has(name))
}

export function get(headers: HeaderList, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1]
}

/** Replaces a header where it stands, or puts it last. */
export function set(headers: HeaderList, name: string, value: string): void {
  const found = headers.find(([key]) => key === name)
  if (found === undefined) headers.push([name, value])
  else found[1] = value
}

export interface ForwardOptions {
  readonly client: number
  /** A fresh UUID. */
  readonly requestId: string
  /** Milliseconds the proxy waits for the answer. */
  readonly timeout: number
}

/** What the application receives beside what the client sent. */
export function requestHeaders(received: readonly (readonly [string, string])[], options: ForwardOptions): HeaderList {
  const headers = endToEnd(received)
  set(headers, "x-forwarded-proto", "http")
  if (isPrivate(options.client)) set(headers, "x-envoy-internal", "true")
  if (get(headers, "x-request-id") === undefined) set(headers, "x-request-id", options.requestId)
  set(headers, "x-envoy-expected-rq-timeout-ms", String(options.timeout))
  return headers
}

/** What the client receives of an application's answer. `time`: milliseconds the application took. */
export function responseHeaders(
  received: readonly (readonly [string, string])[],
  date: string,
  time: number,
): HeaderList {
  const headers = endToEnd(received)
  if (get(headers, "date") === undefined) headers.push(["date", date])
  set(headers, "server", "envoy")
  headers.push(["x-envoy-upstream-service-time", String(time)])
  return headers
}
