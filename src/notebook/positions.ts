/** Where a cell's text stands in the notebook's file, so that a message can name a line that an editor goes to. */

/** Both from 1. */
export interface Position {
  line: number
  column: number
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g
/** `cells`, the cell, `source`, and the string of a line when they are in a list. */
const SOURCE = /^cells\/(\d+)\/source(?:\/\d+)?$/

interface Fragment {
  offset: number
  text: string
}

/** Made of a file that `parseNotebook` has read: it is JSON, and a notebook. */
export class SourcePositions {
  readonly #text: string
  readonly #fragments = new Map<number, Fragment[]>()

  constructor(text: string) {
    this.#text = text
    eachString(text, (path, offset, literal) => {
      const cell = SOURCE.exec(path)?.[1]
      if (cell === undefined) return
      const known = this.#fragments.get(Number(cell)) ?? []
      known.push({ offset: offset + 1, text: JSON.parse(literal) as string })
      this.#fragments.set(Number(cell), known)
    })
  }

  /** Where a place in the text of the nth cell (from 0) is in the file; its beginning when there is no such place. */
  at(cell: number, { line, column }: Position = { line: 1, column: 1 }): Position {
    const fragments = this.#fragments.get(cell) ?? []
    let left = line
    for (const { offset, text } of fragments) {
      const lines = text.split("\n")
      if (left <= lines.length && !(left === lines.length && text.endsWith("\n"))) {
        const before = [...lines.slice(0, left - 1), (lines[left - 1] as string).slice(0, column - 1)].join("\n")
        return this.#position(offset + JSON.stringify(before).length - 2)
      }
      left -= lines.length - 1
    }
    return this.#position(fragments[0]?.offset ?? 0)
  }

  #position(offset: number): Position {
    const lines = this.#text.slice(0, offset).split("\n")
    return { line: lines.length, column: (lines[lines.length - 1] as string).length + 1 }
  }
}

/** Tells of each string that is a value: its path, its offset, and itself with its quotes. */
function eachString(text: string, visit: (path: string, offset: number, literal: string) => void): void {
  /** Of the objects and lists around: the key or the index that comes now. */
  const path: (string | number)[] = []
  let key: string | undefined
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const last = path.length - 1
    if (token === "[") path.push(0)
    else if (token === "{") path.push("")
    else if (token === "]" || token === "}") path.pop()
    else if (token === ":") path[last] = JSON.parse(key as string) as string
    else if (token === ",") path[last] = typeof path[last] === "number" ? path[last] + 1 : ""
    else if (token.startsWith('"')) {
      // In an object a string before a colon is a key; its path is not known yet.
      if (path[last] === "") key = token
      else visit(path.join("/"), index, token)
    }
  }
}
