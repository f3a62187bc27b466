/**
 * podwire/vitest-plugin: notebooks as test files. A notebook is a suite and each code cell a test: it runs in the real tslab, and its
 * outputs must be those that the file has.
 * @example export default defineConfig({ plugins: [notebooks()], test: { include: ["notebooks/*.ipynb"] } })
 */
import { fileURLToPath } from "node:url"
import type { Plugin } from "vitest/config"
import { parseNotebook } from "../../notebook/ipynb.ts"
import { SourcePositions } from "../../notebook/positions.ts"
import type { NotebookSettings } from "./settings.ts"

/** How notebooks are run. */
export interface NotebooksOptions {
  /** Where the kernels run, and imports resolve from (Vitest's root). */
  cwd?: string
  /** Milliseconds a cell may take (60,000). Vitest's own `testTimeout` does not count for cells. */
  timeout?: number
}

const RUNTIME = fileURLToPath(new URL("./notebook-tests.js", import.meta.url))

/**
 * Makes test files of notebooks; which ones, `test.include` says. `vitest -u` keeps the new outputs.
 * @example plugins: [notebooks({ timeout: 10_000 })]
 */
export function notebooks(options: NotebooksOptions = {}): Plugin {
  return {
    name: "podwire:notebooks",
    enforce: "pre",
    configureVitest({ project }) {
      const { root, snapshotOptions } = project.config
      project.provide("podwire:notebooks", {
        cwd: options.cwd ?? root,
        timeout: options.timeout ?? 60_000,
        accept: snapshotOptions.updateSnapshot === "all",
      } satisfies NotebookSettings)
    },
    transform: { filter: { id: /\.ipynb$/ }, handler: (text, id) => ({ code: moduleOf(text, id), map: null }) },
  }
}

/** Each cell's line of the module is the line of the file where the cell's code begins: what Vitest says of a test's place is true. */
function moduleOf(text: string, file: string): string {
  const positions = new SourcePositions(text)
  const lines = text.split("\n").map(() => "")
  lines[0] = `import { notebook } from ${JSON.stringify(RUNTIME)}; notebook(${JSON.stringify(file)}, (cell) => {`
  for (const [at, cell] of parseNotebook(text).cells.entries())
    if (cell.cell_type === "code") lines[positions.at(at).line - 1] += ` cell(${JSON.stringify(cell.id)});`
  lines[lines.length - 1] += " })"
  return lines.join("\n")
}
