/** `podwire sh`: a shell on a simulated machine or in a pod. */
import { readFileSync } from "node:fs"
import { type Command, readArguments, UsageError } from "./arguments.ts"
import { runCommand } from "./drive.ts"
import { CLUSTER_OPTIONS, CLUSTER_USAGE, type ClusterValues, openCluster } from "./lab-cluster.ts"
import { interactiveShell } from "./prompt.ts"

const USAGE = `usage: podwire sh [options] [-c SCRIPT | FILE] [ARGUMENT…]

A shell on a simulated machine. On a terminal it is interactive (history, Tab, Ctrl-C, Ctrl-D); otherwise it runs SCRIPT, FILE, or what comes on
standard input, prints what the shell prints and exits with its code. Nothing waits: time is virtual. At an interactive prompt a pause between two
outputs lasts a second at most, and silence runs at an hour a second.

  -c SCRIPT           runs SCRIPT; ARGUMENTs are $0, $1, …
  --on HOST|POD       where: a machine, a pod, or namespace/pod (the first machine: k8s-master)
${CLUSTER_USAGE}
Without --nodes and --lab it is the article's cluster: k8s-master and three workers on 192.168.80.0/24 with Flannel.

examples:
  podwire sh
  podwire sh -c 'kubectl get nodes -o wide'
  podwire sh --on k8s-worker-2 -c 'bridge fdb show dev flannel.1'
`

export const sh: Command = {
  summary: "a shell on a simulated machine or in a pod",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = readArguments("sh", args, {
      ...CLUSTER_OPTIONS,
      on: { type: "string" },
      c: { type: "string", short: "c" },
    })
    if (values.c !== undefined) return shell(values, values.on, values.c, positionals)
    const [file, ...rest] = positionals
    if (file !== undefined) return shellFile(values, values.on, file, rest)
    const cluster = await openCluster(values)
    if (process.stdin.isTTY && process.stdout.isTTY) return interactiveShell(cluster, values.on)
    return runCommand(cluster, values.on, undefined, [])
  },
}

/** Runs a file of the host's in a simulated shell. */
export function shellFile(
  values: ClusterValues,
  on: string | undefined,
  file: string,
  words: readonly string[],
): Promise<number> {
  let script: string
  try {
    script = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`)
  }
  return shell(values, on, script, [file, ...words])
}

async function shell(
  values: ClusterValues,
  on: string | undefined,
  script: string,
  words: readonly string[],
): Promise<number> {
  const cluster = await openCluster(values)
  return runCommand(cluster, on, script, words)
}
