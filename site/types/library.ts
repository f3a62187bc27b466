/** What a page's type checker reads, gathered when the site is built: TypeScript's own declarations and those of what cells import. */
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"
import { OPTIONS, PACKAGES } from "./options.ts"

/** A field of a Kubernetes object has a paragraph, which the API's reference has, too; they are a fifth of the whole. */
const WITHOUT_COMMENTS = "/node_modules/kubernetes-types/"

/** Texts by path, as on a machine with nothing else: `/lib/…`, `/node_modules/…`, `/globals.d.ts`. */
export function typesLibrary(root: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    "/globals.d.ts": readFileSync(join(root, "site/types/globals.d.ts"), "utf8"),
  }
  const dependencies: Record<string, string> = {}
  for (const name of PACKAGES) {
    const { version, types } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"))
    files[`/node_modules/${name}/package.json`] = JSON.stringify({ name, version, types })
    dependencies[name] = version
  }
  // What can stand behind `from` is looked up here.
  files["/package.json"] = JSON.stringify({ dependencies })
  for (const { fileName, text } of program(root).getSourceFiles()) {
    const path = libraryPath(root, fileName)
    if (path !== undefined) files[path] = path.startsWith(WITHOUT_COMMENTS) ? withoutComments(text) : text
  }
  return files
}

/** A program that imports them all: what it reads is what is needed. */
function program(root: string): ts.Program {
  const entry = join(root, "every-package.ts")
  const text = PACKAGES.map((name) => `import ${JSON.stringify(name)}`).join("\n")
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => path === entry || fileExists(path)
  host.readFile = (path) => (path === entry ? text : readFile(path))
  host.getSourceFile = (path, version, ...rest) =>
    path === entry ? ts.createSourceFile(path, text, version) : getSourceFile(path, version, ...rest)
  const made = ts.createProgram([entry], OPTIONS, host)
  const missing = made.getSemanticDiagnostics(made.getSourceFile(entry))
  if (missing.length > 0)
    throw new Error(missing.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")).join("\n"))
  return made
}

function libraryPath(root: string, file: string): string | undefined {
  const lib = realpathSync(dirname(ts.getDefaultLibFilePath(OPTIONS)))
  const real = existsSync(file) ? realpathSync(file) : file
  if (real.startsWith(lib)) return `/lib${real.slice(lib.length)}`
  const inside = real.lastIndexOf("/node_modules/")
  if (inside >= 0) return real.slice(inside)
  // podwire is the repository itself, linked.
  const dist = join(realpathSync(root), "dist")
  return real.startsWith(dist) ? `/node_modules/podwire/dist${real.slice(dist.length)}` : undefined
}

function withoutComments(text: string): string {
  const file = ts.createSourceFile("x.d.ts", text, ts.ScriptTarget.ES2022)
  return ts.createPrinter({ removeComments: true }).printFile(file)
}
