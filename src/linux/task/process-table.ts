/** The processes of a machine: births, look-up of programs, deaths. Models kernel/fork.c, fs/exec.c and kernel/exit.c. */
import type { Errno } from "../errno.ts"
import type { Kernel } from "../kernel.ts"
import { type ExitStatus, nullFile, Process, ProcessExec, ProcessExit, type SpawnOptions } from "./process.ts"
import type { Tool } from "./tool.ts"
import { resolvePath, type Vfs } from "./vfs.ts"

/** What PATH is when nobody set it. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/** How an executable begins. */
const ELF = "\x7fELF"
const INTERPRETER_LIMIT = 4
/** RLIMIT_NPROC, for one program and all that come of it: a fork bomb ends here. */
const PROCESSES_MAX = 256

export class ProcessTable {
  readonly #kernel: Kernel
  readonly #processes = new Map<number, Process>()
  #nextPid = 1
  /** What runs a script without `#!`: installed by whoever brings a shell. */
  scriptTool: Tool | undefined = undefined
  /** Programs by the bytes of their executable: what an archive brings runs wherever it is put. */
  readonly binaries: Map<string, Tool> = new Map()

  /** Told of every process that ends. */
  readonly exitListeners: Set<(proc: Process) => void> = new Set()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Living processes in order of pid. */
  list(): Process[] {
    return [...this.#processes.values()].sort((a, b) => a.pid - b.pid)
  }

  get(pid: number): Process | undefined {
    return this.#processes.get(pid)
  }

  /** Starts a program from outside: a daemon, an `exec`. Descriptors that are not given read and write nothing. */
  run(argv: readonly string[], options: SpawnOptions = {}): Process | Errno {
    return this.#start(undefined, argv, options)
  }

  spawn(parent: Process, argv: readonly string[], options: SpawnOptions): Process | Errno {
    return this.#start(parent, argv, options)
  }

  #start(parent: Process | undefined, argv: readonly string[], options: SpawnOptions): Process | Errno {
    const kernel = this.#kernel
    if (parent !== undefined && parent.root.population >= PROCESSES_MAX) return "EAGAIN"
    const env = options.env ?? parent?.env ?? new Map([["PATH", DEFAULT_PATH]])
    const fs = options.fs ?? parent?.fs ?? kernel.root
    const cwd = options.cwd ?? parent?.cwd ?? "/"
    const found: Found | Errno =
      options.tool === undefined ? findProgram(fs, env, cwd, argv) : { tool: options.tool, argv, path: "" }
    if (typeof found === "string") return found
    const tool = found.tool ?? this.#foreign(found)
    if (tool === undefined) return "ENOEXEC"
    const proc = new Process(kernel, this.#nextPid++, parent, found.argv, {
      env,
      fs,
      cwd,
      uid: options.uid ?? parent?.uid ?? 0,
      net: options.net ?? parent?.net ?? kernel.initNet,
      hostname: options.hostname ?? parent?.hostname ?? kernel.hostname,
    })
    if (parent !== undefined) proc.root.population++
    inheritFds(proc, parent, options)
    this.#processes.set(proc.pid, proc)
    void kernel.sim.spawn(() => this.#live(proc, tool))
    return proc
  }

  /** Replaces a process's program; throws {@link ProcessExec} in it. */
  exec(proc: Process, argv: readonly string[], env: ReadonlyMap<string, string>): Errno {
    const found = findProgram(proc.fs, env, proc.cwd, argv)
    if (typeof found === "string") return found
    const tool = found.tool ?? this.#foreign(found)
    if (tool === undefined) return "ENOEXEC"
    throw new ProcessExec(tool, found.argv, new Map(env))
  }

  /** A file that is no program of ours by itself: a known executable, or a script. */
  #foreign({ binary }: Found): Tool | undefined {
    return binary === undefined ? this.scriptTool : this.binaries.get(binary)
  }

  async #live(proc: Process, tool: Tool): Promise<void> {
    let status: ExitStatus | undefined
    let program = tool
    while (status === undefined)
      try {
        proc.checkSignals()
        status = { code: (await program.main(proc)) & 255 }
      } catch (thrown) {
        if (thrown instanceof ProcessExec) {
          program = thrown.tool
          proc.become(thrown.argv, thrown.env)
        } else if (thrown instanceof ProcessExit) status = thrown.status
        else {
          this.#crash(proc, thrown)
          status = { code: 139 }
        }
      }
    for (const fd of [...proc.fds.keys()]) proc.closeFd(fd)
    this.#processes.delete(proc.pid)
    proc.root.population--
    proc.status = status
    proc.exited.wake()
    for (const listener of [...this.exitListeners]) listener(proc)
  }

  /** A program of ours that threw has a bug, or is a user's: it is said where a crash would be said, and kept for whoever looks. */
  #crash(proc: Process, thrown: unknown): void {
    this.crashes.push({ argv: proc.argv, error: thrown })
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
    const text = new TextEncoder().encode(`${proc.argv[0]}: the simulated program failed: ${message}\n`)
    void proc.fds
      .get(2)
      ?.write(proc, text)
      .catch(() => undefined)
  }

  /** Programs that threw instead of exiting, newest last. Tests assert that there are none. */
  readonly crashes: { argv: readonly string[]; error: unknown }[] = []
}

function inheritFds(proc: Process, parent: Process | undefined, options: SpawnOptions): void {
  for (const [fd, file] of parent?.fds ?? []) {
    if (options.fds?.has(fd) === true) continue
    file.retain()
    proc.fds.set(fd, file)
  }
  for (const [fd, file] of options.fds ?? []) {
    file.retain()
    proc.fds.set(fd, file)
  }
  for (const fd of [0, 1, 2]) if (!proc.fds.has(fd)) proc.fds.set(fd, nullFile())
}

/** What an argv leads to. */
export interface Found {
  tool: Tool | undefined
  argv: readonly string[]
  path: string
  /** The bytes of an executable that came as a file. */
  binary?: string
}

/** The program for an argv: by path, or along PATH; `#!` lines are followed. Models execvp and fs/binfmt_script.c. */
export function findProgram(
  fs: Vfs,
  env: ReadonlyMap<string, string>,
  cwd: string,
  argv: readonly string[],
): Found | Errno {
  const name = argv[0] ?? ""
  if (name.includes("/")) return programAt(fs, resolvePath(cwd, name), name, argv, 0)
  let refused: Errno = "ENOENT"
  for (const dir of (env.get("PATH") ?? DEFAULT_PATH).split(":")) {
    const shown = `${dir === "" ? "." : dir}/${name}`
    const found = programAt(fs, resolvePath(cwd, shown), shown, argv, 0)
    if (typeof found !== "string") return found
    if (found === "EACCES") refused = found
  }
  return refused
}

/** `shown` is the path as a script sees it in $0. */
function programAt(fs: Vfs, path: string, shown: string, argv: readonly string[], depth: number): Found | Errno {
  const stat = fs.stat(path)
  if (typeof stat === "string") return stat
  if (stat.type === "directory" || !stat.executable) return "EACCES"
  const tool = fs.toolAt(path)
  if (tool !== undefined) return { tool, argv, path }
  if (depth > INTERPRETER_LIMIT) return "ELOOP"
  const script = fs.readText(path)
  if ("text" in script && script.text.startsWith(ELF)) return { tool: undefined, argv, path, binary: script.text }
  const shebang = "text" in script ? /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(script.text) : null
  // Without a #! line the caller's shell runs it, as execvp falls back to sh.
  if (shebang === null) return { tool: undefined, argv: ["sh", shown, ...argv.slice(1)], path }
  const interpreter = shebang[1] as string
  const rest = [interpreter, ...(shebang[2] === undefined ? [] : [shebang[2]]), shown, ...argv.slice(1)]
  return programAt(fs, interpreter, interpreter, rest, depth + 1)
}
