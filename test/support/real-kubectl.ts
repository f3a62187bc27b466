/** The real kubectl 1.31, pointed at a cluster's API. */
import { spawn, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Cluster } from "../../src/index.ts"
import { serveApi } from "./api-http.ts"
import { parseSaid } from "./broken-yaml.ts"
import { type Answer, type Group, PLAN_FOLDER, planCluster, reach } from "./kubectl-plan.ts"
import { findProgram } from "./needs.ts"

/** Where it is: Google's package numbers its binaries; a `kubectl` on PATH may be another release. */
export function findKubectl(): { path: string; version: string } | undefined {
  const candidates = ["/usr/lib/google-cloud-sdk/bin/kubectl.1.31", findProgram("kubectl-1.31"), findProgram("kubectl")]
  for (const path of candidates) {
    if (path === undefined) continue
    const version = /Client Version: v(1\.31\.\S+)/.exec(
      spawnSync(path, ["version", "--client"], { encoding: "utf8" }).stdout ?? "",
    )?.[1]
    if (version !== undefined) return { path, version }
  }
  return undefined
}

/** What kubeadm would write, with our port. */
const kubeconfig = (url: string): string => `apiVersion: v1
kind: Config
clusters: [{ name: kubernetes, cluster: { server: "${url}" } }]
users: [{ name: kubernetes-admin, user: { token: sim } }]
contexts: [{ name: kubernetes-admin@kubernetes, context: { cluster: kubernetes, user: kubernetes-admin } }]
current-context: kubernetes-admin@kubernetes
`

/** Commands that reckon ages by their own clock; the server makes those of `get`. */
const CLOCK_OWNERS = /^kubectl (describe|events)/
/** After the clock has reached a command's end, how long it gets to print what it knows, in milliseconds of the host. */
const LAST_WORDS = 600

export class RealKubectl {
  readonly cluster: Cluster
  readonly #port: Awaited<ReturnType<typeof serveApi>>
  readonly #home: string
  /** Virtual time that streams do not pass. */
  limit = 0
  /** From virtual to this machine's time, in seconds, for commands that reckon ages by their own clock. */
  shift = 0

  private constructor(cluster: Cluster, port: Awaited<ReturnType<typeof serveApi>>, home: string) {
    this.cluster = cluster
    this.#port = port
    this.#home = home
  }

  static async start(binary: string): Promise<RealKubectl> {
    const cluster = await planCluster()
    let self: RealKubectl | undefined
    const port = await serveApi(cluster, {
      limit: () => self?.limit ?? 0,
      shift: () => self?.shift ?? 0,
    })
    const home = mkdtempSync(join(tmpdir(), "podwire-kubectl-"))
    mkdirSync(join(home, "bin"))
    symlinkSync(binary, join(home, "bin/kubectl"))
    cpSync(PLAN_FOLDER, join(home, "work"), { recursive: true })
    writeFileSync(join(home, "config"), kubeconfig(port.url))
    self = new RealKubectl(cluster, port, home)
    return self
  }

  async close(): Promise<void> {
    await this.#port.close()
    rmSync(this.#home, { recursive: true, force: true })
  }

  /** Runs a command line at a virtual second; the clock goes no further than `end`. With `stop` it is ended there. */
  async run(command: string, at: number, end: number, stop = false): Promise<Answer> {
    this.limit = at * 1e9
    await reach(this.cluster, at)
    this.limit = end * 1e9
    const { sim } = this.cluster
    this.shift = CLOCK_OWNERS.test(command) ? Math.round(Date.now() / 1000 - sim.epoch - sim.now / 1e9) : 0
    // Virtual .3 s must be .3 s here too, or ages come out a second off.
    if (this.shift !== 0) await sleep((1300 - (Date.now() % 1000)) % 1000)
    if (this.shift !== 0) this.shift = Math.floor(Date.now() / 1000) - Math.floor(sim.epoch + sim.now / 1e9)
    const env = {
      PATH: `${this.#home}/bin:/usr/bin:/bin`,
      HOME: this.#home,
      KUBECONFIG: `${this.#home}/config`,
      TZ: "UTC",
      LC_ALL: "C.UTF-8",
    }
    const child = spawn("bash", ["-c", `exec 2>&1; ${command}`], {
      cwd: `${this.#home}/work`,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    const ended = new Promise<number>((resolve) =>
      child.on("close", (code, signal) => resolve(code ?? (signal === "SIGTERM" ? 143 : 255))),
    )
    if (stop) await this.#stopAtEnd(child, end)
    const code = await ended
    await this.#port.idle()
    return { output: this.#neutral(output), code }
  }

  async #stopAtEnd(child: ReturnType<typeof spawn>, end: number): Promise<void> {
    while (child.exitCode === null && this.cluster.sim.now < end * 1e9) await sleep(20)
    await sleep(LAST_WORDS)
    child.kill("SIGTERM")
  }

  /** What it says about broken manifests, by number; all in one run. */
  readBroken(texts: readonly string[]): Promise<Map<number, string>> {
    const folder = join(this.#home, "work/broken")
    mkdirSync(folder, { recursive: true })
    for (const [i, text] of texts.entries()) writeFileSync(join(folder, `d${i}.yaml`), text)
    const now = this.cluster.sim.now / 1e9
    return this.run("kubectl create --dry-run=client --validate=false -o name -f broken", now, now + 1).then(
      ({ output }) => parseSaid(output),
    )
  }

  /** How it reads manifests: those that it can, by name. */
  async readGood(texts: readonly string[]): Promise<Map<string, unknown>> {
    const folder = join(this.#home, "work/good")
    mkdirSync(folder, { recursive: true })
    for (const [i, text] of texts.entries()) writeFileSync(join(folder, `d${i}.yaml`), text)
    const now = this.cluster.sim.now / 1e9
    const command = "kubectl create --dry-run=client --validate=false -o json -f good 2>/dev/null"
    const { output } = await this.run(command, now, now + 1)
    // One object after another, or a List.
    const objects = output.split(/^(?=\{)/m).flatMap((part) => {
      const parsed = JSON.parse(part) as { items?: unknown[] }
      return parsed.items ?? [parsed]
    }) as { metadata: { name: string } }[]
    return new Map(objects.map((object) => [object.metadata.name, object]))
  }

  /** The port is this run's; a cluster made by kubeadm has its API at the control plane's address. */
  #neutral(text: string): string {
    return unshift(text, this.shift)
      .replaceAll(this.#port.url, "https://192.168.80.101:6443")
      .replaceAll(this.#home, "/root")
  }
}

/** What describe prints as a time, moved back: `Sat, 18 Oct 2025 06:17:04 +0000`, `2025-10-18 06:17:04 +0000 UTC`, RFC 3339. */
function unshift(text: string, shift: number): string {
  if (shift === 0) return text
  const back = (time: string): Date => new Date(Date.parse(time) - shift * 1000)
  return text
    .replace(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z/g, (_, time, fraction = "") =>
      back(`${time}Z`)
        .toISOString()
        .replace(/\.\d+Z$/, `${fraction}Z`),
    )
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, (time) =>
      back(time).toUTCString().replace("GMT", "+0000"),
    )
    .replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+0000 UTC/g, (_, day, time) =>
      back(`${day}T${time}Z`)
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, " +0000 UTC"),
    )
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** All answers of a group, in order. */
export async function askGroup(
  binary: string,
  group: Group,
  tell: (text: string) => void = () => undefined,
): Promise<Answer[]> {
  const real = await RealKubectl.start(binary)
  const answers: Answer[] = []
  for (const [i, step] of group.steps.entries()) {
    const next = group.steps[i + 1]?.at ?? step.at + 40
    tell(step.command)
    answers.push(
      await real.run(
        step.command,
        step.at,
        step.stop === undefined ? next : step.at + step.stop,
        step.stop !== undefined,
      ),
    )
  }
  await real.close()
  return answers
}
