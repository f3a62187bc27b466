/** The programs of the lab as the reference lists them: found on a cluster, and asked what they take. */
import { readdirSync } from "node:fs"
import { type Cluster, cilium, createCluster } from "podwire"
import { BUILTIN_NAMES } from "../../src/shell/builtin-names.ts"
import { flagSpecs } from "../../src/shell/pflag.ts"
import { COMMANDS, GLOBAL_FLAGS } from "../../src/tools/kubectl/commands.ts"
import { NAMES } from "../../src/tools/kubectl/help.ts"
import { type Options, optionsOf, REFUSAL, type Run } from "./probe.ts"
import { type Words, wordsFor, wordsIn } from "./words.ts"

export interface Program {
  /** With its sub-command, where it has one. */
  readonly name: string
  /** The folder it is in. */
  readonly folder?: string
  readonly options: Options
  /** What `NAME help` prints, where that is a usage text. */
  readonly usage?: string
  /** What it says whatever it is asked: podwire has its name only. */
  readonly says?: string
  /** Objects and sub-commands that are refused by name. */
  readonly refused?: readonly string[]
}

/** A machine or a container. */
export interface Host {
  readonly name: string
  readonly programs: readonly Program[]
}

export interface Tools {
  readonly machine: Host
  readonly containers: readonly Host[]
  readonly kubectl: readonly Program[]
  readonly cilium: readonly Program[]
  readonly builtins: readonly { readonly name: string; readonly refused: boolean }[]
}

let found: Promise<Tools> | undefined

export const tools = (): Promise<Tools> => (found ??= find())

const PODS = `
apiVersion: v1
kind: Pod
metadata: { name: client-pod }
spec: { containers: [{ name: busybox, image: "busybox:1.28", command: [sleep, "36000"] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: backend-pod }
spec: { containers: [{ name: nginx, image: nginx }] }
`
/** They have pages of their own. */
const OWN_PAGES = new Set(["kubectl", "cilium", "hubble", "cilium-dbg"])

async function find(): Promise<Tools> {
  const cluster = await createCluster({ preset: "article", cni: cilium() })
  await cluster.apply(PODS)
  for (const name of ["client-pod", "backend-pod"]) await cluster.pod(name).ready()
  const machine = runOn(cluster, "k8s-master")
  // Commands without options are run as they stand, and some take a cluster apart.
  const doomed = async (): Promise<Run> =>
    runOn(await createCluster({ preset: "article", cni: cilium() }), "k8s-master")
  return {
    machine: await host("A machine", machine),
    containers: [
      await host("busybox", runOn(cluster, "client-pod")),
      await host("nginx", runOn(cluster, "backend-pod"), { namesOnly: true }),
      await host("cilium-agent", inAgent(machine), { namesOnly: true }),
    ],
    kubectl: kubectlCommands(),
    cilium: [
      ...(await commandsOf("cilium", machine, wordsIn(sources("src/cni/cilium/cli")), await doomed())),
      ...(await commandsOf(
        "cilium-dbg",
        inAgent(machine),
        wordsIn(sources("src/cni/cilium/dbg")),
        inAgent(await doomed()),
      )),
      ...(await hubbleCommands(inAgent(machine))),
    ],
    builtins: await builtins(machine),
  }
}

const runOn =
  (cluster: Cluster, where: string): Run =>
  async (line) =>
    // In a folder where nothing is lost: `find -delete` is a question here, too.
    (await cluster.exec(where, `mkdir -p /tmp/asked; cd /tmp/asked; ${line}`, { timeout: 2 })).output

const inAgent =
  (run: Run): Run =>
  (line) =>
    run(`kubectl -n kube-system exec ds/cilium -c cilium-agent -- sh -c ${quoted(line)}`)

/** Every program on the PATH. */
async function host(name: string, run: Run, { namesOnly = false } = {}): Promise<Host> {
  const listed = await run(`for d in $(echo $PATH | tr : ' '); do ls $d 2>/dev/null | sed "s|^|$d/|"; done`)
  const paths = new Map<string, string>()
  for (const path of listed.split("\n").filter((line) => line.startsWith("/"))) {
    const program = path.slice(path.lastIndexOf("/") + 1)
    if (!paths.has(program)) paths.set(program, path.slice(0, path.lastIndexOf("/")))
  }
  const programs: Program[] = []
  for (const [program, folder] of [...paths].sort(([a], [b]) => (a < b ? -1 : 1)))
    programs.push(
      namesOnly || OWN_PAGES.has(program)
        ? { name: program, folder, options: NONE }
        : { ...(await asked(program, run)), folder },
    )
  return { name, programs }
}

const NONE: Options = { known: [], refused: [] }

async function asked(name: string, run: Run): Promise<Program> {
  const says = await run(`${name} --podwire </dev/null`)
  if (REFUSAL.test(says) && !says.includes("--podwire")) return { name, options: NONE, says: says.trimEnd() }
  const options = await optionsOf(name, wordsFor(name), run)
  const usage = await run(`${name} help </dev/null`)
  const objects = /OBJECT := \{([^}]*)\}/.exec(usage)?.[1]
  if (!/^Usage:/.test(usage) || objects === undefined) return { name, options }
  const names = objects.split("|").map((object) => object.trim())
  const answers = await Promise.all(names.map((object) => run(`${name} ${object} help </dev/null`)))
  const refused = names.filter((_, i) => REFUSAL.test(answers[i] as string))
  return { name, options, usage: [usage, ...answers.filter((text) => text.startsWith("Usage:"))].join("\n"), refused }
}

/** Its tables are its own: nothing has to be asked. */
function kubectlCommands(): Program[] {
  const flagsOf = (text: string): Options => {
    if (text === "") return NONE
    const specs = [...new Set(flagSpecs(text).values())].sort((a, b) => (a.name < b.name ? -1 : 1))
    const words = (wanted: boolean) =>
      specs
        .filter(({ refused }) => refused === wanted)
        .flatMap(({ name, letter, type }) =>
          [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`].map((word) => ({ word, value: type !== "b" })),
        )
    return { known: words(false), refused: words(true) }
  }
  const commands = Object.entries(COMMANDS).sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    {
      name: "kubectl",
      options: flagsOf(GLOBAL_FLAGS),
      refused: NAMES.filter((name) => !commands.some(([command]) => command.split(" ")[0] === name)),
    },
    ...commands.map(([name, { flags }]) => ({ name: `kubectl ${name}`, options: flagsOf(flags) })),
  ]
}

/** A program's commands, by its own help. Asking for help together with an option tries the option, and does nothing. */
async function commandsOf(
  command: string,
  run: Run,
  words: Words,
  doomed: Run,
  inherited: Options = NONE,
): Promise<Program[]> {
  const names = commandNames(await run(`${command} --help`)).filter((name) => name !== "help")
  const all = await optionsOf(`${command} --help`, words, run)
  const refused: string[] = []
  const below: Program[] = []
  for (const name of names)
    if (REFUSAL.test(await doomed(`${command} ${name}`))) refused.push(name)
    else
      below.push(...(await commandsOf(`${command} ${name}`, run, words, doomed, inherited === NONE ? all : inherited)))
  return [{ name: command, options: without(all, inherited), refused }, ...below]
}

/** What every command of the program takes is said once. */
function without({ known, refused }: Options, others: Options): Options {
  const taken = new Set([...others.known, ...others.refused].map(({ word }) => word))
  const left = (options: Options["known"]): Options["known"] => options.filter(({ word }) => !taken.has(word))
  return { known: left(known), refused: left(refused) }
}

const commandNames = (help: string): string[] =>
  [...(/Available Commands:\n([\s\S]*?)\n\n/.exec(help)?.[1] ?? "").matchAll(/^ +(\S+)/gm)].map(([, name = ""]) => name)

async function hubbleCommands(run: Run): Promise<Program[]> {
  const words = wordsIn(sources("src/cni/cilium/hubble"))
  const programs: Program[] = []
  for (const name of commandNames(await run("hubble --help")).filter((one) => one !== "help")) {
    const whole = name === "list" ? "hubble list nodes" : `hubble ${name}`
    programs.push({ name: whole, options: await optionsOf(whole, words, run) })
  }
  return programs
}

async function builtins(run: Run): Promise<Tools["builtins"]> {
  return Promise.all(
    [...BUILTIN_NAMES].sort().map(async (name) => ({ name, refused: REFUSAL.test(await run(`${name} </dev/null`)) })),
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const sources = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`)
