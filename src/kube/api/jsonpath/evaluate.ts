/** Runs JSONPath templates on objects. Models client-go/util/jsonpath/jsonpath.go. */
import { goText } from "../go-text.ts"
import { byCodePoint, isDict } from "../json.ts"
import { JsonPathError, type Node } from "./parse.ts"

/** What each piece of a template finds. @throws JsonPathError when it does not fit the object. */
export function findResults(nodes: readonly Node[], root: unknown): unknown[][] {
  return run(nodes, root).results
}

const isEnd = (node: Node): boolean =>
  node.type === "list" && node.nodes[0]?.type === "identifier" && node.nodes[0].name === "end"

/** Runs nodes up to the end of the template, or of the range they are the body of. */
function run(nodes: readonly Node[], root: unknown): { results: unknown[][]; next: number } {
  const results: unknown[][] = []
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node
    if (isEnd(node)) return { results, next: i + 1 }
    const [first, ...path] = node.type === "list" ? node.nodes : []
    if (first?.type !== "identifier" || first.name !== "range") {
      results.push(walk([root], node))
      continue
    }
    const body = nodes.slice(i + 1)
    let next = bodyEnd(body)
    for (const item of walkAll([root], path)) {
      const done = run(body, item)
      results.push(...done.results)
      next = done.next
    }
    i += next
  }
  return { results, next: nodes.length }
}

/** Where the body of a range ends when nothing runs it. */
function bodyEnd(nodes: readonly Node[]): number {
  let depth = 0
  for (const [i, node] of nodes.entries()) {
    if (node.type === "list" && node.nodes[0]?.type === "identifier" && node.nodes[0].name === "range") depth++
    if (isEnd(node) && depth-- === 0) return i + 1
  }
  return nodes.length
}

const walkAll = (input: readonly unknown[], nodes: readonly Node[]): readonly unknown[] =>
  nodes.reduce<readonly unknown[]>((values, node) => walk(values, node), input)

function walk(input: readonly unknown[], node: Node): unknown[] {
  switch (node.type) {
    case "list":
      return [...walkAll(input, node.nodes)]
    case "text":
      return [node.text]
    case "constant":
      return input.map(() => node.value)
    case "field":
      return input.flatMap((value) => member(value, node.name))
    case "wildcard":
      return input.flatMap(children)
    case "recursive":
      return input.flatMap(descend)
    case "union":
      return node.parts.flatMap((part) => [...walkAll(input, part)])
    case "slice":
      return input.flatMap((value) => sliced(value, node))
    case "filter":
      return input.flatMap((value) => filtered(value, node))
    case "identifier":
      throw new JsonPathError(`unrecognized identifier ${node.name}`)
  }
}

const member = (value: unknown, name: string): unknown[] =>
  isDict(value) && value[name] !== undefined ? [value[name]] : []

const children = (value: unknown): unknown[] =>
  Array.isArray(value)
    ? value
    : isDict(value)
      ? Object.keys(value)
          .sort(byCodePoint)
          .map((key) => value[key])
      : []

const descend = (value: unknown): unknown[] =>
  typeof value === "object" && value !== null ? [value, ...children(value).flatMap(descend)] : []

function sliced(value: unknown, { from = 0, to, step = 1, single }: Node & { type: "slice" }): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new JsonPathError(`${goText(value)} is not array or slice`)
  const { length } = value
  const start = from < 0 ? from + length : from
  const stop = to === undefined ? length : to < 0 || (to === 0 && single) ? to + length : to
  if (start === stop) return []
  const outside = (index: number): never => {
    throw new JsonPathError(`array index out of bounds: index ${index}, length ${length}`)
  }
  if (start >= length || start < 0) outside(start)
  if (stop > length || stop < 0) outside(stop - 1)
  if (start > stop) throw new JsonPathError(`starting index ${start} is greater than ending index ${stop}`)
  if (step <= 0) throw new JsonPathError("step must be > 0")
  return value.slice(start, stop).filter((_, i) => i % step === 0)
}

function filtered(value: unknown, { left, right, operator }: Node & { type: "filter" }): unknown[] {
  if (!Array.isArray(value)) throw new JsonPathError(`${goText(value)} is not array or slice and cannot be filtered`)
  return value.filter((item) => {
    const lefts = walkAll([item], left)
    if (operator === "exists") return lefts.length > 0
    const rights = walkAll([item], right)
    if (lefts.length === 0 || rights.length === 0) return false
    if (lefts.length > 1 || rights.length > 1) throw new JsonPathError("can only compare one element at a time")
    return compares(operator, lefts[0], rights[0])
  })
}

function compares(operator: string, left: unknown, right: unknown): boolean {
  if (typeof left !== typeof right) throw new JsonPathError("incompatible types for comparison")
  const [a, b] = [left as string, right as string]
  const verdicts: Readonly<Record<string, boolean>> = {
    "==": a === b,
    "!=": a !== b,
    "<": a < b,
    "<=": a <= b,
    ">": a > b,
    ">=": a >= b,
  }
  const verdict = verdicts[operator]
  if (verdict === undefined) throw new JsonPathError(`unrecognized filter operator ${operator}`)
  return verdict
}
