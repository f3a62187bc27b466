/** The scenarios of test/record/kernel.sh: reads their recordings and gives the same commands to podwire's programs in the same world. */
import { readFileSync } from "node:fs"
import { createMachine } from "../../src/cluster/machine.ts"
import { installBusybox } from "../../src/images/busybox.ts"
import { createNginx } from "../../src/images/nginx.ts"
import type { Kernel } from "../../src/linux/kernel.ts"
import type { NetNamespace } from "../../src/linux/netns.ts"
import { linkUp } from "../../src/linux/rtnetlink/link.ts"
import { Arena } from "../../src/linux/skb.ts"
import { NullFile, type OpenFile, SinkFile } from "../../src/linux/task/file.ts"
import { Vfs } from "../../src/linux/task/vfs.ts"
import { MILLISECOND, SECOND, Simulation } from "../../src/sim/simulation.ts"

export interface ScenarioStep {
  /** What stands before the command and is not compared: `- sleep 3`, `r ! net.ipv4.ip_forward=1`. */
  readonly before: readonly string[]
  readonly where: string
  readonly command: string
  readonly code: number
  readonly output: string
}

export interface Scenario {
  readonly title: string
  readonly steps: readonly ScenarioStep[]
}

const STEP = /^=== (\S+) \$ (.*) \[(\d+)\]\n/

/** The scenarios of a recording. */
export function readScenarios(file: string): Scenario[] {
  const text = readFileSync(file, "utf8")
  if (!text.startsWith("# recorded: ")) throw new Error(`${file}: the first line does not say what recorded it`)
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n")
      return { title: part.slice(0, end), steps: readSteps(part.slice(end + 1)) }
    })
}

function readSteps(text: string): ScenarioStep[] {
  const steps: ScenarioStep[] = []
  let before: string[] = []
  for (const part of text.split(/^(?==== )/m)) {
    const head = STEP.exec(part)
    const lines = (head === null ? part : part.slice(head[0].length)).split(/(?<=\n)/)
    // Directives for the next step follow a step's output.
    const at = lines.findIndex((line) => /^(- (sleep|nginx) |\w+ ! \w+\.)/.test(line))
    const output = at < 0 ? lines : lines.slice(0, at)
    if (head !== null) {
      const [, where = "", command = "", code] = head
      // `%` stands for "no line break here".
      steps.push({ before, where, command, code: Number(code), output: output.join("").replace(/\n%\n$/, "") })
      before = []
    }
    if (at >= 0) before = lines.slice(at).map((line) => line.trimEnd())
  }
  return steps
}

/** A machine whose namespaces are those a scenario names, `pwk-a` for `a`. */
export class ScenarioWorld {
  readonly sim: Simulation = new Simulation({ seed: 1 })
  readonly arena: Arena = new Arena()
  readonly kernel: Kernel
  readonly #nets = new Map<string, NetNamespace>()
  /** Commands are lines of bash, not words. */
  readonly #shell: boolean

  /** `prefix` is what the recorder puts in front of the names, for commands that say them. */
  constructor(scenario: Scenario, shell = false, prefix = "pwk-") {
    this.#shell = shell
    this.kernel = createMachine(this.sim, this.arena, { name: "recorder", uplinks: [] })
    const busybox = new Vfs(this.sim)
    installBusybox(busybox)
    this.kernel.root.bind("/busybox", busybox, "/")
    const names = scenario.steps.flatMap((step) => [
      step.where,
      ...step.before.filter((line) => line.includes(" ! ")).map((line) => line.slice(0, line.indexOf(" "))),
    ])
    for (const name of [...new Set(names)].sort()) {
      const net = this.kernel.createNamespace(`${prefix}${name}`)
      linkUp(net.loopback)
      this.#nets.set(name, net)
    }
  }

  /** Does what stands before a step, then gives its command to podwire. */
  async step(step: ScenarioStep): Promise<{ code: number; output: string }> {
    for (const line of step.before) await this.#directive(line)
    // Starting a program takes some milliseconds.
    await this.sim.advance(5 * MILLISECOND)
    return await this.run(step.where, this.#shell ? ["/bin/bash", "-c", step.command] : step.command.split(" "))
  }

  async #directive(line: string): Promise<void> {
    const sleep = /^- sleep (\S+)$/.exec(line)
    const forward = /^(\w+) ! net\.ipv4\.ip_forward=([01])$/.exec(line)
    const nginx = /^- nginx (\w+)$/.exec(line)
    if (nginx !== null) this.#startNginx(this.#net(nginx[1] as string))
    else if (sleep !== null) await this.sim.advance(Number(sleep[1]) * SECOND)
    else if (forward !== null) {
      const net = this.#net(forward[1] as string)
      net.sysctl.ipForward = forward[2] === "1"
      for (const dev of net.devices) dev.forwarding = net.sysctl.ipForward
    } else if (/^\w+ ! net\.bridge\.bridge-nf-call-iptables=[01]$/.test(line)) {
      this.#net(line.slice(0, line.indexOf(" "))).sysctl.bridgeNfCallIptables = line.endsWith("1")
    } else throw new Error(`not a directive: ${line}`)
  }

  /** The web server of the recorder, with its pages. */
  #startNginx(net: NetNamespace): void {
    const { tool, image } = createNginx({ version: "1.22.1" })
    const fs = new Vfs(this.sim)
    image.build(fs)
    for (const name of ["index.html", "big.txt"])
      fs.writeFile(`/usr/share/nginx/html/${name}`, readFileSync(`test/record/html/${name}`, "utf8"))
    const proc = this.kernel.processes.run(["nginx"], { tool, net, fs })
    if (typeof proc === "string") throw new Error(proc)
  }

  #net(name: string): NetNamespace {
    const net = this.#nets.get(name)
    if (net === undefined) throw new Error(`no such namespace: ${name}`)
    return net
  }

  async run(where: string, argv: readonly string[]): Promise<{ code: number; output: string }> {
    let output = ""
    const decoder = new TextDecoder()
    const sink = (): OpenFile => new SinkFile((data) => (output += decoder.decode(data, { stream: true })))
    const fds = new Map<number, OpenFile>([
      [0, new NullFile()],
      [1, sink()],
      [2, sink()],
    ])
    const words = argv[0] === "busybox" ? [`/busybox/bin/${argv[1]}`, ...argv.slice(2)] : argv
    const proc = this.kernel.processes.run(words, { net: this.#net(where), fds })
    if (typeof proc === "string") throw new Error(`${argv[0]}: ${proc}`)
    await this.sim.until(() => proc.status !== undefined)
    return { code: proc.status?.code ?? -1, output }
  }
}
