/** The service worker of a built site: which files it fetches at once, which it keeps when they were asked for. */
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { AstroIntegration } from "astro"
import { transform } from "esbuild"
import { type BuiltFile, builtFiles } from "./built-files.ts"

/** In bytes. What is bigger, the compiler's types say, comes when somebody uses it. */
const BIG = 1_000_000
/** Read by crawlers and other programs, or not at all: Pagefind's own search boxes, pictures for previews, alphabets the pages hardly use. */
const UNUSED = [
  /^(?:sitemap.*|robots\.txt|llms\.txt|og\/.*)$/,
  /^pagefind\/pagefind-(?:.*ui|highlight)\./,
  /^_astro\/.*(?:\.woff|-(?:cyrillic|greek|vietnamese|latin-ext)(?:-ext)?-.*\.woff2)$/,
]

export const offline = (): AstroIntegration => ({
  name: "podwire-offline",
  hooks: {
    "astro:build:done": async ({ dir }) => {
      const source = fileURLToPath(new URL("../offline/service-worker.ts", import.meta.url))
      const { code } = await transform(readFileSync(source, "utf8"), {
        loader: "ts",
        minify: true,
        format: "esm",
        define: definitions(builtFiles(dir)),
      })
      writeFileSync(new URL("service-worker.js", dir), code)
    },
  },
})

function definitions(files: readonly BuiltFile[]): Record<string, string> {
  const version = createHash("sha256")
  const first: string[] = []
  const later: string[] = []
  for (const { path, file } of files) {
    const content = readFileSync(file)
    version.update(`${path}\n${content.length}\n`).update(content)
    const list = UNUSED.some((pattern) => pattern.test(path)) || content.length > BIG ? later : first
    // A page is asked for by its folder.
    list.push(path.replace(/(^|\/)index\.html$/, "$1"))
  }
  return {
    VERSION: JSON.stringify(version.digest("hex").slice(0, 16)),
    FIRST: JSON.stringify(first),
    LATER: JSON.stringify(later.filter((path) => path.startsWith("_astro/"))),
  }
}
