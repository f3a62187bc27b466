/** --write-out: `%{variable}` and backslash escapes. */
import { SECOND } from "../../sim/simulation.ts"
import { formatIpv4 } from "../../wire/address.ts"
import type { Session } from "./session.ts"

/** How the transfer ended. */
interface Outcome {
  code: number
  message: string
  connects: number
}

/** The text, and the variables that curl does not know. */
export function writeOut(format: string, session: Session, outcome: Outcome): { text: string; unknown: string[] } {
  const variables = variablesOf(session, outcome)
  const unknown: string[] = []
  const text = format.replace(/%%|%\{(\w+)\}|\\([ntr])/g, (whole, name?: string, letter?: string) => {
    if (whole === "%%") return "%"
    if (letter !== undefined) return { n: "\n", t: "\t", r: "\r" }[letter] ?? ""
    const value = variables[name as string]
    if (value === undefined) unknown.push(name as string)
    return value ?? ""
  })
  return { text, unknown }
}

const seconds = (nanoseconds: number): string => (nanoseconds / SECOND).toFixed(6)

function variablesOf({ info, socket }: Session, outcome: Outcome): Readonly<Record<string, string>> {
  const status = String(info.status).padStart(3, "0")
  return {
    http_code: status,
    response_code: status,
    size_download: String(info.size),
    time_total: seconds(info.total),
    time_connect: seconds(info.connect),
    time_starttransfer: seconds(info.startTransfer),
    time_namelookup: seconds(0),
    content_type: info.contentType,
    url_effective: info.effectiveUrl,
    num_redirects: String(info.redirects),
    size_header: String(info.headerSize),
    size_request: String(info.requestSize),
    method: info.method,
    scheme: info.scheme.toUpperCase(),
    http_version: info.status === 0 ? "0" : info.scheme === "https" ? "2" : "1.1",
    filename_effective: info.filename,
    redirect_url: info.redirect,
    exitcode: String(outcome.code),
    errormsg: outcome.message,
    num_connects: String(outcome.connects),
    remote_ip: socket === undefined ? "" : formatIpv4(socket.remoteAddress),
    remote_port: socket === undefined ? "0" : String(socket.remotePort),
    local_ip: socket === undefined ? "" : formatIpv4(socket.localAddress),
    local_port: socket === undefined ? "0" : String(socket.localPort),
  }
}
