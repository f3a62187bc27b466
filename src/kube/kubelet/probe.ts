/** One look at a container: over HTTP, TCP, or by a program in it. Models pkg/probe. */
import type { Probe } from "kubernetes-types/core/v1.js"
import type { Errno } from "../../linux/errno.ts"
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { Kernel } from "../../linux/kernel.ts"
import { type OpenFile, SinkFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { SECOND } from "../../sim/simulation.ts"
import type { Task } from "../../sim/task.ts"
import { VERSIONS } from "../../versions.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { emitHead, HttpReader } from "../../wire/http.ts"
import { isStatus } from "../api/status.ts"
import type { Container } from "../cri/container.ts"

/** What is looked at. */
export interface Probed {
  readonly kernel: Kernel
  readonly podIp: string
  readonly container: Container
  /** Container ports by name. */
  readonly ports: ReadonlyMap<string, number>
}

/** `undefined` when it went well; otherwise what an event says. */
export async function runProbe(task: Task, probe: Probe, probed: Probed): Promise<string | undefined> {
  const timeout = (probe.timeoutSeconds ?? 1) * SECOND
  if (probe.exec !== undefined) return execProbe(task, probe.exec.command ?? [], probed, timeout)
  const action: { host?: string; port: number | string } | undefined = probe.httpGet ?? probe.tcpSocket ?? probe.grpc
  if (action === undefined) return "podwire does not support this kind of probe"
  const host = action.host ?? probed.podIp
  const port = typeof action.port === "number" ? action.port : probed.ports.get(action.port)
  if (port === undefined) return `couldn't find port named ${JSON.stringify(action.port)}`
  const { httpGet } = probe
  let result: string | undefined = "context deadline exceeded"
  const look = async (proc: Process): Promise<number> => {
    // TLS and gRPC are not modelled: that something listens is all there is to see.
    const plain = httpGet === undefined || httpGet.scheme === "HTTPS"
    result = plain ? await tcpProbe(proc, host, port, timeout) : await httpProbe(proc, host, port, httpGet, timeout)
    return 0
  }
  const proc = probed.kernel.processes.run(["kubelet"], { tool: { name: "kubelet", main: look } })
  if (typeof proc === "string") return proc
  while (proc.status === undefined) await task.wait(proc.exited)
  return result
}

/** What a container is to do after its start or before its end; `undefined` when that went well. Models pkg/kubelet/lifecycle/handlers.go. */
export function runHook(task: Task, hook: Hook, probed: Probed, timeout: number): Promise<string | undefined> {
  if (hook.exec !== undefined) return execProbe(task, hook.exec.command ?? [], probed, timeout)
  if (hook.sleep !== undefined) return task.sleep(Math.min(timeout, hook.sleep.seconds * SECOND)).then(() => undefined)
  return runProbe(task, { ...hook, timeoutSeconds: timeout / SECOND } as Probe, probed)
}

/** A LifecycleHandler of 1.31: kubernetes-types of 1.30 knows its parts. */
export interface Hook {
  readonly exec?: { command?: string[] }
  readonly sleep?: { seconds: number }
}

const REASONS: Partial<Record<Errno, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
}

async function dial(proc: Process, host: string, port: number, timeout: number): Promise<TcpSocket | string> {
  const address = parseIpv4(host)
  if (address === undefined) return `dial tcp: lookup ${host}: no such host`
  const socket = await TcpSocket.connect(proc, address, port, { timeout })
  if (typeof socket !== "string") return socket
  const where = `dial tcp ${host}:${port}`
  return socket === "ETIMEDOUT" ? `${where}: i/o timeout` : `${where}: connect: ${REASONS[socket] ?? socket}`
}

async function tcpProbe(proc: Process, host: string, port: number, timeout: number): Promise<string | undefined> {
  const socket = await dial(proc, host, port, timeout)
  if (typeof socket === "string") return socket
  socket.close()
  return undefined
}

type HttpGet = NonNullable<Probe["httpGet"]>

async function httpProbe(
  proc: Process,
  host: string,
  port: number,
  action: HttpGet,
  timeout: number,
): Promise<string | undefined> {
  const path = action.path ?? "/"
  const url = `http://${host}:${port}${path}`
  const deadline = proc.kernel.sim.now + timeout
  const socket = await dial(proc, host, port, timeout)
  if (typeof socket === "string")
    return socket.endsWith("i/o timeout")
      ? `Get ${JSON.stringify(url)}: ${socket}`.replace(
          "i/o timeout",
          "i/o timeout (Client.Timeout exceeded while awaiting headers)",
        )
      : `Get ${JSON.stringify(url)}: ${socket}`
  try {
    await socket.write(proc, emitHead(`GET ${path} HTTP/1.1`, requestHeaders(action, `${host}:${port}`)))
    const status = await statusOf(proc, socket, deadline)
    if (typeof status === "string") return `Get ${JSON.stringify(url)}: ${status}`
    return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`
  } finally {
    socket.close()
  }
}

function requestHeaders({ httpHeaders = [] }: HttpGet, authority: string): [string, string][] {
  const given = httpHeaders.map(({ name, value }): [string, string] => [name, value])
  const has = (name: string): boolean => given.some(([key]) => key.toLowerCase() === name)
  return [
    ["Host", given.find(([key]) => key.toLowerCase() === "host")?.[1] ?? authority],
    ...(has("user-agent")
      ? []
      : ([["User-Agent", `kube-probe/${VERSIONS.kubernetes.replace(/\.\d+$/, "")}`]] as [string, string][])),
    ...(has("accept") ? [] : ([["Accept", "*/*"]] as [string, string][])),
    ...given.filter(([key]) => key.toLowerCase() !== "host"),
    ["Connection", "close"],
  ]
}

/** The answer's status, or why there is none. */
async function statusOf(proc: Process, socket: TcpSocket, deadline: number): Promise<number | string> {
  const reader = new HttpReader()
  for (;;) {
    const data = await socket.read(proc, 65536, deadline - proc.kernel.sim.now)
    if (data === "EAGAIN") return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if (typeof data === "string") return `read tcp: ${data === "ECONNRESET" ? "connection reset by peer" : data}`
    if (data.length === 0) return "EOF"
    reader.push(data)
    const head = reader.takeHead(false)
    if (head !== undefined) return Number(head.start.split(" ")[1])
    if (reader.fault !== undefined) return `net/http: HTTP/1.x transport connection broken: ${reader.fault}`
  }
}

async function execProbe(
  task: Task,
  command: string[],
  { container, kernel }: Probed,
  timeout: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let output = ""
  const sink = (): OpenFile => new SinkFile((data) => (output += decoder.decode(data)))
  const session = container.exec({
    container: "",
    command,
    tty: false,
    streams: { stdin: undefined, stdout: sink(), stderr: sink() },
  } as Parameters<Container["exec"]>[0])
  if (isStatus(session)) return session.message ?? "exec failed"
  const deadline = kernel.sim.now + timeout
  while (session.status === undefined) {
    if (!(await task.wait(session.done, deadline - kernel.sim.now))) {
      session.abort()
      return `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${timeout / SECOND}s`
    }
  }
  return session.status.status === "Success" ? undefined : output
}
