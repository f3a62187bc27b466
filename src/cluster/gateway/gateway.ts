/** The API as it goes over a wire: texts and bytes for whoever has a socket. The engine has none. */
import type { ApiRequest, ApiResponse } from "../../kube/api/request.ts"
import type { ApiServer } from "../../kube/api/server.ts"
import { badRequest, type Status, unsupportedMediaType } from "../../kube/api/status.ts"
import { forwardPort, type Pipe, type PipeClient } from "../../kube/cri/port-forward.ts"
import { ExecConnection } from "./exec-connection.ts"

/** What a client sent. */
export interface GatewayRequest {
  method: string
  /** With the query: `/api/v1/pods?limit=500`. */
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: string
}

/** What it gets. */
export interface GatewayAnswer {
  code: number
  headers: Readonly<Record<string, string>>
  /** All of it, or its beginning when a stream follows. */
  text: string
  /** A watch, or a log that is followed: goes on while virtual time passes. */
  stream?: GatewayStream
}

/** The rest of an answer, piece by piece. */
export interface GatewayStream {
  /** Calls back with every piece, those that are there already at once. */
  listen(piece: (text: string) => void, end: () => void): void
  /** The client has left. */
  close(): void
}

/** A program that runs in a container, and its client. Messages are binary, the channel in their first byte: v5.channel.k8s.io. */
export interface GatewayExec {
  /** The message that says how the program ended, once it has. */
  readonly last: Uint8Array | undefined
  /** Takes a message of the client's. */
  receive(message: Uint8Array): void
  /** The client has left. */
  abort(): void
}

/** The way into a pod's ports. */
export interface GatewayForward {
  /** Connects to a port of the pod's loopback. */
  open(port: number, client: PipeClient): Pipe
}

const JSON_TYPE = { "content-type": "application/json" } as const
const NOT_JSON =
  "the body of the request was in an unknown format - accepted media types include: application/json (podwire reads no protobuf: kubectl 1.31 sends none)"

/** See {@link Cluster.gateway}. */
export class Gateway {
  readonly #api: ApiServer

  constructor(api: ApiServer) {
    this.#api = api
  }

  /** Answers a request. */
  async answer({ method, path, headers, body }: GatewayRequest): Promise<GatewayAnswer> {
    // Streams of a process need a connection of another kind.
    if (isStreaming(path)) return refusal(badRequest("Upgrade request required"))
    const read = readBody(headers["content-type"] ?? "", body)
    if ("refused" in read) return refusal(read.refused)
    const request = { method: method as ApiRequest["method"], path }
    await this.#api.needs(request)?.()
    return answerOf(
      this.#api.handle({ ...request, headers, ...(read.value === undefined ? {} : { body: read.value }) }),
    )
  }

  /** Opens the way into a pod's ports; an answer instead is a refusal. */
  forward({ path, headers }: GatewayRequest): GatewayForward | GatewayAnswer {
    const { network, body } = this.#api.handle({ method: "GET", path, headers })
    if (network === undefined) return refusal(body as Status)
    return { open: (port, client) => forwardPort(network, port, client) }
  }

  /** Starts a program in a container. `send` gets every message for the client; an answer instead of a connection is a refusal. */
  exec({ path, headers }: GatewayRequest, send: (message: Uint8Array) => void): GatewayExec | GatewayAnswer {
    const connection = new ExecConnection(path, send)
    const { session, body } = this.#api.handle({ method: "GET", path, headers, streams: connection.streams })
    const refused = session === undefined ? (body as Status) : undefined
    // What the container runtime refuses is said on the error channel of an open stream, as the kubelet does it.
    if (refused !== undefined && refused.reason !== "InternalError") return refusal(refused)
    connection.begin(session, refused)
    return connection
  }
}

const isStreaming = (path: string): boolean => /\/pods\/[^/]+\/(?:exec|portforward)(?:\?|$)/.test(path)

const refusal = (status: Status): GatewayAnswer => ({
  code: status.code ?? 500,
  headers: JSON_TYPE,
  text: `${JSON.stringify(status)}\n`,
})

function readBody(type: string, text: string): { value: unknown } | { refused: Status } {
  if (text === "") return { value: undefined }
  // kubectl 1.32 and later says some things in protobuf.
  if (/protobuf|cbor/.test(type)) return { refused: unsupportedMediaType(NOT_JSON) }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { refused: badRequest((error as Error).message) }
  }
}

function answerOf({ code, headers, body, text, stream, textStream }: ApiResponse): GatewayAnswer {
  const source = stream ?? textStream
  if (source === undefined) return { code, headers, text: text ?? `${JSON.stringify(body)}\n` }
  return {
    code,
    headers,
    text: "",
    stream: {
      listen(piece, end) {
        const pass = (): void => {
          for (let item = source.take(); item !== undefined; item = source.take())
            piece(typeof item === "string" ? item : `${JSON.stringify(item)}\n`)
          if (source.ended) end()
        }
        source.listener = pass
        pass()
      },
      close: () => source.close(),
    },
  }
}
