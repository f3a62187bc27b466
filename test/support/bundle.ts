/** The SDK as a page or a Worker gets it: chunks, the first of them with what it imports at once, the others when they are asked for. */
import { basename } from "node:path"
import { gzipSync } from "node:zlib"
import { type BuildOptions, build } from "esbuild"

export interface Chunk {
  readonly name: string
  readonly text: string
  /** Bytes of each source file in it. */
  readonly inputs: ReadonlyMap<string, number>
  /** The source file it stands for, when that is asked for by name. */
  readonly entry: string | undefined
  /** The chunks that come with it. */
  readonly imports: readonly string[]
}

/** Bundles one entry for a browser, minified, split where the sources say `import()`. */
export async function bundle(entry: Pick<BuildOptions, "entryPoints" | "stdin">): Promise<Chunk[]> {
  const { outputFiles, metafile } = await build({
    ...entry,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    outdir: "bundle",
    entryNames: "entry",
    chunkNames: "[hash]",
    write: false,
    metafile: true,
  })
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]))
  return outputFiles.map(({ path, text }) => {
    const name = basename(path)
    const { inputs = {}, entryPoint: entry, imports = [] } = outputs.get(name) ?? {}
    const bytes = Object.entries(inputs).map(([input, { bytesInOutput }]): [string, number] => [input, bytesInOutput])
    const together = imports.filter(({ kind }) => kind === "import-statement").map((one) => basename(one.path))
    return { name, text, inputs: new Map(bytes), entry, imports: together }
  })
}

/** The chunks of source files, with all that comes with them. */
export function loading(chunks: readonly Chunk[], ...entries: readonly string[]): Chunk[] {
  const found = new Set(chunks.filter(({ entry }) => entry !== undefined && entries.includes(entry)))
  for (const chunk of found) for (const other of chunks) if (chunk.imports.includes(other.name)) found.add(other)
  return [...found]
}

/** What chunks weigh, minified, and compressed in one piece: esbuild makes many more of them than a site's build needs to. */
export function weight(chunks: readonly Chunk[]): { minified: number; compressed: number } {
  const text = chunks.map((chunk) => chunk.text).join("")
  return { minified: text.length, compressed: gzipSync(text).length }
}

/** The packages whose code is in chunks. */
export function packagesIn(chunks: readonly Chunk[]): string[] {
  const paths = chunks.flatMap(({ inputs }) => [...inputs.keys()])
  const names = paths.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  return [...new Set(names)].filter((name) => name !== undefined).sort()
}

/** What makes chunks big, by folder, the biggest first. */
export function shares(chunks: readonly Chunk[]): string {
  const sums = new Map<string, number>()
  for (const { inputs } of chunks)
    for (const [path, bytes] of inputs) {
      const folder = /node_modules\/([^/]+)/.exec(path)?.[1] ?? path.split("/").slice(0, -1).slice(0, 3).join("/")
      sums.set(folder, (sums.get(folder) ?? 0) + bytes)
    }
  const sorted = [...sums].sort(([, a], [, b]) => b - a)
  return sorted.map(([folder, bytes]) => `${String(bytes).padStart(8)} ${folder}`).join("\n")
}
