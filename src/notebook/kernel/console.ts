/** What cells print with. Models Node's console, as far as it prints. */

/** Node's util.inspect with its defaults, or a faithful copy of it. */
export interface Inspect {
  (value: unknown, options?: object): string
  /** Node's util.format. */
  readonly format: (...args: readonly unknown[]) => string
}

export class Console {
  readonly #inspect: Inspect
  readonly #write: (stream: "stdout" | "stderr", text: string) => void
  readonly #counts = new Map<string, number>()
  #indent = ""

  constructor(inspect: Inspect, write: (stream: "stdout" | "stderr", text: string) => void) {
    this.#inspect = inspect
    this.#write = write
  }

  #print(stream: "stdout" | "stderr", text: string): void {
    const indented = this.#indent === "" ? text : this.#indent + text.replaceAll("\n", `\n${this.#indent}`)
    this.#write(stream, `${indented}\n`)
  }

  // Arrow functions: cells pass them on (`list.forEach(console.log)`).
  readonly log = (...args: readonly unknown[]): void => this.#print("stdout", this.#inspect.format(...args))
  readonly info = (...args: readonly unknown[]): void => this.log(...args)
  readonly debug = (...args: readonly unknown[]): void => this.log(...args)
  readonly error = (...args: readonly unknown[]): void => this.#print("stderr", this.#inspect.format(...args))
  readonly warn = (...args: readonly unknown[]): void => this.error(...args)
  readonly trace = (...args: readonly unknown[]): void => this.error(`Trace: ${this.#inspect.format(...args)}`)
  readonly dir = (value: unknown, options: object = {}): void =>
    this.#print("stdout", this.#inspect(value, { customInspect: false, ...options }))

  readonly assert = (holds: unknown, ...args: readonly unknown[]): void => {
    if (holds) return
    if (typeof args[0] === "string") this.error(`Assertion failed: ${args[0]}`, ...args.slice(1))
    else this.error("Assertion failed", ...args)
  }

  readonly count = (label = "default"): void => {
    const count = (this.#counts.get(label) ?? 0) + 1
    this.#counts.set(label, count)
    this.log(`${label}: ${count}`)
  }
  readonly countReset = (label = "default"): void => {
    this.#counts.delete(label)
  }

  readonly group = (...args: readonly unknown[]): void => {
    if (args.length > 0) this.log(...args)
    this.#indent += "  "
  }
  readonly groupCollapsed = (...args: readonly unknown[]): void => this.group(...args)
  readonly groupEnd = (): void => {
    this.#indent = this.#indent.slice(2)
  }
}
