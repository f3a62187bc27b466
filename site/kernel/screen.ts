/** What a terminal shows of what programs print: lines, with carriage returns and backspaces done, colours and cursor movements left out. */

/** Older lines are forgotten. */
const LINES_MAX = 2000

export class Screen {
  #lines: string[] = [""]
  /** Where in the last line the next character goes. */
  #column = 0

  write(text: string): void {
    // ECMA-48 control sequences: a page's terminal is read, not drawn on.
    for (const part of text.replaceAll(CONTROL, "").split(/([\n\r\b])/)) {
      if (part === "\n") {
        this.#lines.push("")
        this.#column = 0
      } else if (part === "\r") this.#column = 0
      else if (part === "\b") this.#column = Math.max(0, this.#column - 1)
      else this.#put(part)
    }
    if (this.#lines.length > LINES_MAX) this.#lines.splice(0, this.#lines.length - LINES_MAX)
  }

  #put(text: string): void {
    const line = this.#lines.at(-1) as string
    this.#lines[this.#lines.length - 1] = line.slice(0, this.#column) + text + line.slice(this.#column + text.length)
    this.#column += text.length
  }

  clear(): void {
    this.#lines = [this.last]
  }

  /** The lines that are complete. */
  get text(): string {
    return this.#lines
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join("")
  }

  /** The line that is not: a prompt, mostly. */
  get last(): string {
    return this.#lines.at(-1) as string
  }
}

const CONTROL = new RegExp(`${String.fromCharCode(27)}(?:\\[[0-?]*[ -/]*[@-~]|[@-Z\\\\-_])`, "g")
