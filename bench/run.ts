/** `npm run bench`: every program of this folder, a table on standard output, and JSON lines in bench/results.jsonl. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Result, wall } from "./measure.ts"
import { KernelPeer, whyNot } from "./peer/kernel.ts"

const USAGE = `usage: node bench/run.ts [--only NAME]... [--json]
  --only NAME   one program, more when repeated: walk, tcp, events, cluster, memory, policy
  --json        JSON lines on standard output instead of tables
Everything is measured in turn with its peer, five rounds; medians. bench/results.jsonl has the lines in any case.
The kernel as a peer needs root, iproute2, ethtool and a C compiler; it gets network namespaces named pwb-….
`

interface Program {
  conditions: string
  run(peer: KernelPeer | undefined): Promise<Result[]>
}

/** Loaded when asked for, so that one program measures without the others' code in its process. */
const PROGRAMS: Readonly<Record<string, () => Promise<Program>>> = {
  walk: () => import("./walk.ts"),
  tcp: () => import("./tcp.ts"),
  events: () => import("./events.ts"),
  cluster: () => import("./cluster.ts"),
  memory: () => import("./memory.ts"),
  policy: () => import("./policy.ts"),
}
/** Programs that measure the real kernel beside podwire. */
const AGAINST_KERNEL: readonly string[] = ["walk", "tcp", "memory"]

/** Refuses what it does not know: a misspelt name must not measure nothing. */
function readArguments(): { names: string[]; json: boolean } {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, json: { type: "boolean" }, help: { type: "boolean" } },
  })
  if (values.help === true) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const names = values.only ?? Object.keys(PROGRAMS)
  const unknown = names.find((name) => PROGRAMS[name] === undefined)
  if (unknown !== undefined) throw new TypeError(`--only ${unknown}: there is ${Object.keys(PROGRAMS).join(", ")}`)
  return { names, json: values.json === true }
}

function openPeer(names: readonly string[], say: (text: string) => void): KernelPeer | undefined {
  if (!names.some((name) => AGAINST_KERNEL.includes(name))) return undefined
  const reason = whyNot()
  if (reason === undefined) {
    const peer = new KernelPeer()
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        peer.close()
        process.exit(1)
      })
    return peer
  }
  say(`peer skipped: ${reason}\n`)
  return undefined
}

function table(results: readonly Result[]): string {
  const rows = results.map((r) => [r.case, String(r.median), String(r.min), String(r.max), r.unit])
  const all = [["case", "median", "min", "max", "unit"], ...rows]
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...all.map((row) => (row[i] ?? "").length)))
  const line = (row: string[]): string =>
    row.map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
  return `${all.map((row) => `  ${line(row).trimEnd()}`).join("\n")}\n`
}

async function main(names: readonly string[], json: boolean): Promise<void> {
  // With --json standard output is for machines: what is said to people goes to standard error.
  const say = (text: string): void => void (json ? process.stderr : process.stdout).write(text)
  const results: Result[] = []
  const peer = openPeer(names, say)
  try {
    for (const name of names) {
      const program = await (PROGRAMS[name] as () => Promise<Program>)()
      const began = wall()
      const measured = await program.run(peer)
      results.push(...measured)
      say(`${name} (${((wall() - began) / 1000).toFixed(0)} s): ${program.conditions}\n`)
      if (!json) say(`${table(measured)}\n`)
    }
  } finally {
    peer?.close()
  }
  const lines = results.map((result) => `${JSON.stringify(result)}\n`).join("")
  if (json) process.stdout.write(lines)
  writeFileSync(join(import.meta.dirname, "results.jsonl"), lines)
}

let asked: { names: string[]; json: boolean } | undefined
try {
  asked = readArguments()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  process.exitCode = 2
}
if (asked !== undefined) await main(asked.names, asked.json)
