/** What a control plane's processes answer on their ports, as Go's net/http and k8s.io/apiserver do. */
import { anonymousRefusal, healthOnlyRefusal } from "../kube/api/anonymous.ts"
import type { ApiRequest, ApiResponse } from "../kube/api/request.ts"
import type { ApiServer } from "../kube/api/server.ts"
import { badRequest, type Status } from "../kube/api/status.ts"
import type { Errno } from "../linux/errno.ts"
import type { TcpSocket } from "../linux/inet/tcp-socket.ts"
import type { Process } from "../linux/task/process.ts"
import { httpDate } from "../shell/time.ts"
import { TlsStream } from "../tools/tls-stream.ts"
import { header } from "../wire/http.ts"
import { type HttpRequest, type HttpResponse, serveConnection } from "./http-server.ts"

type Answer = (request: HttpRequest) => ApiResponse

const encoder = new TextEncoder()
const PLAIN = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
/** crypto/tls looks at the five bytes of a record's header. */
const HTTP_LIKE = /^(GET \/|HEAD |POST |PUT \/|OPTIO)/

/** A TLS server's side, which tells those who speak plain HTTP so. */
class ServerStream extends TlsStream {
  override async read(proc: Process, max?: number, timeout?: number): Promise<Uint8Array | Errno> {
    const got = await super.read(proc, max, timeout)
    if (got === "EPROTO" && HTTP_LIKE.test(String.fromCharCode(...this.foreign.subarray(0, 5))))
      await this.writePlain(proc, encoder.encode(PLAIN))
    return got
  }
}

/** The API server, to those who come without credentials: podwire's own clients have theirs, and talk to it in memory. */
export const serveAnonymous =
  (api: ApiServer) =>
  (proc: Process, socket: TcpSocket): Promise<number> =>
    serve(proc, socket, ({ method, target, head }) => {
      const refused = anonymousRefusal(method, target, header(head, "authorization"))
      if (refused !== undefined) return refusal(refused)
      return api.handle({ method: "GET", path: target, headers: { accept: header(head, "accept") ?? "" } })
    })

/** kube-controller-manager and kube-scheduler: whether they are well. */
export const serveHealth = (proc: Process, socket: TcpSocket): Promise<number> =>
  serve(proc, socket, ({ method, target }) => {
    const refused = healthOnlyRefusal(method, target.split("?", 1)[0] as string)
    return refused === undefined ? { code: 200, headers: TEXT, text: "ok" } : refusal(refused)
  })

const TEXT: ApiRequest["headers"] & object = { "content-type": "text/plain; charset=utf-8" }
const refusal = (body: Status): ApiResponse => ({
  code: body.code as number,
  headers: { "content-type": "application/json" },
  body,
})

function serve(proc: Process, socket: TcpSocket, answer: Answer): Promise<number> {
  const { sim } = proc.kernel
  const prng = proc.net.prng.fork(`apiserver audit ${sim.now} ${socket.remoteAddress}:${socket.remotePort}`)
  const respond = (request: HttpRequest | undefined, response: ApiResponse): HttpResponse => {
    const body = encoder.encode(response.text ?? encoded(response.body, request))
    const headers: [string, string][] = [
      ["Audit-Id", prng.uuid()],
      ["Cache-Control", "no-cache, private"],
      ["Content-Type", response.headers["content-type"] ?? ""],
      ["X-Content-Type-Options", "nosniff"],
      ["Content-Length", String(body.length)],
      ["Date", httpDate(sim.epoch + Math.floor(sim.now / 1e9))],
    ]
    return { status: response.code, reason: REASONS[response.code] ?? "", headers, body }
  }
  return serveConnection(proc, new ServerStream(socket), {
    handle: (request) => respond(request, answer(request)),
    malformed: () => respond(undefined, refusal(badRequest("malformed HTTP request"))),
  })
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
}

/** People who read it in a terminal or a browser get it indented. */
function encoded(body: unknown, request: HttpRequest | undefined): string {
  const agent = request === undefined ? "" : (header(request.head, "user-agent") ?? "")
  return /^(curl|Wget|Mozilla\/)/.test(agent) ? JSON.stringify(body, null, 2) : `${JSON.stringify(body)}\n`
}
