/** Asking the application, again when it fails. Models Envoy's router with retry_on 5xx and num_retries 3, as pkg/envoy sets them. */
import type { Errno } from "../../../linux/errno.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Prng } from "../../../sim/prng.ts"
import type { HttpHead } from "../../../wire/http.ts"
import type { HeaderList } from "./headers.ts"
import type { LocalReply } from "./local-reply.ts"
import type { MessageStream } from "./message.ts"
import type { Upstream } from "./upstream.ts"

/** http-retry-count. */
const RETRIES = 3
/** The base of the fully jittered back-off: the n-th retry waits up to 25 ms · (2ⁿ − 1). */
const BASE_INTERVAL = 25e6
const RESPONSE_TIMEOUT = 3600e9

export interface Outgoing {
  readonly start: string
  readonly headers: HeaderList
  /** Where the body comes from; undefined when there is none. */
  readonly body: MessageStream | undefined
  readonly headOnly: boolean
}

/** An answer's head; its body still stands in the stream. */
export interface Exchanged {
  readonly status: number
  readonly head: HttpHead
  readonly stream: MessageStream
  /** The application's connection can be used again. */
  readonly keep: boolean
}

/** Sends a request until something other than a 5xx comes back, or the retries are used up. */
export async function exchange(
  proc: Process,
  up: Upstream,
  prng: Prng,
  request: Outgoing,
): Promise<Exchanged | { reply: LocalReply }> {
  let attempt: Exchanged | Failure = await once(up, request)
  // A body that has been streamed once is gone.
  const retries = request.body === undefined ? RETRIES : 0
  for (let n = 1; n <= retries && failed(attempt); n++) {
    up.close()
    await proc.sleep(Math.floor(prng.unit() * BASE_INTERVAL * (2 ** n - 1)))
    attempt = await once(up, request)
  }
  if (!("failure" in attempt)) return attempt
  up.close()
  return { reply: unavailable(attempt.failure, retries > 0) }
}

interface Failure {
  readonly failure: Errno | "reset" | "protocol"
}

const failed = (attempt: Exchanged | Failure): boolean => "failure" in attempt || attempt.status >= 500

async function once(up: Upstream, request: Outgoing): Promise<Exchanged | Failure> {
  const stream = await up.open()
  if (typeof stream === "string") return { failure: stream }
  const sent = await stream.send(request.start, request.headers, request.body ?? stream, request.body !== undefined)
  if (!sent) return { failure: "reset" }
  for (;;) {
    const head = await stream.head(false, request.headOnly, RESPONSE_TIMEOUT)
    if (head === "malformed") return { failure: "protocol" }
    if (typeof head === "string") return { failure: "reset" }
    const status = Number(head.start.split(" ")[1])
    // 100 Continue is answered by the proxy's own reading on.
    if (status >= 100 && status < 200 && status !== 101) continue
    return { status, head, stream, keep: stream.reader.keepAlive }
  }
}

/** Models source/common/router/router.cc: the words for a stream that was reset before it answered. */
function unavailable(failure: Failure["failure"], retried: boolean): LocalReply {
  if (failure === "protocol") return { status: 502, body: words(retried, "protocol error") }
  const details: Readonly<Record<string, string>> = {
    ECONNREFUSED: "delayed connect error: Connection refused",
    EHOSTUNREACH: "delayed connect error: No route to host",
    ENETUNREACH: "immediate connect error: Network is unreachable",
  }
  if (failure === "reset") return { status: 503, body: words(retried, "connection termination") }
  if (failure === "ETIMEDOUT") return { status: 503, body: words(retried, "connection timeout") }
  const detail = details[failure]
  return {
    status: 503,
    body:
      words(retried, "remote connection failure") +
      (detail === undefined ? "" : `, transport failure reason: ${detail}`),
  }
}

const words = (retried: boolean, reason: string): string =>
  `upstream connect error or disconnect/reset before headers. ${retried ? "retried and the latest " : ""}reset reason: ${reason}`
