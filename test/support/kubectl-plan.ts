/** What kubectl is asked: the plan that the recorder runs with the real one, and the tests with podwire's own. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { runToEnd } from "../../src/cluster/command.ts"
import { type Cluster, createCluster } from "../../src/index.ts"

export const PLAN_FOLDER = "test/record/kubectl"
export const GOLDEN_FOLDER = "test/golden/kubectl"

export interface Step {
  command: string
  /** Virtual seconds from the beginning of the group. */
  at: number
  /** The real kubectl does it, podwire's own refuses it by name. */
  refused: boolean
  /** Stopped after this many seconds, because it would run for ever. */
  stop: number | undefined
}

export interface Answer {
  output: string
  code: number
}

export interface Group {
  name: string
  steps: Step[]
}

/** Seconds from one command to the next: longer than any of them takes. */
const PERIOD = 40
/** Every group begins here, in the middle of a second, so that the milliseconds a command takes change no age. */
const START = 120.3

export function readPlan(): Group[] {
  const groups: Group[] = []
  let at = START
  for (const line of readFileSync(join(PLAN_FOLDER, "plan.txt"), "utf8").split("\n")) {
    const group = /^\[(.+)\]$/.exec(line)?.[1]
    if (group !== undefined) {
      groups.push({ name: group, steps: [] })
      at = START
    }
    const step = /^(! )?(?:\+(\d+)s )?(?:~(\d+)s )?((?:kubectl|echo|cat).*)$/.exec(line)
    if (step === null) continue
    const [, refused, after, stop, command = ""] = step
    at += after === undefined ? PERIOD : Number(after)
    groups
      .at(-1)
      ?.steps.push({ command, at, refused: refused !== undefined, stop: stop === undefined ? undefined : Number(stop) })
  }
  return groups
}

/** The manifests, by path: `pods.yaml`, `folder/a.yaml`. */
export function planFiles(folder: string = PLAN_FOLDER): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (name === "plan.txt") continue
    if (statSync(path).isDirectory()) for (const [inner, text] of planFiles(path)) files.set(`${name}/${inner}`, text)
    else files.set(name, readFileSync(path, "utf8"))
  }
  return files
}

/** The article's cluster with its two pods, each on the node where the article has it, both ready. */
export async function planCluster(): Promise<Cluster> {
  const cluster = await createCluster({ preset: "article" })
  const pods = planFiles().get("pods.yaml") as string
  await cluster.apply(
    pods
      .replace(/spec:/, "spec:\n  nodeName: k8s-worker-2")
      .replace(/spec:(?!\n {2}nodeName)/, "spec:\n  nodeName: k8s-worker-1"),
  )
  await Promise.all([cluster.pod("client-pod").ready(), cluster.pod("backend-pod").ready()])
  return cluster
}

/** Lets virtual time pass until a second. */
export async function reach(cluster: Cluster, second: number): Promise<void> {
  const left = second * 1e9 - cluster.sim.now
  if (left < 0) throw new Error(`${second} s: the command before took until ${cluster.sim.now / 1e9} s`)
  await cluster.sim.advance(left)
}

/** What podwire's own kubectl answers, in the shell of the control plane's machine. */
export async function askOwn(group: Group): Promise<Answer[]> {
  const cluster = await planCluster()
  const master = cluster.node("k8s-master")
  for (const [path, text] of planFiles()) {
    const folder = path.includes("/") ? `mkdir -p ${path.slice(0, path.lastIndexOf("/"))}; ` : ""
    await master.exec(`${folder}cat > ${path}`, { stdin: text })
  }
  const answers: Answer[] = []
  for (const { command, at, stop } of group.steps) {
    await reach(cluster, at)
    // What is to be stopped gets the signal itself, not a shell around it.
    const { output, code } =
      stop === undefined
        ? await master.exec(command)
        : await runToEnd(master.kernel, command.split(" "), { cwd: "/root" }, { timeout: stop })
    answers.push({ output, code })
  }
  return answers
}
