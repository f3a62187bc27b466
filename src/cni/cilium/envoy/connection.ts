/** One redirected connection: each request is judged, answered or passed on. Models Envoy's HTTP connection manager with cilium.l7policy. */
import type { TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { HeaderChange } from "../../../policy/l7/http.ts"
import { httpDate } from "../../../shell/time.ts"
import type { Prng } from "../../../sim/prng.ts"
import { type HttpHead, header } from "../../../wire/http.ts"
import type { HttpRecord } from "../monitor/event.ts"
import { accessLog } from "./access-log.ts"
import { get, type HeaderList, requestHeaders, responseHeaders, set } from "./headers.ts"
import { ACCESS_DENIED, BAD_REQUEST, type LocalReply, localReply, UPGRADE_REQUIRED } from "./local-reply.ts"
import { hasRequestBody, MessageStream } from "./message.ts"
import { normalizePath } from "./path.ts"
import { type Exchanged, exchange } from "./retry.ts"
import { reasonPhrase } from "./status.ts"
import { flowOf, type Redirected, Upstream } from "./upstream.ts"
import type { L7Decision, L7Request, ProxyListener, ProxyMaps, Xds } from "./xds.ts"

/** http-idle-timeout is off; Envoy's own stream idle timeout closes silent connections after an hour. */
const IDLE_TIMEOUT = 3600e9
/** http-request-timeout, milliseconds. */
const REQUEST_TIMEOUT = 3_600_000

export class ProxyConnection {
  readonly #proc: Process
  readonly #xds: Xds
  readonly #maps: ProxyMaps
  readonly #listener: ProxyListener
  readonly #flow: Redirected
  readonly #down: MessageStream
  readonly #up: Upstream
  readonly #prng: Prng

  constructor(proc: Process, socket: TcpSocket, xds: Xds, maps: ProxyMaps, listener: ProxyListener, prng: Prng) {
    this.#proc = proc
    this.#xds = xds
    this.#maps = maps
    this.#listener = listener
    this.#prng = prng
    const { sock } = socket
    this.#flow = flowOf(socket, maps)
    sock.noDelay = true
    this.#down = new MessageStream(proc, socket)
    this.#up = new Upstream(proc, listener, maps, this.#flow)
  }

  /** Serves requests until a side closes. */
  async serve(): Promise<void> {
    try {
      while (await this.#one());
    } finally {
      this.#up.close()
      this.#down.socket.close()
    }
  }

  /** One request; true when another may follow. */
  async #one(): Promise<boolean> {
    const head = await this.#down.head(true, false, IDLE_TIMEOUT)
    if (head === "malformed") {
      await this.#answer(BAD_REQUEST, true, false)
      return false
    }
    if (typeof head === "string") return false
    const [method = "", target = "", version = ""] = head.start.split(" ")
    const close = !this.#down.reader.keepAlive
    const fault = version === "HTTP/1.0" ? UPGRADE_REQUIRED : refusal(head, target)
    if (fault !== undefined) {
      await this.#answer(fault, true, method === "HEAD")
      return false
    }
    const path = normalizePath(target)
    if (path === undefined) {
      await this.#answer(BAD_REQUEST, close, method === "HEAD")
      return !close && (await this.#drain())
    }
    const request: L7Request = { method, path: path.path, host: header(head, "host") ?? "", headers: head.headers }
    const decision = this.#decide(request)
    const started = this.#proc.kernel.sim.now
    this.#log("request", decision.allowed ? "Forwarded" : "Denied", request, 0, 0, decision.rule)
    if (!decision.allowed) {
      await this.#answer(ACCESS_DENIED, close, method === "HEAD")
      this.#log("response", "Forwarded", request, 403, 0, undefined)
      return !close && (await this.#drain())
    }
    if (path.redirect) {
      const location = `http://${request.host}${path.path}`
      await this.#answer({ status: 307, body: "", headers: [["location", location]] }, close, method === "HEAD")
      return !close && (await this.#drain())
    }
    return this.#forward(head, request, decision, close, started)
  }

  #decide(request: L7Request): L7Decision {
    const { ingress } = this.#listener
    const { client, server, serverPort, clientIdentity } = this.#flow
    const endpoint = this.#maps.endpoint(ingress ? server : client)
    const policy = endpoint === undefined ? undefined : this.#xds.policies.get(endpoint.id)
    // PROXY:cilium/network_policy.cc: an endpoint without a policy is refused.
    if (policy === undefined) return { allowed: false }
    return policy.decide(ingress, serverPort, ingress ? clientIdentity : this.#maps.identity(server), request)
  }

  async #forward(
    head: HttpHead,
    request: L7Request,
    decision: L7Decision,
    close: boolean,
    started: number,
  ): Promise<boolean> {
    const headers = requestHeaders(head.headers, {
      client: this.#flow.client,
      requestId: this.#prng.uuid(),
      timeout: REQUEST_TIMEOUT,
    })
    for (const change of decision.changes ?? []) applyChange(headers, change)
    const answer = await exchange(this.#proc, this.#up, this.#prng, {
      start: `${request.method} ${request.path} HTTP/1.1`,
      headers,
      body: hasRequestBody(head) ? this.#down : undefined,
      headOnly: request.method === "HEAD",
    })
    const latency = this.#proc.kernel.sim.now - started
    if ("reply" in answer) {
      await this.#answer(answer.reply, close, request.method === "HEAD")
      this.#log("response", "Forwarded", request, answer.reply.status, latency, undefined)
      return !close && (await this.#drain())
    }
    const done = await this.#passOn(answer, request.method === "HEAD", close, Math.floor(latency / 1e6))
    this.#log("response", "Forwarded", request, answer.status, latency, undefined)
    return done && !close
  }

  async #passOn(answer: Exchanged, headOnly: boolean, close: boolean, took: number): Promise<boolean> {
    const headers = responseHeaders(answer.head.headers, this.#date(), took)
    if (close) headers.push(["connection", "close"])
    const hasBody = !headOnly && !answer.stream.reader.done
    if (!hasBody && !headOnly && answer.status >= 200 && answer.status !== 204 && answer.status !== 304)
      if (get(headers, "content-length") === undefined) headers.push(["content-length", "0"])
    const done = await this.#down.send(
      `HTTP/1.1 ${answer.status} ${reasonPhrase(answer.status)}`,
      headers,
      answer.stream,
      hasBody,
    )
    if (!answer.keep) this.#up.close()
    return done
  }

  /** Reads what is left of a body nobody wants. */
  async #drain(): Promise<boolean> {
    while (!this.#down.reader.done) if (((await this.#down.piece()) ?? undefined) === undefined) return false
    return true
  }

  async #answer(reply: LocalReply, close: boolean, headOnly: boolean): Promise<void> {
    await this.#down.socket.write(this.#proc, localReply(reply, this.#date(), close, headOnly))
  }

  #date(): string {
    const { sim } = this.#proc.kernel
    return httpDate(sim.epoch + Math.floor(sim.now / 1e9))
  }

  #log(
    type: "request" | "response",
    verdict: "Forwarded" | "Denied",
    request: L7Request,
    code: number,
    latency: number,
    object: unknown,
  ): void {
    const http: HttpRecord = {
      code,
      method: request.method,
      url: `http://${request.host}${request.path}`,
      protocol: "HTTP/1.1",
      headers: request.headers,
      latency,
    }
    this.#maps.events.write(
      accessLog(this.#proc.kernel.sim.now, type, verdict, this.#listener, this.#flow, this.#maps, http, object),
    )
  }
}

/** What a rule's mismatch action does to a header (PROXY:cilium/network_policy.cc HeaderMatch). */
function applyChange(headers: HeaderList, { action, name, value }: HeaderChange): void {
  const key = name.toLowerCase()
  if (action === "add") headers.push([key, value])
  else if (action === "replace") set(headers, key, value)
  else for (let i = headers.length - 1; i >= 0; i--) if (headers[i]?.[0] === key) headers.splice(i, 1)
}

/** What the codec refuses before any filter sees it. */
function refusal(head: HttpHead, target: string): LocalReply | undefined {
  if (header(head, "host") === undefined) return BAD_REQUEST
  const lengths = head.headers.filter(([name]) => name.toLowerCase() === "content-length")
  if (lengths.some(([, value]) => !/^\d+$/.test(value)) || new Set(lengths.map(([, value]) => value)).size > 1)
    return BAD_REQUEST
  return target === "" ? BAD_REQUEST : undefined
}
