/** A terminal on a page: a log that screen readers follow, and one line to type in, with history and Tab. */
import { say } from "../i18n/strings.ts"
import { Screen } from "./screen.ts"
import type { FromShell, ToShell } from "./shell.ts"

const HISTORY_MAX = 500

const startShell = (plugin: string): Worker =>
  new Worker(new URL("./terminal-worker.ts", import.meta.url), { type: "module", name: plugin })

export class PageTerminal {
  readonly #shell: Worker | MessagePort
  readonly #screen = new Screen()
  readonly #log: HTMLElement
  readonly #prompt: HTMLElement
  readonly #input: HTMLInputElement
  readonly #history: string[] = []
  /** Which entry of the history is in the line; its length: none. */
  #at = 0

  /** `shell` is the way to one that runs already; without it one is started, on a cluster of its own. */
  constructor(root: HTMLElement, shell?: MessagePort) {
    this.#log = root.querySelector('[role="log"]') as HTMLElement
    this.#prompt = root.querySelector(".pw-prompt") as HTMLElement
    this.#input = root.querySelector("input") as HTMLInputElement
    const form = root.querySelector("form") as HTMLFormElement
    form.hidden = false
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#enter(this.#input.value)
    })
    this.#input.addEventListener("keydown", (event) => this.#key(event))
    root.querySelector("[data-copy]")?.addEventListener("click", () => {
      void navigator.clipboard?.writeText(this.#history.map((line) => `${line}\n`).join(""))
      this.#input.focus()
    })
    root.querySelector("[data-interrupt]")?.addEventListener("click", () => this.#interrupt())
    for (const button of root.querySelectorAll<HTMLButtonElement>("[data-command]"))
      button.addEventListener("click", () => this.#enter(button.dataset["command"] ?? ""))
    this.#shell = shell ?? startShell(root.dataset["cni"] ?? "flannel")
    this.#shell.addEventListener("message", (event) => this.#hear((event as MessageEvent<FromShell>).data))
    shell?.start()
    this.#input.focus()
  }

  /** There is nobody to type at any more. */
  end(why: string): void {
    this.#screen.write(`\n${why}\n`)
    this.#input.disabled = true
    this.#show()
  }

  #send(message: ToShell): void {
    this.#shell.postMessage(message)
  }

  #hear(message: FromShell): void {
    if (message.kind === "output") this.#screen.write(message.text)
    else if (message.kind === "words") this.#complete(message.line, message.words)
    else if (message.kind === "ended") this.end(say("shell.ended", { code: message.code }))
    this.#show()
  }

  #show(): void {
    this.#log.textContent = this.#screen.text
    this.#prompt.textContent = this.#screen.last
    this.#log.scrollTop = this.#log.scrollHeight
  }

  #enter(text: string): void {
    this.#screen.write(`${text}\n`)
    if (text.trim() !== "" && this.#history.at(-1) !== text) this.#history.push(text)
    if (this.#history.length > HISTORY_MAX) this.#history.shift()
    this.#at = this.#history.length
    this.#input.value = ""
    this.#send({ kind: "line", text })
    this.#show()
    this.#input.focus()
  }

  #interrupt(): void {
    this.#screen.write("^C\n")
    this.#input.value = ""
    this.#send({ kind: "interrupt" })
    this.#show()
  }

  #key(event: KeyboardEvent): void {
    const { key, ctrlKey } = event
    const line = this.#input
    if (ctrlKey && key === "c" && line.selectionStart === line.selectionEnd) this.#interrupt()
    else if (ctrlKey && key === "d" && line.value === "") this.#send({ kind: "end" })
    else if (ctrlKey && key === "l") {
      this.#screen.clear()
      this.#show()
    } else if (key === "ArrowUp" || key === "ArrowDown") this.#recall(key === "ArrowUp" ? -1 : 1)
    // On an empty line Tab goes on to what is next on the page.
    else if (key === "Tab" && !event.shiftKey && line.value !== "") this.#send({ kind: "complete", line: line.value })
    else return
    event.preventDefault()
  }

  #recall(step: number): void {
    this.#at = Math.min(Math.max(this.#at + step, 0), this.#history.length)
    this.#input.value = this.#history[this.#at] ?? ""
  }

  /** One word completes the line, several are listed, as bash does. */
  #complete(line: string, words: readonly string[]): void {
    if (line !== this.#input.value || words.length === 0) return
    const word = /[^\s|&;<>(`$]*$/.exec(line)?.[0] ?? ""
    const common = words.reduce((prefix, one) => {
      let same = 0
      while (same < prefix.length && prefix[same] === one[same]) same++
      return prefix.slice(0, same)
    })
    if (common.length > word.length || words.length === 1) {
      const [only = ""] = words
      const end = words.length === 1 ? (only.endsWith("/") ? only : `${only} `) : common
      this.#input.value = line.slice(0, line.length - word.length) + end
    } else this.#screen.write(`${line}\n${words.join("  ")}\n${this.#screen.last}`)
  }
}
