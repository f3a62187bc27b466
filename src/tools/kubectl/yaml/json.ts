/** Whether JSON is well-formed, in the words of Go's encoding/json. Models encoding/json scanner.go. */

export interface JsonProblem {
  /** `invalid character '}' looking for beginning of object key string`. */
  message: string
  /** Characters read up to and including the wrong one. */
  offset: number
}

const SPACE = " \t\r\n"

/** The first error of a JSON text, or `undefined`. */
export function checkJson(text: string): JsonProblem | undefined {
  const checker = new JsonChecker(text)
  try {
    checker.value()
    return undefined
  } catch (thrown) {
    if (thrown instanceof Broken) return thrown.problem
    throw thrown
  }
}

class Broken {
  readonly problem: JsonProblem
  constructor(problem: JsonProblem) {
    this.problem = problem
  }
}

class JsonChecker {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  #wrong(where: string): never {
    const c = this.#text[this.#at]
    if (c === undefined) throw new Broken({ message: "unexpected EOF", offset: this.#at })
    const quoted = c === "'" ? "'\\''" : c === '"' ? `'"'` : `'${JSON.stringify(c).slice(1, -1)}'`
    throw new Broken({ message: `invalid character ${quoted} ${where}`, offset: this.#at + 1 })
  }

  #space(): string {
    while (SPACE.includes(this.#text[this.#at] ?? "x")) this.#at++
    return this.#text[this.#at] ?? ""
  }

  value(): void {
    const c = this.#space()
    if (c === "{") this.#object()
    else if (c === "[") this.#array()
    else if (c === '"') this.#string()
    else if (/[-\d]/.test(c)) this.#number()
    else if (c === "t") this.#word("true")
    else if (c === "f") this.#word("false")
    else if (c === "n") this.#word("null")
    else this.#wrong("looking for beginning of value")
  }

  #object(): void {
    this.#at++
    if (this.#space() === "}") {
      this.#at++
      return
    }
    for (;;) {
      if (this.#space() !== '"') this.#wrong("looking for beginning of object key string")
      this.#string()
      if (this.#space() !== ":") this.#wrong("after object key")
      this.#at++
      this.value()
      if (this.#more("}", "after object key:value pair")) return
    }
  }

  #array(): void {
    this.#at++
    if (this.#space() === "]") {
      this.#at++
      return
    }
    do this.value()
    while (!this.#more("]", "after array element"))
  }

  /** Past a comma: false; past the end: true. */
  #more(end: string, where: string): boolean {
    const c = this.#space()
    if (c !== end && c !== ",") this.#wrong(where)
    this.#at++
    return c === end
  }

  #string(): void {
    this.#at++
    for (;;) {
      const c = this.#text[this.#at]
      if (c === undefined || c < " ") this.#wrong("in string literal")
      this.#at++
      if (c === '"') return
      if (c === "\\") this.#escape()
    }
  }

  #escape(): void {
    const c = this.#text[this.#at] ?? ""
    if (c !== "u" && (c === "" || !'bfnrt\\/"'.includes(c))) this.#wrong("in string escape code")
    this.#at++
    for (let i = 0; c === "u" && i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? "")) this.#wrong("in \\u hexadecimal character escape")
      this.#at++
    }
  }

  #digits(where: string): void {
    if (!/\d/.test(this.#text[this.#at] ?? "")) this.#wrong(where)
    while (/\d/.test(this.#text[this.#at] ?? "")) this.#at++
  }

  #number(): void {
    if (this.#text[this.#at] === "-") this.#at++
    if (this.#text[this.#at] === "0") this.#at++
    else this.#digits("in numeric literal")
    if (this.#text[this.#at] === ".") {
      this.#at++
      this.#digits("after decimal point in numeric literal")
    }
    if (/[eE]/.test(this.#text[this.#at] ?? "")) {
      this.#at++
      if (/[-+]/.test(this.#text[this.#at] ?? "")) this.#at++
      this.#digits("in exponent of numeric literal")
    }
  }

  #word(word: string): void {
    for (const [i, c] of [...word].entries()) {
      if (this.#text[this.#at] !== c) this.#wrong(`in literal ${word} (expecting '${word[i]}')`)
      this.#at++
    }
  }
}
