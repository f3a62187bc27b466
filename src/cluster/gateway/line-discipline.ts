/** A terminal between a client in raw mode and a program that reads lines. Models drivers/tty/n_tty.c with ICANON, ECHO, ISIG, ICRNL and ONLCR. */

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const INTR = "\x03"
const EOF = "\x04"
const KILL = "\x15"
/** DEL, as terminals send it, and BS. */
const ERASE = ["\x7f", "\b"]

export interface LineDisciplineHost {
  /** A line, or its beginning at Ctrl-D; empty is the end of the input. */
  input(data: Uint8Array): void
  /** What the client's terminal shows of what is typed. */
  echo(data: Uint8Array): void
  /** Ctrl-C. */
  interrupt(): void
}

export class LineDiscipline {
  readonly #host: LineDisciplineHost
  readonly #decoder = new TextDecoder()
  readonly #encoder = new TextEncoder()
  /** Typed, not handed out yet: characters. */
  #line: string[] = []

  constructor(host: LineDisciplineHost) {
    this.#host = host
  }

  /** What the client typed. */
  type(data: Uint8Array): void {
    for (const character of this.#decoder.decode(data, { stream: true })) this.#key(character)
  }

  #key(character: string): void {
    if (character === INTR) {
      this.#line = []
      this.#echo("^C\r\n")
      this.#host.interrupt()
    } else if (character === EOF) {
      this.#flush()
    } else if (character === "\r" || character === "\n") {
      this.#line.push("\n")
      this.#echo("\r\n")
      this.#flush()
    } else if (ERASE.includes(character)) {
      const erased = this.#line.pop()
      if (erased !== undefined) this.#echo("\b \b".repeat(shown(erased).length))
    } else if (character === KILL) {
      this.#echo("\b \b".repeat(this.#line.map(shown).join("").length))
      this.#line = []
    } else {
      this.#line.push(character)
      this.#echo(shown(character))
    }
  }

  #flush(): void {
    this.#host.input(this.#encoder.encode(this.#line.join("")))
    this.#line = []
  }

  #echo(text: string): void {
    this.#host.echo(this.#encoder.encode(text))
  }
}

/** What a program printed, as the client's terminal gets it. */
export const terminalOutput = (data: Uint8Array): Uint8Array =>
  Uint8Array.from([...data].flatMap((byte) => (byte === LINE_FEED ? [CARRIAGE_RETURN, LINE_FEED] : [byte])))

/** ECHOCTL: `^[` for Escape. */
const shown = (character: string): string =>
  character < " " && character !== "\t" ? `^${String.fromCharCode(character.charCodeAt(0) + 64)}` : character
