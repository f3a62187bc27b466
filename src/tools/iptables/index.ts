/** iptables, iptables-save and iptables-restore of iptables 1.8.9 (nf_tables). The work is done by linux/netfilter/xtables, which kube-proxy and flanneld use as well. */
import { strerror } from "../../linux/errno.ts"
import { iptablesCommand } from "../../linux/netfilter/xtables/command.ts"
import { IPTABLES_VERSION } from "../../linux/netfilter/xtables/error.ts"
import { iptablesRestore, iptablesSave, type RestoreOptions } from "../../linux/netfilter/xtables/restore.ts"
import { xtTable } from "../../linux/netfilter/xtables/tables.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { helpOf } from "../help/index.ts"

/** RESOURCE_PROBLEM. */
const NOT_ROOT = 4

async function refuseUser(proc: Process, program: string): Promise<number> {
  await proc.err(
    `${program} ${IPTABLES_VERSION}: Could not fetch rule set generation id: Permission denied (you must be root)\n`,
  )
  return NOT_ROOT
}

const asksVersion = (words: readonly string[]): boolean => words.some((word) => word === "-V" || word === "--version")

const asksHelp = (word: string): boolean => word === "-h" || word === "--help"

/** A match and a target would add their own to it. */
async function help(proc: Process, words: readonly string[]): Promise<number> {
  const extension = words.findIndex((word) => /^(-[mjp]|--(match|jump|protocol))$/.test(word))
  if (extension >= 0) {
    await proc.err(
      `iptables ${IPTABLES_VERSION}: podwire does not support the help of '${words[extension + 1]}' (only iptables -h)\n`,
    )
    return 2
  }
  await proc.out((await helpOf(proc, "iptables")).help)
  return 0
}

export const iptables: Tool = defineTool("iptables", async (proc) => {
  const words = proc.argv.slice(1)
  if (asksVersion(words)) {
    await proc.out(`iptables ${IPTABLES_VERSION}\n`)
    return 0
  }
  if (words.some(asksHelp)) return await help(proc, words)
  if (proc.uid !== 0) return await refuseUser(proc, "iptables")
  const result = iptablesCommand(proc.net, words, proc.argv.join(" "))
  await proc.out(result.output)
  await proc.err(result.error)
  return result.code
})

/** Takes what getopt would: a switch for each letter or long name; the words that are left. */
interface Spec {
  readonly letter: string
  readonly long: string
  readonly takesWord?: boolean
}

function readOptions(program: string, words: readonly string[], specs: readonly Spec[]): Map<string, string> | string {
  const found = new Map<string, string>()
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-") || word === "-" || word === "--") {
      const file = word === "--" ? rest.shift() : word
      if (file !== undefined && found.has("")) return "Unknown arguments found on commandline\n"
      if (file !== undefined) found.set("", file)
      continue
    }
    const [name = "", value] = word.startsWith("--") ? word.split("=", 2) : [word]
    const spec = specs.find(({ letter, long }) => name === `-${letter}` || name === `--${long}`)
    if (spec === undefined)
      return name.startsWith("--")
        ? `${program}: unrecognized option '${name}'\n`
        : `${program}: invalid option -- '${name.slice(1)}'\n`
    found.set(spec.letter, spec.takesWord === true ? (value ?? rest.shift() ?? "") : "")
  }
  return found
}

const SAVE_OPTIONS: readonly Spec[] = [
  { letter: "c", long: "counters" },
  { letter: "t", long: "table", takesWord: true },
]

export const iptablesSaveTool: Tool = defineTool("iptables-save", async (proc) => {
  const words = proc.argv.slice(1)
  if (asksVersion(words)) {
    await proc.out(`iptables-save ${IPTABLES_VERSION}\n`)
    return 0
  }
  if (proc.uid !== 0) return await refuseUser(proc, "iptables-save")
  const options = readOptions("iptables-save", words, SAVE_OPTIONS)
  if (typeof options === "string") {
    await proc.err(`${options}Look at manual page \`iptables-save.8' for more information.\n`)
    return 1
  }
  if (options.has("")) {
    await proc.err("Unknown arguments found on commandline\n")
    return 1
  }
  const table = options.get("t")
  if (table !== undefined && xtTable(proc.net, table) === undefined) {
    await proc.err(`Table \`${table}' does not exist\n`)
    return 1
  }
  await proc.out(iptablesSave(proc.net, { ...(table === undefined ? {} : { table }), counters: options.has("c") }))
  return 0
})

const RESTORE_OPTIONS: readonly Spec[] = [
  { letter: "c", long: "counters" },
  { letter: "n", long: "noflush" },
  { letter: "t", long: "test" },
  { letter: "T", long: "table", takesWord: true },
  { letter: "w", long: "wait" },
  { letter: "v", long: "verbose" },
]

export const iptablesRestoreTool: Tool = defineTool("iptables-restore", async (proc) => {
  const words = proc.argv.slice(1)
  if (asksVersion(words)) {
    await proc.out(`iptables-restore ${IPTABLES_VERSION}\n`)
    return 0
  }
  if (words.some(asksHelp)) {
    await proc.err((await helpOf(proc, "iptables-restore")).help)
    return 0
  }
  // -w may have a number of seconds behind it.
  const options = readOptions(
    "iptables-restore",
    words.filter((word, i) => !/^\d+$/.test(word) || words[i - 1] !== "-w"),
    RESTORE_OPTIONS,
  )
  if (typeof options === "string") {
    await proc.err(`${options}Try \`iptables-restore -h' for more information.\n`)
    return 1
  }
  if (options.has("v")) {
    await proc.err("iptables-restore: podwire does not support option '-v'\n")
    return 2
  }
  const text = await readInput(proc, options.get(""))
  if (typeof text !== "string") return 1
  if (proc.uid !== 0 && text !== "") return await refuseUser(proc, "iptables-restore")
  const result = iptablesRestore(proc.net, text, restoreOptions(options, proc.argv.join(" ")))
  await proc.out(result.output)
  await proc.err(result.error)
  return result.code
})

function restoreOptions(options: ReadonlyMap<string, string>, origin: string): RestoreOptions {
  const table = options.get("T")
  const flags = { noflush: options.has("n"), counters: options.has("c"), test: options.has("t"), origin }
  return table === undefined ? flags : { ...flags, table }
}

async function readInput(proc: Process, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return await proc.readText()
  const file = proc.fs.readText(proc.path(name))
  if (!("errno" in file)) return file.text
  await proc.err(`Can't open ${name}: ${strerror(file.errno)}\n`)
  return undefined
}

/** Other families and back ends, refused by name. */
export const refusedTables = (name: string): Tool =>
  defineTool(name, async (proc) => {
    const what = name.startsWith("ip6") ? "IPv6 rules" : name === "nft" ? "nftables' own language" : "the legacy tables"
    await proc.err(`${name}: podwire does not support ${what}\n`)
    return 1
  })
