/** What iptables says when it refuses, and with which exit code. */

/** The release whose words these are. */
export const IPTABLES_VERSION = "v1.8.9 (nf_tables)"

export const XtExit = { OTHER_PROBLEM: 1, PARAMETER_PROBLEM: 2, VERSION_PROBLEM: 3, RESOURCE_PROBLEM: 4 } as const

/** How the words are framed: with the program's version before them and a hint after them, as a bare line, or as the kernel's answer. */
export type XtFrame = "usage" | "bare" | "errno" | "batch" | "plain" | "line"

export class XtError extends Error {
  readonly code: number
  readonly frame: XtFrame

  constructor(message: string, code: number, frame: XtFrame) {
    super(message)
    this.code = code
    this.frame = frame
  }

  /** As iptables prints it; `program` is its name. */
  print(program: string): string {
    const text = this.message
    if (this.frame === "errno") return `${program}: ${text}.\n`
    if (this.frame === "batch") return `${program} ${IPTABLES_VERSION}:  ${text}\n`
    if (this.frame === "plain") return `${program} ${IPTABLES_VERSION}: ${text}\n`
    return `${this.frame === "bare" ? text : `${program} ${IPTABLES_VERSION}: ${text}`}\n${hint(program)}`
  }

  /** As iptables-restore prints it, which says where: for the kernel's answers the line of the command, else the line it has read. */
  printRestore(program: string, line: number): string {
    const text = this.message
    if (this.frame === "errno") return `${program}: line ${line} failed: ${text}.\n`
    if (this.frame === "batch") return `${program} ${IPTABLES_VERSION}: \nline ${line}: ${text}\n`
    if (this.frame === "plain") return this.print(program)
    if (this.frame === "line") return `${text}\n`
    const said = this.frame === "bare" ? text : `${program} ${IPTABLES_VERSION}: ${text}`
    return `${said}\nError occurred at line: ${line}\n${hint(program)}`
  }
}

const hint = (program: string): string => `Try \`${program} -h' or '${program} --help' for more information.\n`

/** A wrong word on the command line (PARAMETER_PROBLEM). */
export function misuse(message: string): never {
  throw new XtError(message, XtExit.PARAMETER_PROBLEM, "usage")
}

/** What the command is about is not there, or may not be so (nft_strerror). */
export function failed(message: string): never {
  throw new XtError(message, XtExit.OTHER_PROBLEM, "errno")
}

/** The kernel refused a part of the batch. */
export function refused(operation: string, error: string, what: string): never {
  throw new XtError(`${operation} failed (${error}): ${what}`, XtExit.RESOURCE_PROBLEM, "batch")
}

/** podwire's own refusal of something that iptables has. */
export function unsupported(what: string): never {
  throw new XtError(`podwire does not support ${what}`, XtExit.PARAMETER_PROBLEM, "usage")
}
