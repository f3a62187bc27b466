/** export readonly declare local unset set shift let getopts shopt. */
import { type BuiltinTable, invalidOption, isName, letters, usage } from "../builtin.ts"
import { shellQuote, singleQuote } from "../print.ts"
import type { Shell } from "../shell.ts"
import { ReadOnlyError, type Variable } from "../variables.ts"

const doubleQuote = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&")}"`

/** A line of `declare -p`. */
function declaration(shell: Shell, name: string, variable: Variable): string {
  const flags = `${variable.items === undefined ? "" : "a"}${variable.integer ? "i" : ""}${variable.readonly ? "r" : ""}${variable.exported ? "x" : ""}`
  const head = `declare -${flags === "" ? "-" : flags} ${name}`
  if (variable.items !== undefined)
    return `${head}=(${shell.variables
      .items(name)
      .map(([i, text]) => `[${i}]=${doubleQuote(text)}`)
      .join(" ")})\n`
  return variable.value === undefined ? `${head}\n` : `${head}=${doubleQuote(variable.value)}\n`
}

async function list(shell: Shell, which: (variable: Variable) => boolean, word: string): Promise<number> {
  for (const name of shell.variables.names()) {
    const variable = shell.variables.get(name)
    if (variable === undefined || !which(variable)) continue
    if (shell.isBash) await shell.proc.out(declaration(shell, name, variable))
    else
      await shell.proc.out(`${word} ${name}${variable.value === undefined ? "" : `=${singleQuote(variable.value)}`}\n`)
  }
  return 0
}

/** Does something to each `name` or `name=value`; says which names are none. */
async function eachName(
  shell: Shell,
  builtin: string,
  items: readonly string[],
  act: (name: string, value: string | undefined, append: boolean) => void,
): Promise<number> {
  let code = 0
  for (const item of items) {
    const match = /^([^=]*?)(\+?)(?:=([\s\S]*))?$/.exec(item) as RegExpExecArray
    const name = match[1] as string
    if (!isName(name)) {
      await shell.complainAs(
        builtin,
        shell.isBash ? `\`${item}': not a valid identifier` : `${name}: bad variable name`,
      )
      code = 1
      continue
    }
    try {
      act(name, match[3], match[2] === "+")
    } catch (error) {
      if (!(error instanceof ReadOnlyError)) throw error
      await shell.complain(error.message)
      code = 1
    }
  }
  return code
}

function assign(shell: Shell, name: string, value: string | undefined, append: boolean): void {
  if (value === undefined) return
  const integer = shell.variables.get(name)?.integer === true
  shell.set(name, append ? (integer ? `${shell.get(name) || "0"}+${value}` : (shell.get(name) ?? "") + value) : value)
}

async function exportVariables(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "fnp")
  if (bad !== undefined) return invalidOption(shell, "export", bad, "export [-fn] [name[=value] ...] or export -p")
  if (on.has("f")) {
    await shell.complain("export: podwire does not support option '-f'")
    return 2
  }
  if (argv.length === at) return list(shell, (variable) => variable.exported, "export")
  return eachName(shell, "export", argv.slice(at), (name, value, append) => {
    assign(shell, name, value, append)
    shell.variables.mark(name, { exported: !on.has("n") })
  })
}

async function readonly(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "apfA")
  if (bad !== undefined)
    return invalidOption(shell, "readonly", bad, "readonly [-aAf] [name[=value] ...] or readonly -p")
  if (on.has("f") || on.has("A")) return associative(shell, "readonly", on)
  if (argv.length === at) return list(shell, (variable) => variable.readonly, "readonly")
  return eachName(shell, "readonly", argv.slice(at), (name, value, append) => {
    assign(shell, name, value, append)
    shell.variables.mark(name, { readonly: true })
  })
}

async function associative(shell: Shell, builtin: string, on: ReadonlySet<string>): Promise<number> {
  await shell.complain(
    on.has("A")
      ? `${builtin}: podwire does not support associative arrays`
      : `${builtin}: podwire does not support option '-f'`,
  )
  return 2
}

async function declare(shell: Shell, argv: string[]): Promise<number> {
  const builtin = argv[0] as string
  const text = `${builtin} [-aAfFgiIlnrtux] [name[=value] ...] or ${builtin} -p [-aAfFilnrtux] [name ...]`
  const { on, at, bad } = letters(argv, "aAfFgiIlnprtux")
  if (bad !== undefined) return invalidOption(shell, builtin, bad, text)
  const unsupported = [...on].find((letter) => "AfFIlnt".includes(letter) || letter === "u")
  if (unsupported === "A") return associative(shell, builtin, on)
  if (unsupported !== undefined) {
    await shell.complain(`${builtin}: podwire does not support option '-${unsupported}'`)
    return 2
  }
  const names = argv.slice(at)
  if (on.has("p") || names.length === 0) return printDeclarations(shell, builtin, names)
  return eachName(shell, builtin, names, (name, value, append) => {
    if (shell.variables.inFunction && !on.has("g")) shell.variables.local(name)
    if (on.has("i")) shell.variables.mark(name, { integer: true })
    if (on.has("a")) shell.variables.declareArray(name)
    assign(shell, name, value, append)
    if (value === undefined && shell.variables.get(name) === undefined) shell.variables.mark(name, {})
    if (on.has("r")) shell.variables.mark(name, { readonly: true })
    if (on.has("x")) shell.variables.mark(name, { exported: true })
  })
}

async function printDeclarations(shell: Shell, builtin: string, names: readonly string[]): Promise<number> {
  let code = 0
  for (const name of names.length === 0 ? shell.variables.names() : names) {
    const variable = shell.variables.get(name)
    if (variable !== undefined) await shell.proc.out(declaration(shell, name, variable))
    else {
      await shell.complain(`${builtin}: ${name}: not found`)
      code = 1
    }
  }
  return code
}

async function local(shell: Shell, argv: string[]): Promise<number> {
  if (!shell.variables.inFunction) {
    await shell.complainAs("local", shell.isBash ? "can only be used in a function" : "not in a function")
    if (!shell.isBash) return shell.proc.exit(2)
    return 1
  }
  return declare(shell, argv)
}

async function unset(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "fvn")
  if (bad !== undefined) return invalidOption(shell, "unset", bad, "unset [-f] [-v] [-n] [name ...]")
  let code = 0
  for (const name of argv.slice(at)) {
    const item = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(name)
    try {
      if (on.has("f")) shell.functions.delete(name)
      else if (item !== null && !/^[@*]$/.test(item[2] as string))
        shell.variables.unsetItem(item[1] as string, Number(shell.runner.number(item[2] as string)))
      else if (item === null && shell.variables.get(name) === undefined && !on.has("v")) shell.functions.delete(name)
      else shell.unset(item === null ? name : (item[1] as string))
    } catch (error) {
      if (!(error instanceof ReadOnlyError)) throw error
      await shell.complain(`unset: ${name}: cannot unset: readonly variable`)
      code = 1
    }
  }
  return code
}

const SET_USAGE = "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]"

async function set(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    for (const name of shell.variables.names()) {
      const variable = shell.variables.get(name) as Variable
      if (variable.items !== undefined)
        await shell.proc.out(declaration(shell, name, variable).replace(/^declare -\w+ /, ""))
      else if (variable.value !== undefined)
        await shell.proc.out(
          `${name}=${shell.isBash ? quoteWhenNeeded(variable.value) : singleQuote(variable.value)}\n`,
        )
    }
    return 0
  }
  let at = 1
  for (; /^[-+]./.test(argv[at] ?? "") && argv[at] !== "--"; at++) {
    const on = (argv[at] as string).startsWith("-")
    for (const letter of (argv[at] as string).slice(1)) {
      const name = letter === "o" ? argv[++at] : letter
      if (name === undefined) return listOptions(shell, on)
      const code = await setOption(shell, name, on, letter === "o")
      if (code !== 0) return code
    }
  }
  shell.variables.exportAll = shell.flags.has("allexport")
  if (argv[at] === "--") at++
  else if (argv[at] === "-") {
    shell.flags.set("xtrace", false)
    if (++at === argv.length) return 0
  } else if (at === argv.length) return 0
  shell.args = argv.slice(at)
  return 0
}

const quoteWhenNeeded = (text: string): string => (text === "" ? "" : shellQuote(text))

/** `set -o x`, `set -x`. */
export async function setOption(shell: Shell, name: string, on: boolean, byName: boolean): Promise<number> {
  const result = shell.flags.set(name, on)
  if (result === "done") return 0
  if (result === "unsupported") {
    await shell.complain(`set: podwire does not support option '${byName ? name : `-${name}`}'`)
    return 2
  }
  const sign = on ? "-" : "+"
  if (!shell.isBash) {
    await shell.complainAs("set", `illegal option ${byName ? `${sign}o ${name}` : sign + name}`)
    return shell.proc.exit(2)
  }
  if (byName) {
    await shell.complain(`set: ${name}: invalid option name`)
    return 2
  }
  await shell.complain(`set: ${sign}${name}: invalid option`)
  return usage(shell, SET_USAGE)
}

async function listOptions(shell: Shell, readable: boolean): Promise<number> {
  for (const [name, on] of shell.flags.list())
    await shell.proc.out(readable ? `${name.padEnd(15)}\t${on ? "on" : "off"}\n` : `set ${on ? "-" : "+"}o ${name}\n`)
  return 0
}

async function shift(shell: Shell, argv: string[]): Promise<number> {
  const text = argv[1] ?? "1"
  if (!/^[-+]?\d+$/.test(text)) {
    await shell.complain(
      shell.isBash ? `shift: ${text}: numeric argument required` : `shift: line 0: Illegal number: ${text}`,
    )
    return shell.isBash ? 1 : shell.proc.exit(2)
  }
  const count = Number(text)
  if (count < 0) {
    await shell.complain(`shift: ${text}: shift count out of range`)
    return 1
  }
  if (count > shell.args.length) return 1
  shell.args = shell.args.slice(count)
  return 0
}

async function letArithmetic(shell: Shell, argv: string[]): Promise<number> {
  if (argv.length === 1) {
    await shell.complain("let: expression expected")
    return 1
  }
  let value = 0n
  for (const expression of argv.slice(1)) value = shell.runner.number(expression)
  return value === 0n ? 1 : 0
}

/** Where in a word of several options the next one stands; kept per shell. */
const positions = new WeakMap<Shell, { index: number; at: number }>()

async function getopts(shell: Shell, argv: string[]): Promise<number> {
  const [, spec, name] = argv
  if (spec === undefined || name === undefined) return usage(shell, "getopts optstring name [arg ...]")
  const args = argv.length > 3 ? argv.slice(3) : shell.args
  let index = Math.max(1, Number(shell.get("OPTIND")) || 1)
  if (!shell.isBash && index > args.length + 1) index = 1
  const kept = positions.get(shell)
  let at = kept?.index === index && index > 1 ? kept.at : kept?.index === index ? kept.at : 1
  const word = args[index - 1]
  const ends = at === 1 && (word === undefined || !/^-./.test(word) || word === "--")
  if (word === undefined || ends) {
    shell.set("OPTIND", String(word === "--" ? index + 1 : index))
    shell.set(name, "?")
    positions.delete(shell)
    return 1
  }
  const letter = word[at++] as string
  const silent = spec.startsWith(":")
  const known = letter !== ":" ? spec.indexOf(letter) : -1
  const takes = known >= 0 && spec[known + 1] === ":"
  let [found, value]: [string, string | undefined] = [letter, undefined]
  if (known < 0) {
    found = "?"
    if (silent) value = letter
    else await getoptsError(shell, `illegal option -- ${letter}`, `Illegal option -${letter}`)
  } else if (takes) {
    value = at < word.length ? word.slice(at) : args[index]
    if (at >= word.length && value !== undefined) index++
    at = word.length
    if (value === undefined) {
      found = silent ? ":" : "?"
      if (silent) value = letter
      else await getoptsError(shell, `option requires an argument -- ${letter}`, `No arg for -${letter} option`)
    }
  }
  if (at >= word.length) {
    index++
    at = 1
  }
  positions.set(shell, { index, at })
  shell.set("OPTIND", String(index))
  shell.set(name, found)
  if (value === undefined) shell.unset("OPTARG")
  else shell.set("OPTARG", value)
  return 0
}

async function getoptsError(shell: Shell, bash: string, ash: string): Promise<void> {
  if (shell.get("OPTERR") === "0") return
  await shell.proc.err(shell.isBash ? `${shell.scriptName}: ${bash}\n` : `${ash}\n`)
}

async function shopt(shell: Shell, argv: string[]): Promise<number> {
  const { on, at, bad } = letters(argv, "suqp")
  if (bad !== undefined) return invalidOption(shell, "shopt", bad, "shopt [-pqsu] [-o] [optname ...]")
  let code = 0
  for (const name of argv.slice(at)) {
    if (name === "nullglob") {
      if (on.has("s") || on.has("u")) shell.nullglob = on.has("s")
      else if (!shell.nullglob) code = 1
    } else if (name === "expand_aliases" || name === "checkwinsize") continue
    else {
      await shell.complain(`shopt: podwire does not support '${name}'`)
      code = 1
    }
  }
  return code
}

export const VARIABLE: BuiltinTable = {
  export: exportVariables,
  readonly,
  local,
  unset,
  set,
  shift,
  getopts,
  let: letArithmetic,
}
export const BASH_VARIABLE: BuiltinTable = { declare, typeset: declare, shopt }
