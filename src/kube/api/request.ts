/** Requests and answers of the API, as plain objects: what travels over HTTP, or stays in memory. */
import type { Kernel } from "../../linux/kernel.ts"
import type { OpenFile } from "../../linux/task/file.ts"
import type { WaitQueue } from "../../sim/task.ts"
import type { PodSandbox } from "../cri/sandbox.ts"
import type { ManifestSource } from "./sources.ts"
import type { Status } from "./status.ts"
import type { ApiStream } from "./stream.ts"

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** With the query: `/api/v1/pods?limit=500`. */
  path: string
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>
  /** Parsed JSON. */
  body?: unknown
  /** What exec connects the process to. */
  streams?: ExecStreams
  /** The manifest that the body was read from: only a client in memory can say so. */
  source?: ManifestSource
}

export interface ApiResponse {
  code: number
  headers: Readonly<Record<string, string>>
  /** JSON. */
  body?: unknown
  /** Plain text instead. */
  text?: string
  /** Watch events (`{type, object}`), one line each on the wire. */
  stream?: ApiStream<unknown>
  /** The text of a followed log. */
  textStream?: ApiStream<string>
  /** A process in a container that now runs. */
  session?: ExecSession
  /** Where the ports are that are to be forwarded. */
  network?: PodNetwork
}

export interface ExecStreams {
  stdin?: OpenFile | undefined
  stdout?: OpenFile | undefined
  stderr?: OpenFile | undefined
}

/** A running `exec`. */
export interface ExecSession {
  /** Woken when {@link status} is set. */
  readonly done: WaitQueue
  /** Success, or NonZeroExitCode with the code among its causes. */
  readonly status: Status | undefined
  /** Ctrl-C at its terminal. */
  interrupt(): void
  /** The client went away. */
  abort(): void
}

/** Where a pod's ports are. */
export interface PodNetwork {
  readonly kernel: Kernel
  readonly sandbox: PodSandbox
}

export interface LogOptions {
  container: string
  follow: boolean
  previous: boolean
  timestamps: boolean
  tailLines: number | undefined
  sinceSeconds: number | undefined
  limitBytes: number | undefined
}

export interface ExecOptions {
  container: string
  command: readonly string[]
  tty: boolean
  streams: ExecStreams
}

/** What the API server asks of a node: its kubelet's own API. */
export interface NodeAgent {
  logs(namespace: string, pod: string, options: LogOptions): { text: string } | { stream: ApiStream<string> } | Status
  exec(namespace: string, pod: string, options: ExecOptions): ExecSession | Status
  network(namespace: string, pod: string): PodNetwork | Status
}

export type QueryMap = ReadonlyMap<string, readonly string[]>

/** `a=1&a=2&b=x%20y`. */
export function parseQuery(text: string): QueryMap {
  const query = new Map<string, string[]>()
  for (const pair of text.split("&")) {
    if (pair === "") continue
    const at = pair.indexOf("=")
    const decode = (part: string): string => decodeURIComponent(part.replaceAll("+", " "))
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    query.set(name, [...(query.get(name) ?? []), at < 0 ? "" : decode(pair.slice(at + 1))])
  }
  return query
}

/** The other way round; arrays repeat their name. */
export function formatQuery(query: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  return Object.entries(query)
    .flatMap(([name, value]) =>
      (value === undefined ? [] : typeof value === "string" ? [value] : value).map(
        (v) => `${encodeURIComponent(name)}=${encodeURIComponent(v)}`,
      ),
    )
    .join("&")
}
