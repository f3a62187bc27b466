/** tslab's `display`: one MIME type a call. */
import type { DisplayOutput } from "../ipynb.ts"

type Show = (data: Record<string, unknown>) => DisplayOutput

export class Display {
  readonly #show: Show
  /** Of `newDisplay()`: later calls replace what it shows. */
  readonly #updates: boolean
  #shown: DisplayOutput | undefined

  constructor(show: Show, updates: boolean) {
    this.#show = show
    this.#updates = updates
  }

  html(text: string): void {
    this.raw("text/html", text)
  }

  markdown(text: string): void {
    this.raw("text/markdown", text)
  }

  latex(text: string): void {
    this.raw("text/latex", text)
  }

  svg(text: string): void {
    this.raw("image/svg+xml", text)
  }

  javascript(text: string): void {
    this.raw("text/javascript", text)
  }

  text(text: string): void {
    this.raw("text/plain", text)
  }

  png(bytes: Uint8Array): void {
    this.raw("image/png", bytes)
  }

  jpeg(bytes: Uint8Array): void {
    this.raw("image/jpeg", bytes)
  }

  gif(bytes: Uint8Array): void {
    this.raw("image/gif", bytes)
  }

  pdf(bytes: Uint8Array): void {
    this.raw("application/pdf", bytes)
  }

  raw(type: string, content: string | Uint8Array): void {
    const data = { [type]: content instanceof Uint8Array ? base64(content) : content }
    if (this.#shown !== undefined && this.#updates) this.#shown.data = data
    else this.#shown = this.#show(data)
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** RFC 4648 section 4. */
function base64(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const digit = (shift: number): string => DIGITS[(three >> shift) & 63] as string
    text += digit(18) + digit(12) + (left > 1 ? digit(6) : "=") + (left > 2 ? digit(0) : "=")
  }
  return text
}
