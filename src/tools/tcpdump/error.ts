/** Ends the program: printed behind its name, exit code 1. */
export class TcpdumpError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export function fail(text: string): never {
  throw new TcpdumpError(`tcpdump: ${text}\n`)
}
