/** Notebooks as content: each .ipynb of a folder becomes an entry with its translations, read again only when a byte of them changes. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Loader } from "astro/loaders"
import { type Notebook, parseNotebook } from "../../src/notebook/ipynb.ts"
import { TRANSLATIONS } from "../i18n/table.ts"
import { pair, titleOf } from "./translation.ts"

const WORDS_PER_MINUTE = 200

/** A notebook's page in one language: its prose by the cells' ids, where it is not the notebook's own. */
interface Telling {
  title: string
  description: string
  prose: Record<string, string>
}

export function notebookLoader(folder: string): Loader {
  return {
    name: "podwire-notebooks",
    async load({ store, parseData, generateDigest, config, watcher, logger }) {
      const root = fileURLToPath(new URL(`${folder}/`, config.root))
      const load = async (id: string): Promise<void> => {
        const text = readFileSync(`${root}${id}.ipynb`, "utf8")
        const files = TRANSLATIONS.map((language) => [language, textOf(root, language, id)] as const)
        const digest = generateDigest(JSON.stringify([text, files]))
        if (store.get(id)?.digest === digest) return
        const notebook = parseNotebook(text)
        const translations = files.map(([language, translation]) => {
          const file = `${folder}/${language}/${id}.md`
          return [language, telling(file, translation, notebook, `${folder}/${id}.ipynb`, (it) => logger.warn(it))]
        })
        const words = notebook.cells
          .map((cell) => cell.source)
          .join(" ")
          .split(/\s+/).length
        const minutes = Math.max(1, Math.round(words / WORDS_PER_MINUTE))
        const data = { ...own(notebook, id), text, minutes, translations: Object.fromEntries(translations) }
        store.set({ id, digest, data: await parseData({ id, data }) })
      }
      const ids = readdirSync(root).flatMap((name) => /^(.+)\.ipynb$/.exec(name)?.[1] ?? [])
      for (const id of store.keys()) if (!ids.includes(id)) store.delete(id)
      for (const id of ids) await load(id)
      watcher?.on("change", (path) => {
        const id = path.startsWith(root)
          ? /^(?:\w+\/)?([^/]+)\.(?:ipynb|md)$/.exec(path.slice(root.length))?.[1]
          : undefined
        if (id !== undefined && ids.includes(id)) void load(id)
      })
    },
  }
}

const textOf = (root: string, language: string, id: string): string => {
  const file = `${root}${language}/${id}.md`
  return existsSync(file) ? readFileSync(file, "utf8") : ""
}

const own = (notebook: Notebook, id: string): Omit<Telling, "prose"> => {
  const first = notebook.cells.find((cell) => cell.cell_type === "markdown")?.source ?? ""
  return { title: titleOf(first) ?? id, description: descriptionOf(first) }
}

/** Throws where a cell's text is missing; one that is only stale is shown, and said. */
function telling(file: string, text: string, notebook: Notebook, name: string, warn: (text: string) => void): Telling {
  const { prose, problems } = pair(file, text, name, notebook)
  for (const { kind, message } of problems)
    if (kind === "stale") warn(message)
    else throw new Error(message)
  const [first = ""] = Object.values(prose)
  return { title: titleOf(first) ?? "", description: descriptionOf(first), prose }
}

/** The first paragraph below the title, without marks. */
const descriptionOf = (text: string): string =>
  text
    .replace(/^# .*$/m, "")
    .trim()
    .split(/\n\s*\n/)[0]
    ?.replace(/\s+/g, " ")
    .replace(/[*_`[\]]/g, "") ?? ""
