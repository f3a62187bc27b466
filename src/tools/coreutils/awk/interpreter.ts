/** Runs an awk program over its records. */
import type { Process } from "../../../linux/task/process.ts"
import {
  AwkError,
  type AwkFunction,
  type AwkProgram,
  type Expression,
  type Place,
  type Rule,
  type Statement,
} from "./ast.ts"
import { callBuiltin } from "./builtins.ts"
import { AwkInput } from "./input.ts"
import { AwkOutput } from "./output.ts"
import { Record } from "./record.ts"
import { regexpOf } from "./regexp.ts"
import { compareValues, InputText, toBoolean, toNumber, toText, type Value } from "./value.ts"

export type AwkArray = Map<string, Value | undefined>
type Cell = { value: Value | undefined; array: AwkArray | undefined }

const CALLS_MAX = 500

class Jump {
  readonly kind: "break" | "continue" | "next" | "nextfile" | "exit" | "return"
  readonly value: Value | undefined
  constructor(kind: Jump["kind"], value?: Value) {
    this.kind = kind
    this.value = value
  }
}

export class Interpreter {
  readonly proc: Process
  readonly #program: AwkProgram
  readonly #globals = new Map<string, Cell>()
  readonly #frames: Map<string, Cell>[] = []
  readonly record: Record
  readonly input: AwkInput
  readonly output: AwkOutput
  /** rand()'s seed. */
  seed = 0
  #code = 0

  constructor(proc: Process, program: AwkProgram, operands: readonly string[]) {
    this.proc = proc
    this.#program = program
    this.record = new Record(this)
    this.input = new AwkInput(this, operands)
    this.output = new AwkOutput(proc)
    const initial: [string, Value][] = [
      ["FS", " "],
      ["OFS", " "],
      ["ORS", "\n"],
      ["RS", "\n"],
      ["SUBSEP", "\x1c"],
      ["CONVFMT", "%.6g"],
      ["OFMT", "%.6g"],
      ["NR", 0],
      ["FNR", 0],
      ["RSTART", 0],
      ["RLENGTH", -1],
      ["FILENAME", ""],
      ["ARGC", operands.length + 1],
    ]
    for (const [name, value] of initial) this.set(name, value)
    this.array("ENVIRON", new Map([...proc.env].map(([name, value]) => [name, new InputText(value)])))
    this.array("ARGV", new Map(["awk", ...operands].map((text, i) => [String(i), new InputText(text)])))
  }

  // ── variables ───────────────────────────────────────────────────────────────────────────────

  #cell(name: string): Cell {
    const frame = this.#frames[this.#frames.length - 1]
    const scope = frame?.has(name) === true ? frame : this.#globals
    let cell = scope.get(name)
    if (cell === undefined) {
      cell = { value: undefined, array: undefined }
      scope.set(name, cell)
    }
    return cell
  }

  get(name: string): Value | undefined {
    if (name === "NF") return this.record.count
    return this.#cell(name).value
  }

  set(name: string, value: Value | undefined): void {
    if (name === "NF") this.record.count = toNumber(value)
    else this.#cell(name).value = value
  }

  text(name: string): string {
    return toText(this.get(name))
  }

  array(name: string, replace?: AwkArray): AwkArray {
    const cell = this.#cell(name)
    if (cell.value !== undefined) throw new AwkError(`type error in "${name}": used as an array and as a scalar`)
    if (replace !== undefined) cell.array = replace
    cell.array ??= new Map()
    return cell.array
  }

  isArray(name: string): boolean {
    return this.#cell(name).array !== undefined
  }

  string(value: Value | undefined): string {
    return typeof value === "number" ? toText(value, this.text("CONVFMT")) : toText(value)
  }

  // ── the program ─────────────────────────────────────────────────────────────────────────────

  async run(): Promise<number> {
    const { rules } = this.#program
    const main = rules.filter((rule) => rule.pattern !== "BEGIN" && rule.pattern !== "END")
    const ends = rules.filter((rule) => rule.pattern === "END")
    let exited = await this.#all(rules.filter((rule) => rule.pattern === "BEGIN"))
    if (!exited && main.length + ends.length > 0) exited = await this.#records(main)
    await this.#all(ends)
    await this.output.closeAll()
    return this.#code
  }

  /** Runs actions; true when an exit ended them. */
  async #all(rules: readonly Rule[]): Promise<boolean> {
    try {
      for (const rule of rules) await this.#statement(rule.action as Statement)
      return false
    } catch (thrown) {
      if (!(thrown instanceof Jump) || thrown.kind !== "exit") throw thrown
      if (thrown.value !== undefined) this.#code = toNumber(thrown.value) & 255
      return true
    }
  }

  async #records(rules: readonly Rule[]): Promise<boolean> {
    try {
      for (let text = await this.input.next(); text !== undefined; text = await this.input.next()) {
        this.record.set(text)
        try {
          for (const rule of rules) if (await this.#selects(rule)) await this.#act(rule)
        } catch (thrown) {
          if (!(thrown instanceof Jump) || !thrown.kind.startsWith("next")) throw thrown
          if (thrown.kind === "nextfile") this.input.skipFile()
        }
      }
      return false
    } catch (thrown) {
      if (!(thrown instanceof Jump) || thrown.kind !== "exit") throw thrown
      if (thrown.value !== undefined) this.#code = toNumber(thrown.value) & 255
      return true
    }
  }

  async #act(rule: Rule): Promise<void> {
    if (rule.action !== undefined) return this.#statement(rule.action)
    await this.output.write(undefined, "", this.record.text + this.text("ORS"))
  }

  async #selects(rule: Rule): Promise<boolean> {
    if (rule.pattern === undefined) return true
    const pattern = rule.pattern as Expression
    if (rule.until === undefined) return toBoolean(await this.value(pattern))
    if (!rule.inRange && !toBoolean(await this.value(pattern))) return false
    rule.inRange = !toBoolean(await this.value(rule.until))
    return true
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────

  async #statement(statement: Statement): Promise<void> {
    switch (statement.type) {
      case "block":
        for (const inner of statement.body) await this.#statement(inner)
        return
      case "expression":
        await this.value(statement.expression)
        return
      case "print":
      case "printf":
        return this.#print(statement)
      case "if":
        if (toBoolean(await this.value(statement.test))) await this.#statement(statement.yes)
        else if (statement.no !== undefined) await this.#statement(statement.no)
        return
      case "while":
        return this.#loop(() => this.#test(statement.test), statement.body)
      case "do":
        if (await this.#turn(statement.body)) await this.#loop(() => this.#test(statement.test), statement.body)
        return
      case "for": {
        if (statement.init !== undefined) await this.#statement(statement.init)
        const { test, step } = statement
        return this.#loop(async () => test === undefined || this.#test(test), statement.body, step)
      }
      case "for-in":
        for (const key of inOrder([...this.array(statement.array).keys()])) {
          this.set(statement.name, new InputText(key))
          if (!(await this.#turn(statement.body))) return
        }
        return
      case "delete":
        if (statement.keys === undefined) this.array(statement.array).clear()
        else this.array(statement.array).delete(await this.#key(statement.keys))
        return
      case "exit":
      case "return":
        throw new Jump(statement.type, statement.value === undefined ? undefined : await this.value(statement.value))
      default:
        throw new Jump(statement.type)
    }
  }

  async #test(expression: Expression): Promise<boolean> {
    return toBoolean(await this.value(expression))
  }

  async #loop(test: () => Promise<boolean>, body: Statement, step?: Statement): Promise<void> {
    while (await test()) {
      if (!(await this.#turn(body))) return
      if (step !== undefined) await this.#statement(step)
    }
  }

  /** One turn of a loop's body; false after break. */
  async #turn(body: Statement): Promise<boolean> {
    await this.proc.step()
    this.proc.checkSignals()
    try {
      await this.#statement(body)
    } catch (thrown) {
      if (!(thrown instanceof Jump) || (thrown.kind !== "break" && thrown.kind !== "continue")) throw thrown
      return thrown.kind === "continue"
    }
    return true
  }

  async #print(statement: Extract<Statement, { type: "print" | "printf" }>): Promise<void> {
    const values: (Value | undefined)[] = []
    for (const arg of statement.args) values.push(await this.value(arg))
    const { output } = statement
    const target = output === undefined ? "" : this.string(await this.value(output.target))
    if (statement.type === "printf") {
      const [format, ...args] = values
      return this.output.write(
        output?.operator,
        target,
        callBuiltin(this, "sprintf", [this.string(format), ...args]) as string,
      )
    }
    const format = this.text("OFMT")
    const shown = values.map((value) => toText(value, format)).join(this.text("OFS"))
    await this.output.write(
      output?.operator,
      target,
      (values.length === 0 ? this.record.text : shown) + this.text("ORS"),
    )
  }

  // ── expressions ─────────────────────────────────────────────────────────────────────────────

  async value(expression: Expression): Promise<Value | undefined> {
    switch (expression.type) {
      case "number":
      case "string":
        return expression.value
      case "regexp":
        return Number(regexpOf(expression.source).test(this.record.text))
      case "group":
        return this.value(expression.inner)
      case "variable":
      case "item":
      case "field":
        return this.#read(expression)
      case "assign":
        return this.#assign(expression)
      case "conditional":
        return this.value((await this.#test(expression.test)) ? expression.yes : expression.no)
      case "binary":
        return this.#binary(expression.operator, expression.left, expression.right)
      case "unary": {
        const value = await this.value(expression.operand)
        return expression.operator === "!"
          ? Number(!toBoolean(value))
          : expression.operator === "-"
            ? -toNumber(value)
            : toNumber(value)
      }
      case "step": {
        const old = toNumber(await this.#read(expression.place))
        const changed = expression.operator === "++" ? old + 1 : old - 1
        await this.#write(expression.place, changed)
        return expression.before ? changed : old
      }
      case "match": {
        const text = this.string(await this.value(expression.text))
        return Number(regexpOf(await this.#pattern(expression.regexp)).test(text) !== expression.negated)
      }
      case "in":
        if (expression.array === "") throw new AwkError("syntax error: a list where a value belongs")
        return Number(this.array(expression.array).has(await this.#key(expression.keys)))
      case "call":
        return this.#call(expression.name, expression.args)
      case "builtin":
        return this.#builtin(expression.name, expression.args)
      case "getline":
        return this.#getline(expression)
    }
  }

  /** A regular expression's source: as it stands, or from a text. */
  async #pattern(expression: Expression): Promise<string> {
    return expression.type === "regexp" ? expression.source : this.string(await this.value(expression))
  }

  async #key(keys: readonly Expression[]): Promise<string> {
    const parts: string[] = []
    for (const key of keys) parts.push(this.string(await this.value(key)))
    return parts.join(this.text("SUBSEP"))
  }

  async #read(place: Place): Promise<Value | undefined> {
    if (place.type === "variable") return this.get(place.name)
    if (place.type === "field") return this.record.field(toNumber(await this.value(place.index)))
    const array = this.array(place.name)
    const key = await this.#key(place.keys)
    // Looking at an item makes it.
    if (!array.has(key)) array.set(key, undefined)
    return array.get(key)
  }

  async #write(place: Place, value: Value | undefined): Promise<void> {
    if (place.type === "variable") this.set(place.name, value)
    else if (place.type === "field") this.record.setField(toNumber(await this.value(place.index)), this.string(value))
    else this.array(place.name).set(await this.#key(place.keys), value)
  }

  async #assign({ operator, place, value }: Extract<Expression, { type: "assign" }>): Promise<Value | undefined> {
    const right = await this.value(value)
    const result =
      operator === "=" ? right : arithmetic(operator.slice(0, -1), toNumber(await this.#read(place)), toNumber(right))
    await this.#write(place, result)
    return result
  }

  async #binary(operator: string, left: Expression, right: Expression): Promise<Value> {
    const a = await this.value(left)
    if (operator === "&&") return Number(toBoolean(a) && (await this.#test(right)))
    if (operator === "||") return Number(toBoolean(a) || (await this.#test(right)))
    const b = await this.value(right)
    switch (operator) {
      case " ":
        return this.string(a) + this.string(b)
      case "<":
        return Number(compareValues(a, b) < 0)
      case "<=":
        return Number(compareValues(a, b) <= 0)
      case "==":
        return Number(compareValues(a, b) === 0)
      case "!=":
        return Number(compareValues(a, b) !== 0)
      case ">":
        return Number(compareValues(a, b) > 0)
      case ">=":
        return Number(compareValues(a, b) >= 0)
      default:
        return arithmetic(operator, toNumber(a), toNumber(b))
    }
  }

  async #call(name: string, args: readonly Expression[]): Promise<Value | undefined> {
    const definition = this.#program.functions.get(name)
    if (definition === undefined) throw new AwkError(`function ${name} never defined`)
    if (this.#frames.length >= CALLS_MAX) throw new AwkError(`function ${name}: too many calls inside one another`)
    await this.proc.step()
    this.#frames.push(await this.#frame(definition, args))
    try {
      await this.#statement(definition.body)
      return undefined
    } catch (thrown) {
      if (thrown instanceof Jump && thrown.kind === "return") return thrown.value
      throw thrown
    } finally {
      this.#frames.pop()
    }
  }

  /** Arrays are handed over as they are, and so is what may become one. */
  async #frame({ parameters }: AwkFunction, args: readonly Expression[]): Promise<Map<string, Cell>> {
    const frame = new Map<string, Cell>()
    for (const [i, parameter] of parameters.entries()) {
      const arg = args[i]
      if (arg === undefined) frame.set(parameter, { value: undefined, array: undefined })
      else if (arg.type === "variable" && arg.name !== "NF" && this.#cell(arg.name).value === undefined) {
        const cell = this.#cell(arg.name)
        cell.array ??= new Map()
        frame.set(parameter, { value: undefined, array: cell.array })
      } else frame.set(parameter, { value: await this.value(arg), array: undefined })
    }
    return frame
  }

  async #builtin(name: string, args: readonly Expression[]): Promise<Value | undefined> {
    const [first, second, third] = args
    if (
      name === "length" &&
      first?.type === "variable" &&
      this.isArray(first.name) &&
      this.get(first.name) === undefined
    )
      return this.array(first.name).size
    if (name === "split") {
      if (first === undefined || second?.type !== "variable")
        throw new AwkError("split: the second argument is no array")
      const text = this.string(await this.value(first))
      const separator =
        third === undefined
          ? this.text("FS")
          : third.type === "regexp"
            ? { source: third.source }
            : this.string(await this.value(third))
      const parts = this.record.split(text, separator)
      this.array(second.name, new Map(parts.map((part, i) => [String(i + 1), new InputText(part)])))
      return parts.length
    }
    if (name === "sub" || name === "gsub") return this.#substitute(name === "gsub", args)
    if (name === "match") {
      const text = this.string(await this.value(first as Expression))
      const match = regexpOf(await this.#pattern(second as Expression)).exec(text)
      this.set("RSTART", match === null ? 0 : match.index + 1)
      this.set("RLENGTH", match === null ? -1 : match[0].length)
      return this.get("RSTART")
    }
    const values: (Value | undefined)[] = []
    for (const arg of args) values.push(await this.value(arg))
    if (name === "system" || name === "close" || name === "fflush")
      return this.output.call(name, this.string(values[0]), this.input)
    return callBuiltin(this, name, values)
  }

  async #substitute(all: boolean, [pattern, replacement, target]: readonly Expression[]): Promise<number> {
    if (pattern === undefined || replacement === undefined) throw new AwkError("sub: too few arguments")
    const place: Expression = target ?? { type: "field", index: { type: "number", value: 0 } }
    const regexp = regexpOf(await this.#pattern(pattern), all)
    const text = this.string(await this.value(place))
    const filling = this.string(await this.value(replacement))
    let count = 0
    const result = text.replace(regexp, (match: string) => {
      count++
      return filling.replace(/\\(\\|&)|&/g, (_, escaped?: string) => escaped ?? match)
    })
    const changes = place.type === "variable" || place.type === "item" || place.type === "field"
    if (count > 0 && changes) await this.#write(place, result)
    return count
  }

  async #getline({ place, file, command }: Extract<Expression, { type: "getline" }>): Promise<number> {
    const source = command ?? file
    const name = source === undefined ? undefined : this.string(await this.value(source))
    const text = name === undefined ? await this.input.next() : await this.input.from(name, command !== undefined)
    if (text === undefined || typeof text === "number") return text ?? 0
    if (place !== undefined) await this.#write(place, new InputText(text))
    else this.record.set(text)
    return 1
  }
}

function arithmetic(operator: string, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b
    case "-":
      return a - b
    case "*":
      return a * b
    case "/":
      if (b === 0) throw new AwkError("division by zero")
      return a / b
    case "%":
      if (b === 0) throw new AwkError("division by zero in %")
      return a % b
    default:
      return a ** b
  }
}

/** The order of a hash table is nobody's promise; numbers first, in order, is what most awks show for small arrays. */
function inOrder(keys: string[]): string[] {
  const numeric = keys.every((key) => /^\d+$/.test(key))
  return numeric ? keys.sort((a, b) => Number(a) - Number(b)) : keys
}
