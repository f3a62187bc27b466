/** iptables-restore and iptables-save. Models iptables/xtables-restore.c and xtables-save.c. */
import { calendar, MONTHS, WEEKDAYS } from "../../../calendar.ts"
import { SECOND } from "../../../sim/simulation.ts"
import type { NetNamespace } from "../../netns.ts"
import { showing, type XtResult } from "./command.ts"
import { failed, misuse, XtError, XtExit } from "./error.ts"
import { parseCommand } from "./parse.ts"
import { splitWords } from "./quote.ts"
import { tableText } from "./save.ts"
import { XtStage } from "./stage.ts"
import type { XtTable } from "./table.ts"
import { xtTable, xtTables } from "./tables.ts"

export interface RestoreOptions {
  /** Keeps what the text does not name (`-n`). */
  readonly noflush?: boolean
  /** Takes the counters over (`-c`). */
  readonly counters?: boolean
  /** Only looks whether the text is sound (`-t`). */
  readonly test?: boolean
  /** Only this table (`-T`). */
  readonly table?: string
  /** What the rules come from, for explanations. */
  readonly origin?: string
}

/** One line to copy: `iptablesRestore(net, text, { noflush: true })`. Each table's COMMIT takes effect as a whole, or not at all. */
export function iptablesRestore(net: NetNamespace, text: string, options: RestoreOptions = {}): XtResult {
  const restore = new Restore(net, options)
  try {
    restore.read(text)
    return { code: 0, output: restore.output, error: "" }
  } catch (thrown) {
    if (!(thrown instanceof XtError)) throw thrown
    // The kernel answers for a command, the parser for the line it has read.
    const line = thrown.frame === "errno" || thrown.frame === "batch" ? restore.doing : restore.line
    return { code: thrown.code, output: restore.output, error: thrown.printRestore("iptables-restore", line) }
  }
}

class Restore {
  readonly #net: NetNamespace
  readonly #options: RestoreOptions
  #table: XtTable | undefined
  #stage: XtStage | undefined
  /** What COMMIT will do, with the lines that said so. */
  #steps: { line: number; act: (stage: XtStage) => void }[] = []
  #skipping = false
  output = ""
  line = 0
  /** The line of the step that is being done. */
  doing = 0

  constructor(net: NetNamespace, options: RestoreOptions) {
    this.#net = net
    this.#options = options
  }

  read(text: string): void {
    const lines = text.split("\n")
    if (lines.at(-1) === "") lines.pop()
    for (const line of lines) {
      this.line++
      this.doing = this.line
      this.#line(line)
    }
    if (this.#table === undefined) return
    throw new XtError(`iptables-restore: COMMIT expected at line ${this.line + 1}`, XtExit.OTHER_PROBLEM, "line")
  }

  #line(line: string): void {
    if (line === "" || line.startsWith("#")) return
    if (line.startsWith("COMMIT") && this.#table !== undefined) this.#commit()
    else if (line.startsWith("*") && this.#table === undefined) this.#begin(line.slice(1).trim())
    else if (this.#table === undefined)
      throw new XtError(`iptables-restore: line ${this.line} failed`, XtExit.OTHER_PROBLEM, "line")
    else if (this.#skipping) return
    else if (line.startsWith(":")) this.#chain(line.slice(1))
    else this.#rule(line, this.#table)
  }

  #begin(name: string): void {
    const table = xtTable(this.#net, name)
    if (table === undefined) misuse(`iptables-restore: line ${this.line} table name '${name}' invalid`)
    this.#skipping = this.#options.table !== undefined && this.#options.table !== name
    this.#table = table
    this.#stage = new XtStage(this.#net, table, this.#options.origin)
    this.#steps = []
    if (this.#options.noflush !== true && !this.#skipping) this.#stage.flushTable()
  }

  #chain(text: string): void {
    const [name = "", policy, counters] = text.split(/\s+/)
    if (policy === undefined || policy === "") misuse(`iptables-restore: line ${this.line} policy invalid`)
    const found = this.#options.counters === true ? /^\[(\d+):(\d+)\]$/.exec(counters ?? "") : null
    if (policy !== "-" && policy !== "ACCEPT" && policy !== "DROP") failed("Bad policy name")
    this.#step((stage) => stage.declare(name, policy, Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)))
  }

  #rule(line: string, table: XtTable): void {
    const counted = /^\[(\d+):(\d+)\]\s*(.*)$/.exec(line)
    const words = splitWords(counted?.[3] ?? line)
    const keep = this.#options.counters === true && counted !== null
    if (keep) words.push("-c", counted[1] as string, counted[2] as string)
    const command = parseCommand(words, table.name)
    if (command.command === "L" || command.command === "S") {
      // What stands above it counts already.
      this.#run()
      this.output += showing((this.#stage as XtStage).view(), command)
      return
    }
    this.#step((stage) => stage.run(command))
  }

  #step(act: (stage: XtStage) => void): void {
    this.#steps.push({ line: this.line, act })
  }

  #run(): void {
    for (const { line, act } of this.#steps.splice(0)) {
      this.doing = line
      act(this.#stage as XtStage)
    }
  }

  #commit(): void {
    const stage = this.#stage as XtStage
    this.#run()
    if (this.#options.test !== true && !this.#skipping) stage.commit()
    this.#table = undefined
  }
}

const two = (value: number): string => String(value).padStart(2, "0")

/** `Sat Oct 18 06:17:00 2025`. */
function ctime(net: NetNamespace): string {
  const { sim } = net.kernel
  const { year, month, day, hour, minute, second, weekday } = calendar(sim.epoch + Math.floor(sim.now / SECOND))
  return `${WEEKDAYS[weekday]} ${MONTHS[month - 1]} ${String(day).padStart(2)} ${two(hour)}:${two(minute)}:${two(second)} ${year}`
}

/** The rules of a namespace as text that {@link iptablesRestore} takes; tables nobody has touched are left out, unless one is asked for by name. */
export function iptablesSave(net: NetNamespace, options: { table?: string; counters?: boolean } = {}): string {
  return xtTables(net)
    .filter((table) => (options.table === undefined ? table.present : options.table === table.name))
    .map((table) => tableText(table, ctime(net), options.counters === true))
    .join("")
}
