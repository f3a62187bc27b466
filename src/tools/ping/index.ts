/** ping of iputils 20221126. */
import { RawIcmpSocket } from "../../linux/inet/raw.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { resolveHost } from "../resolve.ts"
import { PingError } from "./error.ts"
import { type PingOptions, readOptions } from "./options.ts"
import { findTarget } from "./route.ts"
import { Session } from "./session.ts"
import { VERSION } from "./usage.ts"

export const ping: Tool = defineTool("ping", async (proc) => {
  try {
    const read = readOptions(proc.argv)
    if (read !== "version") return await pingHost(proc, read.options, read.host)
    await proc.out(VERSION)
    return 0
  } catch (thrown) {
    if (!(thrown instanceof PingError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
})

async function pingHost(proc: Process, options: PingOptions, host: string): Promise<number> {
  const { pattern, verbose, family } = options
  await proc.err(options.warnings)
  if (pattern !== undefined) await proc.out(`PATTERN: 0x${hex(pattern)}\n`)
  if (verbose) await proc.err(SOCKETS[family ?? ""])
  const address = await resolveHost(proc, host)
  if (typeof address === "string") throw new PingError(`ping: ${host}: ${UNRESOLVED[address]}\n`, 2)
  if (verbose) await proc.out(`ai->ai_family: AF_INET, ai->ai_canonname: '${host}'\n`)
  const socket = new RawIcmpSocket(proc.net)
  const id = options.ident ?? proc.net.prng.below(65535) + 1
  let session: Session
  try {
    session = new Session(proc, options, await findTarget(proc, options, host, address), socket, id)
    await session.run()
  } finally {
    socket.close()
  }
  return await session.finish()
}

/** gai_strerror's words. */
const UNRESOLVED = {
  EAI_NONAME: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
} as const

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** What -v tells of the sockets. */
const SOCKETS = {
  "": "ping: sock4.fd: 3 (socktype: SOCK_RAW), sock6.fd: 4 (socktype: SOCK_RAW), hints.ai_family: AF_UNSPEC\n\n",
  "-4": "ping: sock4.fd: 3 (socktype: SOCK_RAW), sock6.fd: -1 (socktype: 0), hints.ai_family: AF_INET\n\n",
} as const
