/** Names to addresses, as far as podwire has them: dotted quads and /etc/hosts. */
import type { Process } from "../linux/task/process.ts"
import { parseIpv4 } from "../wire/address.ts"

/** One to four numbers, decimal, octal or hexadecimal, the last filling what is left. Models inet_aton. */
function parseAton(text: string): number | undefined {
  const parts = text.split(".")
  if (parts.length > 4 || !parts.every((part) => /^(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(part))) return undefined
  const numbers = parts.map((part) => (/^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)))
  const last = numbers.pop() as number
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined
  return numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last)
}

/** The IPv4 address of a host name, or `undefined`. */
export function resolveHost(proc: Process, name: string): number | undefined {
  const literal = parseAton(name)
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
