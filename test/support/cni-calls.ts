/** The calls of test/record/kernel-cni.txt: their recorded answers, and the same calls of podwire's plugins. */
import { readFileSync } from "node:fs"
import { createMachine } from "../../src/cluster/machine.ts"
import { bridgePlugin } from "../../src/cni/bridge/bridge.ts"
import { hostLocal } from "../../src/cni/ipam/host-local.ts"
import { portmap } from "../../src/cni/portmap.ts"
import type { Kernel } from "../../src/linux/kernel.ts"
import { Arena } from "../../src/linux/skb.ts"
import { BytesFile, type OpenFile, SinkFile } from "../../src/linux/task/file.ts"
import { Simulation } from "../../src/sim/simulation.ts"

export interface CniCall {
  /** `bridge ADD c1 p1 eth0 full`, or `files`. */
  readonly line: string
  readonly code: number
  readonly output: string
}

export interface CniScenario {
  readonly title: string
  readonly calls: readonly CniCall[]
}

export function readCniScenarios(file: string): CniScenario[] {
  const text = readFileSync(file, "utf8")
  if (!text.startsWith("# recorded: ")) throw new Error(`${file}: the first line does not say what recorded it`)
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => ({ title: part.slice(0, part.indexOf("\n")), calls: readCalls(part) }))
}

function readCalls(part: string): CniCall[] {
  return part
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const head = /^(.*) \[(\d+)\]\n/.exec(block)
      if (head === null) throw new Error(`not a call: ${block.slice(0, 80)}`)
      return {
        line: head[1] as string,
        code: Number(head[2]),
        output: block.slice(head[0].length).replace(/\n%\n$/, ""),
      }
    })
}

/** Configurations by name. */
export function readCniConfigs(file: string): Map<string, string> {
  const lines = readFileSync(file, "utf8").split("\n")
  return new Map(
    lines
      .filter((line) => line.startsWith("config "))
      .map((line): [string, string] => {
        const [, name = "", ...rest] = line.split(" ")
        return [name, rest.join(" ")]
      }),
  )
}

const BIN = "/usr/lib/cni"
const RESERVATIONS = "/var/lib/cni"

export class CniWorld {
  readonly sim: Simulation = new Simulation({ seed: 1 })
  readonly kernel: Kernel
  readonly #configs: ReadonlyMap<string, string>

  constructor(configs: ReadonlyMap<string, string>) {
    this.#configs = configs
    this.kernel = createMachine(this.sim, new Arena(), { name: "node", uplinks: [] })
    this.kernel.root.install(`${BIN}/bridge`, bridgePlugin())
    this.kernel.root.install(`${BIN}/host-local`, hostLocal)
    this.kernel.root.install(`${BIN}/portmap`, portmap)
    for (const name of ["p1", "p2"]) this.kernel.createNamespace(`pwk-${name}`)
  }

  async call(line: string): Promise<{ code: number; output: string }> {
    if (line === "rules") {
      const { code, output } = await this.#run(["/usr/sbin/iptables-save", "-t", "nat"], new Map(), "")
      return { code, output: output.replace(/^#.*\n/gm, "") }
    }
    if (line === "files") return { code: 0, output: this.#files(RESERVATIONS) }
    const [plugin = "", command = "", container = "", pod = "", ifname = "", config = ""] = line.split(" ")
    const env = new Map([["CNI_PATH", BIN]])
    if (command !== "-") env.set("CNI_COMMAND", command)
    if (container !== "-") env.set("CNI_CONTAINERID", container)
    if (ifname !== "-") env.set("CNI_IFNAME", ifname)
    if (pod !== "-") env.set("CNI_NETNS", `/var/run/netns/pwk-${pod}`)
    return this.#run([`${BIN}/${plugin}`], env, this.#configs.get(config) ?? "")
  }

  async #run(
    argv: readonly string[],
    env: ReadonlyMap<string, string>,
    stdin: string,
  ): Promise<{ code: number; output: string }> {
    let output = ""
    const decoder = new TextDecoder()
    const sink = (): OpenFile => new SinkFile((data) => (output += decoder.decode(data, { stream: true })))
    const fds = new Map<number, OpenFile>([
      [0, new BytesFile(new TextEncoder().encode(stdin))],
      [1, sink()],
      [2, sink()],
    ])
    const proc = this.kernel.processes.run(argv, { env, fds, cwd: "/" })
    if (typeof proc === "string") throw new Error(proc)
    await this.sim.until(() => proc.status !== undefined)
    return { code: proc.status?.code ?? -1, output }
  }

  /** As the recorder lists them: path and content. */
  #files(folder: string): string {
    const fs = this.kernel.root
    const names = fs.readdir(folder)
    if (typeof names === "string") return ""
    const paths = [...names].sort().map((name) => `${folder}/${name}`)
    const texts = paths.map((path) => ({ path, file: fs.readText(path) }))
    const here = texts
      .filter(({ file }) => "text" in file)
      .map(({ path, file }) => `${path.slice(RESERVATIONS.length)} ${quoted("text" in file ? file.text : "")}\n`)
    return (
      here.join("") +
      texts
        .filter(({ file }) => !("text" in file))
        .map(({ path }) => this.#files(path))
        .join("")
    )
  }
}

const quoted = (text: string): string => `'${text.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}'`
