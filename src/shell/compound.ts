/** if, while, until, for, case, { }, (( )), [[ ]]. */
import type { ArithmeticFor, CaseCommand, CompoundCommand, ForCommand, IfCommand, LoopCommand } from "./ast.ts"
import { evaluateCondition } from "./condition.ts"
import { expandPattern, expandText, expandWords } from "./expand.ts"
import { Flow, ReturnFlow } from "./flow.ts"
import { matches } from "./pattern.ts"
import { singleQuote } from "./print.ts"
import type { Shell } from "./shell.ts"
import type { Word } from "./token.ts"

/** A turn of a loop that does nothing costs this many steps all the same. */
const TURN_STEPS = 1

/** Runs a compound command in this shell and returns its status. */
export async function runCompound(shell: Shell, command: CompoundCommand): Promise<number> {
  const { runner } = shell
  switch (command.type) {
    case "group":
    case "subshell":
      return runner.list(command.body)
    case "arithmetic":
      return arithmetic(shell, command.expression)
    case "condition":
      return (await evaluateCondition(shell, command.expression)) ? 0 : 1
    case "if":
      return runIf(shell, command)
    case "loop":
      return runLoop(shell, command)
    case "for":
      return runFor(shell, command)
    case "arithmetic-for":
      return runArithmeticFor(shell, command)
    case "case":
      return runCase(shell, command)
  }
}

async function arithmetic(shell: Shell, expression: Word): Promise<number> {
  const text = await expandText(expression, shell)
  if (shell.flags.has("xtrace")) await shell.runner.trace([], ["((", text.trim(), "))"])
  return shell.runner.number(text) === 0n ? 1 : 0
}

async function runIf(shell: Shell, command: IfCommand): Promise<number> {
  const { runner } = shell
  for (const { condition, body } of command.branches)
    if (await runner.test(() => runner.list(condition))) return runner.list(body)
  if (command.otherwise !== undefined) return runner.list(command.otherwise)
  return 0
}

async function runLoop(shell: Shell, command: LoopCommand): Promise<number> {
  const { runner } = shell
  let status = 0
  await looping(
    shell,
    async () => {
      if ((await runner.test(() => runner.list(command.condition))) === command.until) return false
      status = await runner.list(command.body)
      return true
    },
    (code) => (status = code),
  )
  return status
}

async function runFor(shell: Shell, command: ForCommand): Promise<number> {
  const items = command.words === undefined ? [...shell.args] : await expandWords(command.words, shell)
  if (!/^[A-Za-z_]\w*$/.test(command.name)) {
    await shell.complain(
      shell.isBash ? `\`${command.name}': not a valid identifier` : `${command.name}: bad variable name`,
    )
    return 1
  }
  const shown = command.words?.map((word) => word.text).join(" ") ?? '"$@"'
  let next = 0
  let status = 0
  await looping(
    shell,
    async () => {
      if (next === items.length) return false
      if (shell.flags.has("xtrace") && shell.isBash) await shell.runner.trace([], ["for", command.name, "in", shown])
      shell.set(command.name, items[next++] as string)
      status = await shell.runner.list(command.body)
      return true
    },
    (code) => (status = code),
  )
  return status
}

async function runArithmeticFor(shell: Shell, command: ArithmeticFor): Promise<number> {
  const evaluate = async (word: Word, empty: bigint): Promise<bigint> =>
    word.text === "" ? empty : shell.runner.number(await expandText(word, shell))
  await evaluate(command.init, 0n)
  let status = 0
  let first = true
  await looping(
    shell,
    async () => {
      if (!first) await evaluate(command.step, 0n)
      first = false
      if ((await evaluate(command.test, 1n)) === 0n) return false
      status = await shell.runner.list(command.body)
      return true
    },
    (code) => (status = code),
  )
  return status
}

/** Repeats `turn` until it says false, minding break and continue. */
async function looping(shell: Shell, turn: () => Promise<boolean>, left: (status: number) => void): Promise<void> {
  shell.loopDepth++
  try {
    for (let going = true; going; ) {
      try {
        going = await turn()
      } catch (thrown) {
        if (!(thrown instanceof Flow) || thrown instanceof ReturnFlow) throw thrown
        shell.status = thrown.status
        left(thrown.status)
        if (--thrown.levels > 0) throw thrown
        if (thrown.kind === "break") return
      }
      shell.proc.checkSignals()
      await shell.proc.step(TURN_STEPS)
    }
  } finally {
    shell.loopDepth--
  }
}

async function runCase(shell: Shell, command: CaseCommand): Promise<number> {
  const subject = await expandText(command.subject, shell)
  if (shell.flags.has("xtrace") && shell.isBash)
    await shell.runner.trace(
      [],
      ["case", /^[\w@%+=:,./-]*$/.test(subject) && subject !== "" ? subject : singleQuote(subject), "in"],
    )
  let falls = false
  let status = 0
  for (const { patterns, body, end } of command.clauses) {
    if (!falls && !(await oneMatches(shell, subject, patterns))) continue
    status = body.length === 0 ? 0 : await shell.runner.list(body)
    if (end === ";;") return status
    falls = end === ";&"
  }
  return status
}

async function oneMatches(shell: Shell, subject: string, patterns: readonly Word[]): Promise<boolean> {
  for (const pattern of patterns) if (matches(subject, await expandPattern(pattern, shell))) return true
  return false
}
