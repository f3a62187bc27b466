/** Assignments: `x=1`, `x+=1`, `a[i]=1`, `a=(…)`. */
import type { Assignment } from "./ast.ts"
import { expandText, expandValue, expandWords } from "./expand.ts"
import { ExpansionError } from "./expansion.ts"
import { shellQuote } from "./print.ts"
import type { Shell } from "./shell.ts"
import type { Word } from "./token.ts"

/** Carries out an assignment; returns what `set -x` shows of it. */
export async function assign(shell: Shell, { name, subscript, append, value, items }: Assignment): Promise<string> {
  if (items !== undefined) return assignItems(shell, name, append, items)
  const text = await expandValue(value, shell)
  if (subscript !== undefined) {
    if (!/^-?\d+$|^[\w$+*/ -]+$/.test(await expandText(subscript, shell)))
      throw new ExpansionError(`${name}: podwire does not support associative arrays`)
    const index = shell.runner.number(await expandText(subscript, shell))
    shell.setItem(name, index, append ? (shell.valueOf(name, index) ?? "") + text : text)
  } else if (append && shell.variables.get(name)?.integer === true) shell.set(name, `${shell.get(name) || "0"}+${text}`)
  else shell.set(name, append ? (shell.get(name) ?? "") + text : text)
  return shellQuote(text)
}

async function assignItems(shell: Shell, name: string, append: boolean, words: readonly Word[]): Promise<string> {
  const items = new Map(append ? shell.variables.items(name) : [])
  let next = append ? Math.max(-1, ...items.keys()) + 1 : 0
  for (const word of words) {
    const indexed = /^\[([^\]]+)\]=/.exec(word.text)
    if (indexed !== null) {
      const [field = ""] = await expandWords([word], shell)
      next = Number(shell.runner.number(indexed[1] as string))
      items.set(next++, field.slice(field.indexOf("]=") + 2))
    } else for (const field of await expandWords([word], shell)) items.set(next++, field)
  }
  shell.variables.setItems(name, items)
  return `(${words.map((word) => word.text).join(" ")})`
}

/** The values of assignments in front of a command. */
export async function assignedValues(shell: Shell, assignments: readonly Assignment[]): Promise<[string, string][]> {
  const values: [string, string][] = []
  for (const { name, append, value } of assignments) {
    const text = await expandValue(value, shell)
    values.push([name, append ? (shell.get(name) ?? "") + text : text])
  }
  return values
}
