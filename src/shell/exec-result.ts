/** What a command printed, and how it ended. Prints as the terminal would show it. */

/** Gives a class its printed form. */
export function printable<T extends object>(type: { prototype: T }, text: (value: T) => string): void {
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: T): string {
      return text(this)
    },
    enumerable: false,
    configurable: true,
  })
}

/** How a command ended and what it printed; prints as the terminal would show it, with a non-zero exit code below. */
export class ExecResult {
  readonly stdout: string
  readonly stderr: string
  /** Both streams in the order they were written. */
  readonly output: string
  /** 0 to 255; 128 + the signal's number when one ended it. */
  readonly code: number

  constructor(stdout: string, stderr: string, output: string, code: number) {
    this.stdout = stdout
    this.stderr = stderr
    this.output = output
    this.code = code
  }

  /** True for exit code 0. */
  get ok(): boolean {
    return this.code === 0
  }

  /** Standard output without the line breaks at its end: `$(…)`. */
  get text(): string {
    return this.stdout.replace(/\n+$/, "")
  }

  /** Standard output as lines. */
  get lines(): string[] {
    const text = this.text
    return text === "" ? [] : text.split("\n")
  }

  /** Standard output parsed as JSON, as `ip -j` and `kubectl -o json` print it. Throws with the output when it is none. */
  json(): unknown {
    try {
      return JSON.parse(this.stdout)
    } catch {
      throw new SyntaxError(
        `the command printed no JSON (exit code ${this.code}): ${JSON.stringify(this.output.slice(0, 200))}`,
      )
    }
  }

  toString(): string {
    return (
      this.output.replace(/\n$/, "") +
      (this.code === 0 ? "" : `${this.output === "" ? "" : "\n"}[exit code ${this.code}]`)
    )
  }
}

printable(ExecResult, (result) => result.toString())
