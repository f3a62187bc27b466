/** Containers: a process with a root file system of its own. Models containerd's CRI plugin, container_start.go and container_execsync.go. */
import type { Errno } from "../../linux/errno.ts"
import type { Kernel } from "../../linux/kernel.ts"
import { NullFile, type OpenFile } from "../../linux/task/file.ts"
import { foregroundOf } from "../../linux/task/foreground.ts"
import type { ExitStatus, Process } from "../../linux/task/process.ts"
import { DEFAULT_PATH, findProgram } from "../../linux/task/process-table.ts"
import { Signal } from "../../linux/task/signal.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { Vfs } from "../../linux/task/vfs.ts"
import type { WaitQueue } from "../../sim/task.ts"
import type { ExecOptions, ExecSession } from "../api/request.ts"
import { badRequest, internalError, type Status } from "../api/status.ts"
import type { ContainerImage } from "./image.ts"
import { ContainerLog } from "./log.ts"
import type { PodSandbox } from "./sandbox.ts"

/** A place of the node's tree, or of a volume's, shown in the container. */
export interface Mount {
  readonly path: string
  readonly source: Vfs
  readonly sourcePath: string
}

export interface ContainerConfig {
  readonly id: string
  readonly image: ContainerImage
  /** `command` and `args` of the pod, expanded; empty: the image's. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: ReadonlyMap<string, string>
  readonly workingDir: string
  readonly hostname: string
  readonly uid: number
  readonly tty: boolean
  readonly mounts: readonly Mount[]
  /** Files the kubelet writes: /etc/hosts, /etc/resolv.conf. */
  readonly files: Readonly<Record<string, string>>
}

export class Container {
  readonly config: ContainerConfig
  readonly id: string
  readonly fs: Vfs
  readonly log: ContainerLog
  readonly sandbox: PodSandbox
  process: Process | undefined = undefined
  readonly #kernel: Kernel
  readonly #env: Map<string, string>
  readonly #cwd: string

  constructor(kernel: Kernel, sandbox: PodSandbox, config: ContainerConfig) {
    this.#kernel = kernel
    this.config = config
    this.id = config.id
    this.sandbox = sandbox
    this.log = new ContainerLog(kernel.sim)
    this.fs = new Vfs(kernel.sim)
    config.image.build(this.fs)
    this.#env = new Map([
      ["PATH", DEFAULT_PATH],
      ["HOSTNAME", config.hostname],
      ...Object.entries(config.image.env),
      ...config.env,
    ])
    this.#cwd = config.workingDir || config.image.workingDir || "/"
    this.fs.mkdir(this.#cwd, { recursive: true })
    for (const [path, text] of Object.entries(config.files)) this.fs.writeFile(path, text)
    for (const mount of config.mounts) this.fs.bind(mount.path, mount.source, mount.sourcePath)
  }

  get argv(): string[] {
    const { command, args, image } = this.config
    if (command.length > 0) return [...command, ...args]
    return [...image.entrypoint, ...(args.length > 0 ? args : image.cmd)]
  }

  /** Starts the program; the runtime's error text when it cannot. */
  start(): string | undefined {
    const { tty } = this.config
    const fds = new Map<number, OpenFile>([
      [0, new NullFile()],
      [1, this.log.file("out", tty)],
      [2, this.log.file(tty ? "out" : "err", tty)],
    ])
    const proc = this.#run(this.argv, fds, unkillable)
    if (typeof proc === "string")
      return `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${notFound(this.argv[0] ?? "", proc)}: unknown`
    this.process = proc
    return undefined
  }

  #run(
    argv: readonly string[],
    fds: ReadonlyMap<number, OpenFile>,
    wrap: (tool: Tool) => Tool = (tool) => tool,
  ): Process | Errno {
    const found = findProgram(this.fs, this.#env, this.#cwd, argv)
    if (typeof found === "string") return found
    if (found.tool === undefined) return "ENOEXEC"
    const { hostname, uid } = this.config
    const options = { env: this.#env, fs: this.fs, cwd: this.#cwd, uid, net: this.sandbox.net, hostname, fds }
    return this.#kernel.processes.run(found.argv, { ...options, tool: wrap(found.tool) })
  }

  /** Every process of the container, whatever its parent. */
  get processes(): Process[] {
    return this.#kernel.processes.list().filter((proc) => proc.fs === this.fs)
  }

  /** The end of the first process is the end of all. */
  cleanUp(): void {
    for (const proc of this.processes) proc.kill("SIGKILL")
    this.log.close()
  }

  /** Runs another program beside the first. */
  exec(options: ExecOptions): ExecSession | Status {
    if (this.process === undefined || this.process.status !== undefined)
      return internalError(
        `error executing command in container: failed to exec in container: failed to load task: no running task found: task ${this.id} not found`,
      )
    const [name = ""] = options.command
    if (name === "") return badRequest("you must specify at least one command for the container")
    const { stdin, stdout, stderr } = options.streams
    const fds = new Map<number, OpenFile>([
      [0, stdin ?? new NullFile()],
      [1, stdout ?? new NullFile()],
      [2, stderr ?? stdout ?? new NullFile()],
    ])
    const proc = this.#run(options.command, fds)
    if (typeof proc === "string") {
      const execId = this.#kernel.prng.fork(`exec/${this.#kernel.sim.now}/${this.id}`).hex(64)
      // Said twice: by the kubelet, and by the API server that translates its stream to WebSockets (1.30 and newer).
      return internalError(
        `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec ${JSON.stringify(execId)}: OCI runtime exec failed: exec failed: unable to start container process: ${notFound(name, proc)}: unknown`,
      )
    }
    return new ProcessSession(proc)
  }
}

/** The first process of a PID namespace gets no signal that it does not handle, SIGKILL apart. Models kernel/signal.c SIGNAL_UNKILLABLE. */
function unkillable(tool: Tool): Tool {
  return {
    name: tool.name,
    main(proc) {
      for (const signal of Object.keys(Signal) as Signal[])
        if (signal !== "SIGKILL" && signal !== "SIGPIPE") proc.ignore(signal)
      return tool.main(proc)
    },
  }
}

/** runc's words for a program that is not there. */
function notFound(name: string, errno: Errno): string {
  const program = `exec: ${JSON.stringify(name)}: `
  if (errno === "ENOENT")
    return (
      program + (name.includes("/") ? `stat ${name}: no such file or directory` : "executable file not found in $PATH")
    )
  if (errno === "EACCES")
    return program + (name.includes("/") ? `permission denied` : "executable file not found in $PATH")
  return `exec ${name}: ${errno === "ENOEXEC" ? "exec format error" : errno}`
}

class ProcessSession implements ExecSession {
  readonly done: WaitQueue
  readonly #proc: Process

  constructor(proc: Process) {
    this.#proc = proc
    this.done = proc.exited
  }

  get status(): Status | undefined {
    const ended: ExitStatus | undefined = this.#proc.status
    return ended === undefined ? undefined : exitStatus(ended.code)
  }

  interrupt(): void {
    if (this.status === undefined) for (const proc of foregroundOf([this.#proc])) proc.kill("SIGINT")
  }

  abort(): void {
    this.#proc.kill("SIGKILL")
  }
}

/** What ends an exec on the wire. */
export function exitStatus(code: number): Status {
  if (code === 0) return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" }
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: error executing command [], exit code ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  }
}
