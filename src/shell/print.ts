/** A tree back to text, as bash words it in `type`, `jobs` and the messages about killed programs. Models print_cmd.c. */
import type {
  AndOr,
  Assignment,
  Command,
  CompoundCommand,
  Condition,
  List,
  Pipeline,
  Redirect,
  SimpleCommand,
} from "./ast.ts"

const INDENT = "    "

export function printAndOr(item: AndOr, indent = ""): string {
  return [
    printPipeline(item.first, indent),
    ...item.rest.map(({ operator, pipeline }) => `${operator} ${printPipeline(pipeline, indent)}`),
  ].join(" ")
}

export function printPipeline(pipeline: Pipeline, indent = ""): string {
  const commands = pipeline.commands.map((command) => printCommand(command, indent))
  const joined = commands.reduce(
    (text, next, i) => `${text}${pipeline.errorsToo[i - 1] === true ? " 2>&1" : ""} | ${next}`,
  )
  return `${pipeline.timed === "no" ? "" : pipeline.timed === "bash" ? "time " : "time -p "}${pipeline.negated ? "! " : ""}${joined}`
}

/** A list, a command a line. */
function printList(list: List, indent: string): string {
  return list
    .map((item, i) => {
      const end = item.background ? " &" : i < list.length - 1 ? ";" : ""
      return `${indent}${printAndOr(item, indent)}${end}`
    })
    .join("\n")
}

/** A list on one line, as within brackets. */
function inline(list: List, indent: string): string {
  return list
    .map((item, i) => printAndOr(item, indent) + (item.background ? " &" : i < list.length - 1 ? ";" : ""))
    .join(" ")
}

export function printCommand(command: Command, indent = ""): string {
  if (command.type === "simple") return printSimple(command)
  if (command.type === "function") return printFunction(command.name, command.body, indent)
  return [printCompound(command, indent), ...command.redirects.map(printRedirect)].join(" ")
}

/** `name () …`, as `type name` shows it. */
export function printFunction(name: string, body: Command, indent = ""): string {
  const text =
    body.type === "group"
      ? `{ \n${printList(body.body, indent + INDENT)}\n${indent}}`
      : printCommand(body, indent + INDENT)
  return `${name} () \n${indent}${text}`
}

function printSimple(command: SimpleCommand): string {
  const words = [...command.assignments.map(printAssignment), ...command.words.map((word) => word.text)]
  return [...words, ...command.redirects.map(printRedirect)].join(" ")
}

function printAssignment({ name, subscript, append, value, items }: Assignment): string {
  const index = subscript === undefined ? "" : `[${subscript.parts.map((p) => ("text" in p ? p.text : "")).join("")}]`
  const text = items === undefined ? value.text : `(${items.map((item) => item.text).join(" ")})`
  return `${name}${index}${append ? "+" : ""}=${text}`
}

function printRedirect({ operator, fd, variable, target, here }: Redirect): string {
  const before = variable === undefined ? (fd ?? "") : `{${variable}}`
  return here === undefined
    ? `${before}${operator}${/[<>]&|<<</.test(operator) ? "" : " "}${target.text}`
    : `${before}${operator}${here.delimiter}`
}

function printCompound(command: CompoundCommand, indent: string): string {
  const deeper = indent + INDENT
  const body = (list: List): string => `${printList(list, deeper)};\n${indent}`
  switch (command.type) {
    case "group":
      return `{ ${inline(command.body, indent)}; }`
    case "subshell":
      return `( ${inline(command.body, indent)} )`
    case "arithmetic":
      return `((${command.expression.text}))`
    case "condition":
      return `[[ ${printCondition(command.expression)} ]]`
    case "if":
      return `${command.branches
        .map(
          ({ condition, body: then }, i) =>
            `${i === 0 ? "if" : "elif"} ${inline(condition, indent)}; then\n${body(then)}`,
        )
        .join("")}${command.otherwise === undefined ? "" : `else\n${body(command.otherwise)}`}fi`
    case "loop":
      return `${command.until ? "until" : "while"} ${inline(command.condition, indent)}; do\n${body(command.body)}done`
    case "for": {
      const words = command.words === undefined ? ' in "$@"' : ` in ${command.words.map((word) => word.text).join(" ")}`
      return `for ${command.name}${words};\n${indent}do\n${body(command.body)}done`
    }
    case "arithmetic-for":
      return `for ((${command.init.text}; ${command.test.text}; ${command.step.text}))\n${indent}do\n${body(command.body)}done`
    case "case": {
      const clauses = command.clauses.map(
        ({ patterns, body: list, end }) =>
          `${deeper}${patterns.map((word) => word.text).join(" | ")})\n${printList(list, deeper + INDENT)}\n${deeper}${end}\n`,
      )
      return `case ${command.subject.text} in \n${clauses.join("")}${indent}esac`
    }
  }
}

export function printCondition(condition: Condition): string {
  switch (condition.type) {
    case "and":
    case "or":
      return `${printCondition(condition.left)} ${condition.type === "and" ? "&&" : "||"} ${printCondition(condition.right)}`
    case "not":
      return `! ${printCondition(condition.operand)}`
    case "group":
      return `( ${printCondition(condition.operand)} )`
    case "unary":
      return `${condition.operator} ${condition.operand.text}`
    case "binary":
      return `${condition.left.text} ${condition.operator} ${condition.right.text}`
    default:
      return condition.word.text
  }
}

/** As `set -x`, `declare -p` and `printf %q` quote: single quotes where they are needed. */
export function shellQuote(text: string): string {
  if (text === "") return "''"
  // biome formats; the set is what sh_contains_shell_metas of lib/sh/shquote.c holds.
  if (!/[\s|&;()<>!{}*[\]?^"'\\$`]|^[~#]|[:=]~/.test(text)) return text
  return /[\x00-\x08\x0b-\x1f\x7f]/.test(text) ? ansiQuote(text) : singleQuote(text)
}

export const singleQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** `$'…'`. */
export function ansiQuote(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
    "\x1b": "\\E",
    "\\": "\\\\",
    "'": "\\'",
  }
  const escaped = [...text].map((c) => {
    const code = c.charCodeAt(0)
    return names[c] ?? (code < 32 || code === 127 ? `\\${code.toString(8).padStart(3, "0")}` : c)
  })
  return `$'${escaped.join("")}'`
}
