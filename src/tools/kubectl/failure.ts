/** What goes wrong, and how kubectl says it: one failure in its own form, several one a line. Models pkg/cmd/util/helpers.go checkErr. */
import type { Status } from "../../kube/api/status.ts"

export interface Failure {
  /** What the server said, when it was the server. */
  status?: Status
  /** The words, with what kubectl puts around the server's. */
  message: string
}

/** Ends a command. */
export class Stop {
  readonly failures: readonly Failure[]
  constructor(...failures: Failure[]) {
    this.failures = failures
  }
}

/** Ends the command with `error: <message>`. */
export function fail(message: string): never {
  throw new Stop({ message })
}

/** Bad usage of a command: `See 'kubectl get -h' for help and examples`. */
export function usage(command: string, message: string): never {
  throw new Stop({ message: `${message}\nSee 'kubectl ${command} -h' for help and examples` })
}

/** A Status as a failure; `wrap` puts kubectl's words around the server's. */
export function statusFailure(status: Status, wrap: (message: string) => string = (text) => text): Failure {
  return { status, message: wrap(status.message ?? "") }
}

function fromServer({ status, message }: Failure): string {
  const reason = status?.reason ?? ""
  return reason === "" ? `Error from server: ${message}` : `Error from server (${reason}): ${message}`
}

/** The form of a refused object: kind, name, and a line per cause. */
function invalid(status: Status): string | undefined {
  const { kind = "", name = "", causes = [] } = status.details ?? {}
  if (status.reason !== "Invalid" || kind === "") return undefined
  const lines = [...new Set(causes.map((cause) => `${cause.field ?? ""}: ${cause.message}`))]
  const head = `The ${kind} ${JSON.stringify(name)} is invalid`
  if (lines.length === 0) return head
  return lines.length === 1 ? `${head}: ${lines[0]}` : `${head}: \n${lines.map((line) => `* ${line}`).join("\n")}`
}

/** The text for standard error, with its line break. */
export function failureText(failures: readonly Failure[]): string {
  const [only] = failures
  if (only === undefined) return ""
  if (failures.length > 1)
    return failures
      .map((failure) => `${failure.status === undefined ? failure.message : fromServer(failure)}\n`)
      .join("")
  if (only.status !== undefined) return `${invalid(only.status) ?? fromServer(only)}\n`
  return `${/^(error: |Error|Unable to connect to the server|The connection to the server)/.test(only.message) ? only.message : `error: ${only.message}`}\n`
}
