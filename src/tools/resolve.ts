/** Names to addresses, as far as podwire has them: dotted quads and /etc/hosts. */
import type { Process } from "../linux/task/process.ts"
import { parseIpv4 } from "../wire/address.ts"

/** The IPv4 address of a host name, or `undefined`. */
export function resolveHost(proc: Process, name: string): number | undefined {
  const literal = parseIpv4(name)
  if (literal !== undefined) return literal
  const hosts = proc.fs.readText("/etc/hosts")
  if ("errno" in hosts) return undefined
  for (const line of hosts.text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/)
    const parsed = parseIpv4(address)
    if (parsed !== undefined && names.includes(name)) return parsed
  }
  return undefined
}
