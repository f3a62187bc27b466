/** Ends a transfer: printed behind its code, which is curl's exit code. */
export class CurlError {
  readonly code: number
  readonly message: string
  constructor(code: number, message: string) {
    this.code = code
    this.message = message
  }
}
