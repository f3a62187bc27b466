#!/usr/bin/env node
/** The command line: `podwire …`. */
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { type Cluster, createCluster, VERSIONS } from "../index.ts"

const USAGE = `usage: podwire <command> [options]

  sh [--on HOST|POD] [--cni flannel|none] [--nodes N] [--seed N] [-c SCRIPT | FILE]
              a shell on a simulated machine (k8s-master of the article's cluster)
  run FILE.ipynb [--accept]
              a notebook, through tslab; compares its outputs with the stored ones
  doctor      what this machine offers: Node, tslab, kubectl, tshark
  version     the releases podwire imitates

Every command has --help. Exit codes: 0 fine, 1 what was asked about is not so, 2 bad usage; sh exits with the script's own.
`

class UsageError extends Error {}

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  if (command === undefined || command === "--help" || command === "-h" || command === "help") {
    ;(command === undefined ? process.stderr : process.stdout).write(USAGE)
    return command === undefined ? 2 : 0
  }
  if (rest.includes("--help") && command !== "run") {
    process.stdout.write(USAGE)
    return 0
  }
  switch (command) {
    case "sh":
      return shell(rest)
    case "run":
      return (await import("./notebooks.ts")).notebooksCommand(rest)
    case "doctor":
      return (await import("./doctor.ts")).doctor(rest)
    case "version":
    case "--version":
      process.stdout.write(
        `${Object.entries(VERSIONS)
          .map(([name, version]) => `${name.padEnd(18)}${version}\n`)
          .join("")}`,
      )
      return 0
    default:
      throw new UsageError(`unknown command "${command}"; there are: sh, run, doctor, version`)
  }
}

async function shell(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      on: { type: "string" },
      cni: { type: "string", default: "flannel" },
      nodes: { type: "string" },
      seed: { type: "string" },
      c: { type: "string", short: "c" },
    },
    allowPositionals: true,
  })
  const [file] = positionals
  const script = values.c ?? (file === undefined ? await standardInput() : readFileSync(file, "utf8"))
  const cluster = await open(values)
  const host = values.on ?? cluster.nodes[0]?.name ?? ""
  const result = await cluster.exec(host, script, {
    onOutput: (stream, data) => void (stream === "stdout" ? process.stdout : process.stderr).write(data),
  })
  return result.code
}

async function open(values: {
  cni?: string | undefined
  nodes?: string | undefined
  seed?: string | undefined
}): Promise<Cluster> {
  if (values.cni !== "flannel" && values.cni !== "none")
    throw new UsageError(`--cni ${values.cni}: podwire has flannel and none`)
  const seed = values.seed === undefined ? {} : { seed: count("--seed", values.seed) }
  const nodes = values.nodes === undefined ? { preset: "article" as const } : { nodes: count("--nodes", values.nodes) }
  return createCluster({ ...nodes, ...seed, ...(values.cni === "none" ? { cni: "none" as const } : {}) })
}

function count(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${option} ${text}: expected a number`)
  return Number(text)
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) throw new UsageError("podwire sh needs -c SCRIPT, a file, or a script on standard input")
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // Bad options of parseArgs are usage errors too; the rest is said in a line, not as a stack.
  process.stderr.write(`podwire: ${(error as Error).message}\n`)
  process.exitCode = 2
}
