/** Programs that try to reach an address, with the system calls that curl, nc and ping use. */
import { type Errno, strerror } from "../linux/errno.ts"
import { icmpErrno } from "../linux/inet/icmp-errno.ts"
import { RawIcmpSocket } from "../linux/inet/raw.ts"
import { TcpSocket } from "../linux/inet/tcp-socket.ts"
import { UdpSocket } from "../linux/inet/udp-socket.ts"
import type { Kernel } from "../linux/kernel.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { Process } from "../linux/task/process.ts"
import { defineTool } from "../shell/tool.ts"
import * as icmp from "../wire/icmp.ts"

/** How an attempt is made: a TCP connection, a UDP datagram, an ICMP echo request. */
export type ReachProtocol = "tcp" | "udp" | "icmp"

export interface Probe {
  readonly protocol: ReachProtocol
  readonly address: number
  /** 0 for ICMP. */
  readonly port: number
  /** Nanoseconds. */
  readonly timeout: number
}

/** `undefined` when the other end answered, otherwise what the system call returned. */
export type ProbeResult = Errno | undefined

const PAYLOAD = new TextEncoder().encode("podwire\n")

/** Runs a probe as a process of the machine, in a network namespace; the answer and how long it took, in nanoseconds. */
export async function runProbe(
  kernel: Kernel,
  net: NetNamespace,
  probe: Probe,
): Promise<{ errno: ProbeResult; elapsed: number }> {
  let errno: ProbeResult = "EINTR"
  let elapsed = 0
  const tool = defineTool("reach", async (proc) => {
    const start = kernel.sim.now
    errno = await PROBES[probe.protocol](proc, probe)
    elapsed = kernel.sim.now - start
    return 0
  })
  const proc = kernel.processes.run(["reach"], { tool, net })
  if (typeof proc === "string") throw new Error(`reach: ${strerror(proc)}`)
  await kernel.sim.until(() => proc.status !== undefined)
  return { errno, elapsed }
}

const PROBES: Readonly<Record<ReachProtocol, (proc: Process, probe: Probe) => Promise<ProbeResult>>> = {
  async tcp(proc, { address, port, timeout }) {
    const socket = await TcpSocket.connect(proc, address, port, { timeout })
    if (typeof socket === "string") return socket
    socket.close()
    return undefined
  },

  /** Without an answer it is not known here whether the datagram arrived. */
  async udp(proc, { address, port, timeout }) {
    const socket = new UdpSocket(proc.net)
    try {
      const errno = socket.connect(address, port) ?? socket.send(PAYLOAD)
      if (errno !== undefined) return errno
      const answer = await socket.receiveFrom(proc, timeout)
      return typeof answer === "string" ? answer : undefined
    } finally {
      socket.close()
    }
  },

  async icmp(proc, { address, timeout }) {
    const socket = new RawIcmpSocket(proc.net)
    try {
      return await ping(proc, socket, address, timeout)
    } finally {
      socket.close()
    }
  },
}

async function ping(proc: Process, socket: RawIcmpSocket, address: number, timeout: number): Promise<ProbeResult> {
  const { sim } = proc.kernel
  const echo = new Uint8Array(icmp.LENGTH + PAYLOAD.length)
  const id = proc.pid & 0xffff
  icmp.emit(new DataView(echo.buffer), 0, icmp.IcmpType.ECHO, 0, (id << 16) | 1)
  echo.set(PAYLOAD, icmp.LENGTH)
  const sent = socket.send(address, echo)
  if (sent !== undefined) return typeof sent === "string" ? sent : "EMSGSIZE"
  const deadline = sim.now + timeout
  for (;;) {
    const message = await socket.receiveFrom(proc, deadline - sim.now)
    if (message === undefined) return "ETIMEDOUT"
    const view = new DataView(message.data.buffer, message.data.byteOffset)
    if (icmp.echoId(view, 0) !== id) continue
    if (message.error !== undefined) return icmpErrno(message.error.type, message.error.code)?.errno ?? "EHOSTUNREACH"
    if (icmp.type(view, 0) === icmp.IcmpType.ECHO_REPLY) return undefined
  }
}
