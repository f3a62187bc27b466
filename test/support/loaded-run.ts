/**
 * One busy run, in a process of its own, as JSON on standard output. The argument says when the code of programs is there:
 * `first` when it is needed, `before` from the start, `late` when it is needed and after a random while.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { Simulation } from "../../src/sim/simulation.ts"
import { busyStory, type Run } from "./busy-story.ts"

/** What it prints. */
export interface LoadedRun {
  /** Modules loaded before the run. */
  readonly before: number
  readonly run: Omit<Run, "pcapng"> & { readonly frames: string; readonly size: number }
}

const SRC = resolve(import.meta.dirname, "../../src")

/** Whatever src/ loads by `import()`. */
async function loadEverything(): Promise<number> {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
  const wanted = new Set<string>()
  for (const file of files) {
    const path = resolve(SRC, file)
    // Doc comments have examples of it.
    for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/^(?! *\*).*\bimport\("(\.[^"]+)"\)/gm))
      wanted.add(resolve(dirname(path), name))
  }
  for (const path of wanted) await import(pathToFileURL(path).href)
  return wanted.size
}

/** Whatever is loaded is there some turns of the host later. */
function delay(seed: number): void {
  const hold = Simulation.prototype.hold
  let state = seed
  const turns = async (): Promise<void> => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    for (let i = state >>> 29; i > 0; i--) await new Promise((done) => setImmediate(done))
  }
  Simulation.prototype.hold = function <T>(this: Simulation, loading: Promise<T>): Promise<T> {
    return hold.call(
      this,
      loading.then(async (value) => {
        await turns()
        return value
      }),
    ) as Promise<T>
  }
}

const mode = process.argv[2]
const before = mode === "before" ? await loadEverything() : 0
if (mode === "late") delay(Number(process.argv[3]))
const { pcapng, ...rest } = await busyStory(1)
const frames = createHash("sha256").update(pcapng).digest("hex")
const result: LoadedRun = { before, run: { frames, size: pcapng.length, ...rest } }
process.stdout.write(JSON.stringify(result))
