/** bash's `a{b,c}d` and `{1..3}`, before every other expansion. */
import type { Word, WordPart } from "./token.ts"

/** More words than this come from a slip of the finger. */
const LIMIT = 100_000

interface Count {
  left: number
}

/** The words a word stands for. Braces that make no list stay as they are. */
export function expandBraces(word: Word): Word[] {
  return expand(word.parts, { left: LIMIT }).map((parts) => ({ parts, text: word.text }))
}

function expand(parts: WordPart[], count: Count, from = 0): WordPart[][] {
  for (let i = from; i < parts.length; i++) {
    const part = parts[i] as WordPart
    if (part.type !== "literal" || part.quoted) continue
    for (let open = part.text.indexOf("{"); open >= 0; open = part.text.indexOf("{", open + 1)) {
      const items = listAt(parts, i, open)
      if (items === undefined) continue
      const before: WordPart[] = [...parts.slice(0, i), { ...part, text: part.text.slice(0, open) }]
      const tails = expand(items.after, count)
      const result: WordPart[][] = []
      for (const item of items.items)
        for (const inner of expand(item, count))
          for (const tail of tails) {
            if (count.left-- <= 0) return [parts]
            result.push([...before, ...inner, ...tail])
          }
      return result
    }
  }
  return [parts]
}

interface BraceList {
  items: WordPart[][]
  after: WordPart[]
}

/** The list whose brace opens at `open` of part `i`; items may hold expansions: `{$a,b}`. */
function listAt(parts: WordPart[], i: number, open: number): BraceList | undefined {
  const opener = parts[i] as { type: "literal"; text: string; quoted: boolean }
  const range = /^\{(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?\}/.exec(opener.text.slice(open))
  if (range !== null) {
    const items = sequence(range[1] as string, range[2] as string, range[3])
    const after: WordPart[] = [{ ...opener, text: opener.text.slice(open + range[0].length) }, ...parts.slice(i + 1)]
    if (items !== undefined) return { items: items.map((text) => [{ ...opener, text }]), after }
  }
  const items: WordPart[][] = [[]]
  let depth = 0
  for (let p = i; p < parts.length; p++) {
    const part = parts[p] as WordPart
    if (part.type !== "literal" || part.quoted) {
      ;(items[items.length - 1] as WordPart[]).push(part)
      continue
    }
    let run = ""
    const flush = (): void => {
      if (run !== "") (items[items.length - 1] as WordPart[]).push({ ...part, text: run })
      run = ""
    }
    for (let c = p === i ? open + 1 : 0; c < part.text.length; c++) {
      const char = part.text[c] as string
      if (char === "{") depth++
      if (char === "}" && depth-- === 0) {
        flush()
        if (items.length < 2) return undefined
        return { items, after: [{ ...part, text: part.text.slice(c + 1) }, ...parts.slice(p + 1)] }
      }
      if (char === "," && depth === 0) {
        flush()
        items.push([])
      } else run += char
    }
    flush()
  }
  return undefined
}

function sequence(from: string, to: string, stepText: string | undefined): string[] | undefined {
  const numeric = /\d/.test(from)
  if (numeric !== /\d/.test(to)) return undefined
  const a = numeric ? Number(from) : from.charCodeAt(0)
  const b = numeric ? Number(to) : to.charCodeAt(0)
  const size = Math.max(1, Math.abs(Number(stepText ?? 1)))
  const length = Math.floor(Math.abs(b - a) / size) + 1
  if (length > LIMIT) return undefined
  const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0
  return Array.from({ length }, (_, i) => {
    const value = a <= b ? a + i * size : a - i * size
    if (!numeric) return String.fromCharCode(value)
    const digits = String(Math.abs(value)).padStart(value < 0 ? width - 1 : width, "0")
    return value < 0 ? `-${digits}` : digits
  })
}
