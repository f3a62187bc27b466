/** Ends the program, with a message on standard error. */
export class PingError {
  readonly text: string
  readonly code: number
  constructor(text: string, code: number) {
    this.text = text
    this.code = code
  }
}
