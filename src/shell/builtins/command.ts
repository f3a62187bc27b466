/** type command builtin eval exec source exit return break continue hash alias, and what bash has for its own sake. */
import { strerror } from "../../linux/errno.ts"
import { DEFAULT_PATH, findProgram } from "../../linux/task/process-table.ts"
import { type BuiltinTable, invalidOption, letters, usage } from "../builtin.ts"
import { external } from "../external.ts"
import { Abandoned, Flow, ReturnFlow } from "../flow.ts"
import { KEYWORDS } from "../parser.ts"
import { printFunction, singleQuote } from "../print.ts"
import type { Shell } from "../shell.ts"

type Kind = "alias" | "keyword" | "function" | "builtin" | "file"

/** What a name stands for, in the order the shell looks. */
function meanings(shell: Shell, name: string): { kind: Kind; path: string }[] {
  const found: { kind: Kind; path: string }[] = []
  if (shell.aliases.has(name) && shell.interactive)
    found.push({ kind: "alias", path: shell.aliases.get(name) as string })
  if (KEYWORDS.has(name) && (shell.isBash || !/^(\[\[|\]\]|function|time|select|coproc)$/.test(name)))
    found.push({ kind: "keyword", path: name })
  if (shell.functions.has(name)) found.push({ kind: "function", path: name })
  const builtin = shell.runner.builtins.get(name)
  if (builtin !== undefined && (shell.isBash || !builtin.bashOnly)) found.push({ kind: "builtin", path: name })
  for (const path of programs(shell, name)) found.push({ kind: "file", path })
  return found
}

/** Every program of that name along PATH. */
function programs(shell: Shell, name: string): string[] {
  const folders = name.includes("/") ? [""] : (shell.get("PATH") ?? DEFAULT_PATH).split(":")
  return folders.flatMap((folder) => {
    const path = folder === "" ? name : `${folder}/${name}`
    const found = findProgram(shell.fs, shell.proc.env, shell.cwd, [path.includes("/") ? path : `./${path}`])
    return typeof found === "string" ? [] : [path]
  })
}

function described(shell: Shell, name: string, { kind, path }: { kind: Kind; path: string }): string {
  switch (kind) {
    case "alias":
      return shell.isBash ? `${name} is aliased to \`${path}'\n` : `${name} is an alias for ${path}\n`
    case "keyword":
      return `${name} is a shell keyword\n`
    case "function": {
      const definition = shell.functions.get(name)
      return definition === undefined || !shell.isBash
        ? `${name} is a function\n`
        : `${name} is a function\n${printFunction(name, definition.body)}\n`
    }
    case "builtin":
      return `${name} is a shell builtin\n`
    case "file":
      return `${name} is ${path}\n`
  }
}

async function type(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "afptP")
  if (bad !== undefined) return invalidOption(shell, "type", bad, "type [-afptP] name [name ...]")
  let code = 0
  for (const name of argv.slice(at)) {
    const all = meanings(shell, name)
    const shown = on.has("a") ? all : all.slice(0, 1)
    if (all.length === 0) {
      if (on.has("t") || on.has("p")) code = 1
      else {
        if (shell.isBash) await shell.complain(`type: ${name}: not found`)
        else await shell.proc.out(`${name}: not found\n`)
        code = shell.isBash ? 1 : 127
      }
    }
    for (const meaning of shown)
      if (on.has("t")) await shell.proc.out(`${meaning.kind}\n`)
      else if (on.has("p") || on.has("P")) {
        if (meaning.kind === "file") await shell.proc.out(`${meaning.path}\n`)
      } else await shell.proc.out(described(shell, name, meaning))
  }
  return code
}

async function command(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(
    argv.slice(0, argv.findIndex((word, i) => i > 0 && !word.startsWith("-")) + 1 || undefined),
    "pvV",
  )
  if (bad !== undefined) return invalidOption(shell, "command", bad, "command [-pVv] command [arg ...]")
  const words = argv.slice(at)
  if (on.has("v") || on.has("V")) return commandVerbose(shell, words, on.has("V"))
  const [name] = words
  if (name === undefined) return 0
  const builtin = shell.runner.builtins.get(name)
  if (builtin !== undefined && (shell.isBash || !builtin.bashOnly)) return builtin.run(shell, words)
  return external(shell, words)
}

async function commandVerbose(shell: Shell, names: readonly string[], verbose: boolean): Promise<number> {
  let code = shell.isBash ? 1 : 0
  for (const name of shell.isBash ? names : names.slice(0, 1)) {
    const [meaning] = meanings(shell, name)
    if (meaning === undefined) {
      if (verbose) await shell.complain(`command: ${name}: not found`)
      if (!shell.isBash) code = 127
      continue
    }
    code = 0
    if (verbose) await shell.proc.out(described(shell, name, meaning))
    else
      await shell.proc.out(
        `${meaning.kind === "alias" ? `alias ${name}=${singleQuote(meaning.path)}` : meaning.path}\n`,
      )
  }
  return code
}

async function builtin(shell: Shell, argv: string[]): Promise<number> {
  const name = argv[1]
  if (name === undefined) return 0
  const found = shell.runner.builtins.get(name)
  if (found !== undefined) return found.run(shell, argv.slice(1))
  await shell.complain(`builtin: ${name}: not a shell builtin`)
  return 1
}

async function evaluate(shell: Shell, argv: string[]): Promise<number> {
  shell.status = 0
  return shell.script(argv.slice(argv[1] === "--" ? 2 : 1).join(" "), "eval")
}

async function exec(shell: Shell, argv: string[]): Promise<number> {
  const { proc } = shell
  if (/^-/.test(argv[1] ?? "") && argv[1] !== "--") {
    await shell.complainAs("exec", `podwire does not support option '${argv[1]}'`)
    return 2
  }
  const words = argv.slice(argv[1] === "--" ? 2 : 1)
  if (words.length === 0) return 0
  const errno = proc.exec(words)
  const name = words[0] as string
  const missing = errno === "ENOENT" && !name.includes("/")
  await shell.complainAs(
    "exec",
    `${name}: ${missing || (errno === "ENOENT" && !shell.isBash) ? "not found" : strerror(errno)}`,
  )
  const code = errno === "ENOENT" ? 127 : 126
  return shell.interactive ? code : proc.exit(code)
}

async function source(shell: Shell, argv: string[]): Promise<number> {
  const [builtin = ".", name, ...args] = argv
  if (name === undefined) {
    await shell.complainAs(builtin, "filename argument required")
    return usage(shell, `${builtin} filename [arguments]`)
  }
  const path = name.includes("/") ? name : (alongPath(shell, name) ?? name)
  const read = shell.fs.readText(shell.proc.path(path))
  if ("errno" in read) {
    if (shell.isBash) {
      await shell.complain(
        read.errno === "EISDIR" ? `${builtin}: ${name}: is a directory` : `${name}: ${strerror(read.errno)}`,
      )
      return 1
    }
    await shell.complainAs(".", `can't open '${name}': ${strerror(read.errno)}`)
    return shell.proc.exit(2)
  }
  const saved = { args: shell.args, source: shell.source, line: shell.line }
  if (args.length > 0 && shell.isBash) shell.args = args
  shell.source = path
  shell.sourceDepth++
  try {
    shell.status = 0
    return await shell.script(read.text, "file")
  } catch (thrown) {
    if (thrown instanceof ReturnFlow) return thrown.status
    throw thrown
  } finally {
    shell.sourceDepth--
    shell.source = saved.source
    shell.line = saved.line
    if (args.length > 0 && shell.isBash) shell.args = saved.args
  }
}

function alongPath(shell: Shell, name: string): string | undefined {
  return (shell.get("PATH") ?? "")
    .split(":")
    .map((folder) => `${folder === "" ? "." : folder}/${name}`)
    .find((path) => shell.fs.exists(shell.proc.path(path)))
}

/** The status a number means; undefined after a complaint. */
async function statusOf(shell: Shell, name: string, argv: readonly string[]): Promise<number> {
  const text = argv[1]
  if (text === undefined) return shell.status
  if (!/^\s*[-+]?\d+\s*$/.test(text)) {
    await shell.complain(
      shell.isBash ? `${name}: ${text}: numeric argument required` : `${name}: line 0: Illegal number: ${text}`,
    )
    return 2
  }
  if (argv.length > 2 && shell.isBash) {
    await shell.complain(`${name}: too many arguments`)
    throw new Abandoned(1)
  }
  return Number(text) & 255
}

async function returns(shell: Shell, argv: string[]): Promise<number> {
  const status = await statusOf(shell, "return", argv)
  if (shell.functionNames.length === 0 && shell.sourceDepth === 0) {
    if (!shell.isBash) return shell.proc.exit(status)
    await shell.complain("return: can only `return' from a function or sourced script")
    return 2
  }
  throw new ReturnFlow(status)
}

function leaveLoop(kind: "break" | "continue"): (shell: Shell, argv: string[]) => Promise<number> {
  return async (shell, argv) => {
    if (shell.loopDepth === 0) {
      if (shell.isBash) await shell.complain(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`)
      return 0
    }
    const text = argv[1] ?? "1"
    if (!/^[-+]?\d+$/.test(text)) {
      await shell.complain(`${kind}: ${text}: numeric argument required`)
      return shell.proc.exit(shell.isBash ? 128 : 2)
    }
    if (Number(text) < 1) {
      await shell.complain(`${kind}: ${text}: loop count out of range`)
      throw new Flow("break", shell.loopDepth, 1)
    }
    throw new Flow(kind, Math.min(Number(text), shell.loopDepth))
  }
}

async function alias(shell: Shell, argv: string[]): Promise<number> {
  let code = 0
  const show = (name: string, value: string): Promise<void> =>
    shell.proc.out(`${shell.isBash ? "alias " : ""}${name}=${singleQuote(value)}\n`)
  if (argv.length === 1) for (const [name, value] of [...shell.aliases].sort()) await show(name, value)
  for (const item of argv.slice(1)) {
    const equals = item.indexOf("=")
    if (equals > 0) shell.aliases.set(item.slice(0, equals), item.slice(equals + 1))
    else if (shell.aliases.has(item)) await show(item, shell.aliases.get(item) as string)
    else {
      await shell.complainAs("alias", `${item}${shell.isBash ? ":" : ""} not found`)
      code = 1
    }
  }
  return code
}

async function unalias(shell: Shell, argv: string[]): Promise<number> {
  let code = 0
  if (argv[1] === "-a") shell.aliases.clear()
  else
    for (const name of argv.slice(1))
      if (!shell.aliases.delete(name)) {
        await shell.complainAs("unalias", `${name}: not found`)
        code = 1
      }
  return code
}

async function hash(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    if (shell.isBash) await shell.proc.out("hash: hash table empty\n")
    return 0
  }
  let code = 0
  for (const name of argv.slice(1).filter((word) => !word.startsWith("-")))
    if (programs(shell, name).length === 0) {
      await shell.complain(`hash: ${name}: not found`)
      code = 1
    }
  return code
}

async function umask(shell: Shell, argv: string[]): Promise<number> {
  const { proc } = shell
  const mode = argv[1]
  if (mode === undefined) {
    await proc.out(`${proc.umask.toString(8).padStart(4, "0")}\n`)
    return 0
  }
  if (!/^[0-7]{1,4}$/.test(mode)) {
    await shell.complain(
      `umask: ${/^\d+$/.test(mode) ? `${mode}: octal number out of range` : `podwire does not support '${mode}'`}`,
    )
    return 1
  }
  proc.umask = Number.parseInt(mode, 8)
  return 0
}

/** What programs here may have open: as many as they like. */
async function ulimit(shell: Shell, argv: string[]): Promise<number> {
  if (/^-[a-zA-Z]$/.test(argv[1] ?? "-f") && argv[1] !== "-a" && argv[2] === undefined) {
    await shell.proc.out("unlimited\n")
    return 0
  }
  await shell.complain(`ulimit: podwire does not support '${argv.slice(1).join(" ")}'`)
  return 1
}

/** Words the shell knows and podwire does not have: refused by name. */
const refused = async (shell: Shell, argv: string[]): Promise<number> => {
  await shell.complain(`${argv[0]}: podwire does not support this builtin`)
  return 2
}

export const COMMAND: BuiltinTable = {
  ":": async () => 0,
  true: async () => 0,
  false: async () => 1,
  type,
  command,
  eval: evaluate,
  exec,
  ".": source,
  exit: async (shell, argv) => shell.proc.exit(await statusOf(shell, "exit", argv)),
  return: returns,
  break: leaveLoop("break"),
  continue: leaveLoop("continue"),
  alias,
  unalias,
  hash,
  umask,
  ulimit,
  times: async (shell) => {
    await shell.proc.out("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0
  },
}

export const BASH_COMMAND: BuiltinTable = {
  builtin,
  source,
  history: async (shell) => (shell.interactive ? refused(shell, ["history"]) : 0),
  ...Object.fromEntries(
    "bind complete compgen compopt caller enable fc help logout suspend".split(" ").map((name) => [name, refused]),
  ),
}
