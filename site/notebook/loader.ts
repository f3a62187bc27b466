/** Notebooks as content: each .ipynb of a folder becomes an entry, read again only when its bytes change. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Loader } from "astro/loaders"
import { parseNotebook } from "../../src/notebook/ipynb.ts"

const WORDS_PER_MINUTE = 200

export function notebookLoader(folder: string): Loader {
  return {
    name: "podwire-notebooks",
    async load({ store, parseData, generateDigest, config, watcher }) {
      const root = fileURLToPath(new URL(`${folder}/`, config.root))
      const load = async (name: string): Promise<void> => {
        const text = readFileSync(root + name, "utf8")
        const id = name.replace(/\.ipynb$/, "")
        const digest = generateDigest(text)
        if (store.get(id)?.digest === digest) return
        const { cells } = parseNotebook(text)
        const first = cells.find((cell) => cell.cell_type === "markdown")?.source ?? ""
        const title = /^# (.*)$/m.exec(first)?.[1] ?? id
        const description =
          first
            .replace(/^# .*$/m, "")
            .trim()
            .split(/\n\s*\n/)[0]
            ?.replace(/\s+/g, " ")
            .replace(/[*_`[\]]/g, "") ?? ""
        const words = cells
          .map((cell) => cell.source)
          .join(" ")
          .split(/\s+/).length
        store.set({
          id,
          digest,
          data: await parseData({
            id,
            data: { title, description, text, minutes: Math.max(1, Math.round(words / WORDS_PER_MINUTE)) },
          }),
        })
      }
      const names = readdirSync(root).filter((name) => name.endsWith(".ipynb"))
      for (const id of store.keys()) if (!names.includes(`${id}.ipynb`)) store.delete(id)
      for (const name of names) await load(name)
      watcher?.on("change", (path) => {
        const name = path.startsWith(root) ? path.slice(root.length) : ""
        if (name.endsWith(".ipynb")) void load(name)
      })
    },
  }
}
