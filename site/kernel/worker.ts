/** Runs a page's cells, away from the page. One worker is one kernel: to stop a cell, the page ends it. */
import inspect from "node-inspect-extracted"
import { Kernel } from "../../src/notebook/kernel/kernel.ts"
import type { Recorder } from "../packets/recorder.ts"
import { keepSharedGlobals } from "./globals.ts"
import type { AnswerMessage, AskMessage, DoneMessage, RunMessage, ShellMessage } from "./protocol.ts"
import type { FromShell, ToShell } from "./shell.ts"

/** There when packets are kept. */
let recorder: Recorder | undefined
/** What cells import, with the reader's seed and open ears; podwire as it is when undefined. */
let podwire: Promise<typeof import("podwire")> | undefined

/** What cells may import beside tslab's own module. Nothing else is code of ours. */
const MODULES: Readonly<Record<string, (exports: readonly string[]) => Promise<object>>> = {
  podwire: (exports) => podwire ?? podwireWith(exports),
  "@observablehq/plot": () => import("@observablehq/plot"),
  linkedom: () => import("linkedom"),
}

/** The figures are loaded with the first cell that asks for one. */
async function podwireWith(exports: readonly string[]): Promise<object> {
  const { CORE } = await import("./podwire-core.ts")
  return exports.every((name) => Object.hasOwn(CORE, name)) ? CORE : import("podwire")
}

// Cells are read from anywhere: none of them has business with the network, which the policy denies too, or with what the site stores.
addEventListener("message", ({ ports: [port] }) => hear(port as MessagePort), { once: true })
postMessage("here")
keepSharedGlobals()

const kernel = new Kernel({
  inspect: Object.assign((value: unknown, options?: object) => inspect.inspect(value, options), {
    format: inspect.format,
  }),
  load: async (name, exports) => (Object.hasOwn(MODULES, name) ? MODULES[name]?.(exports) : undefined),
  modules: Object.keys(MODULES),
})

/** To the page. Cells cannot put anything in its place. */
let tell: (message: DoneMessage | AnswerMessage) => void
/** One after the other, in the order of asking. */
let last: Promise<void> = Promise.resolve()

function hear(port: MessagePort): void {
  tell = port.postMessage.bind(port)
  port.onmessage = ({ data }: MessageEvent<RunMessage | AskMessage | ShellMessage>) => {
    last = last.then(() => ("ask" in data ? answer(data) : "shell" in data ? openShell(data.shell) : run(data)))
  }
}

async function openShell(port: MessagePort): Promise<void> {
  const cluster = recorder?.newest
  const tellShell = (message: FromShell): void => port.postMessage(message)
  if (cluster === undefined) {
    tellShell({ kind: "output", text: "There is no cluster yet: no cell has made one." })
    return
  }
  const { Shell } = await import("./shell.ts")
  const shell = new Shell(cluster, cluster.nodes[0]?.name ?? "", tellShell)
  port.onmessage = ({ data }: MessageEvent<ToShell>) => shell.hear(data)
}

async function answer({ ask, question }: AskMessage): Promise<void> {
  try {
    if (recorder === undefined) throw new Error("this kernel keeps no packets")
    tell({ ask, answer: await recorder.answer(question) })
  } catch (error) {
    tell({ ask, error: (error as Error).message })
  }
}

/** podwire with the reader's seed and open ears. A seed that a cell names goes before the reader's. */
async function prepared({ record, seed }: RunMessage): Promise<typeof import("podwire")> {
  const plain = await import("podwire")
  const seeded: typeof plain =
    seed === undefined ? plain : { ...plain, createCluster: (options) => plain.createCluster({ seed, ...options }) }
  if (!record) return seeded
  const { Recorder } = await import("../packets/recorder.ts")
  recorder = new Recorder(seeded)
  return recorder.module
}

async function run(message: RunMessage): Promise<void> {
  const { id, code, record, seed } = message
  if (record || seed !== undefined) await (podwire ??= prepared(message))
  const compiled = "compiled" in code ? code.compiled : await compile(id, code.source)
  if ("error" in compiled) {
    tell({ id, ok: false, outputs: [compiled.error], whole: new Map() })
    return
  }
  const result = await (recorder?.during(id, () => kernel.run(compiled)) ?? kernel.run(compiled))
  tell({ id, ...result })
}

/** The compiler is loaded with the first text that is not the published one. */
async function compile(id: string, source: string) {
  const { CompileError, compileCell } = await import("./compile.ts")
  try {
    return compileCell(id, source)
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    const evalue = `cell ${id} ${error.line}:${error.column} - ${error.message}`
    return {
      error: { output_type: "error" as const, ename: "SyntaxError", evalue: evalue, traceback: [evalue] },
    }
  }
}
