/** Recorded scripts (test/record/shell.ts), and a machine to replay them on. */
import { readFileSync } from "node:fs"
import { Collector } from "../../src/cluster/command.ts"
import { createMachine } from "../../src/cluster/machine.ts"
import { installBusybox } from "../../src/images/busybox.ts"
import type { Kernel } from "../../src/linux/kernel.ts"
import { Segment } from "../../src/linux/link/segment.ts"
import { Arena } from "../../src/linux/skb.ts"
import type { Process } from "../../src/linux/task/process.ts"
import { Vfs } from "../../src/linux/task/vfs.ts"
import { Simulation } from "../../src/sim/simulation.ts"

export interface ShellGolden {
  name: string
  script: string
  stdout: string
  stderr: string
  code: number
}

/** `%` stands for "no line break here". */
const opened = (text: string): string => text.replace(/\n%\n$/, "")

export function readShellGolden(file: string): ShellGolden[] {
  const text = readFileSync(file, "utf8")
  if (!text.startsWith("# recorded: ")) throw new Error(`${file}: the first line does not say what recorded it`)
  return text
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const parts = /^(.*)\n([\s\S]*?)\n--- stdout\n([\s\S]*)--- stderr\n([\s\S]*)--- code (\d+)\n$/.exec(block)
      if (parts === null) throw new Error(`${file}: cannot read ${block}`)
      const [, name = "", script = "", stdout = "", stderr = "", code = ""] = parts
      return { name, script, stdout: opened(stdout), stderr: opened(stderr), code: Number(code) }
    })
}

/** The folder the recorder ran its scripts in, and where it had busybox's names. */
const WORK = "/tmp/podwire-shell"
const APPLETS = "/tmp/podwire-busybox"
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

export interface ShellRun {
  stdout: string
  stderr: string
  code: number
  /** Virtual seconds it took. */
  seconds: number
  kernel: Kernel
}

/** Runs a script in bash on a machine, or in busybox's sh, as the recorder did. */
export async function runShell(
  script: string,
  options: { ash?: boolean; timeout?: number; prepare?: (kernel: Kernel) => void } = {},
): Promise<ShellRun> {
  const sim = new Simulation({ seed: 1 })
  const segment = new Segment(sim, "lan")
  const kernel = createMachine(sim, new Arena(), {
    name: "node",
    uplinks: [{ name: "eth0", address: "192.168.80.101/24", segment }],
  })
  const ash = options.ash === true
  if (ash) {
    const busybox = new Vfs(sim)
    installBusybox(busybox)
    kernel.root.bind(APPLETS, busybox, "/bin")
  }
  kernel.root.mkdir(WORK, { recursive: true })
  options.prepare?.(kernel)
  const collector = new Collector()
  const env = new Map([
    ["PATH", ash ? APPLETS : PATH],
    ["HOME", "/root"],
    ["USER", "root"],
    ["TZ", "UTC"],
    ["LC_ALL", "C"],
  ])
  const argv = ash ? [`${APPLETS}/sh`, "-c", script] : ["/bin/bash", "-c", script]
  const proc = kernel.processes.run(argv, { env, cwd: WORK, fds: collector.fds("") })
  if (typeof proc === "string") throw new Error(`${argv[0]}: ${proc}`)
  await finish(sim, kernel, proc, options.timeout)
  const { stdout, stderr, code } = collector.result((proc.status as NonNullable<Process["status"]>).code)
  return { stdout, stderr, code, seconds: sim.now / 1e9, kernel }
}

/** The recorder, too, waited until nothing of the script ran any more. */
async function finish(sim: Simulation, kernel: Kernel, proc: Process, timeout: number | undefined): Promise<void> {
  if (timeout !== undefined) sim.schedule(timeout * 1e9, { fire: () => proc.kill("SIGTERM") }, 0)
  await sim.until(() => proc.status !== undefined)
  if (timeout === undefined) await sim.until(() => kernel.processes.list().length === 0)
}
