/** ping as busybox has it. */

import { strerror } from "../linux/errno.ts"
import { RawIcmpSocket } from "../linux/inet/raw.ts"
import type { NetDevice } from "../linux/netdev.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { SECOND } from "../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../wire/address.ts"
import { IcmpType } from "../wire/icmp.ts"
import { busyboxUsage } from "./help/index.ts"
import { echoRequest } from "./ping/echo.ts"
import { resolveHost } from "./resolve.ts"

const TABLE = { 4: false, c: true, s: true, q: false, W: true, w: true, i: true, t: true, I: true }

export const busyboxPing: Tool = defineTool("ping", async (proc) => {
  const parsed = getopt(proc.argv, TABLE)
  if ("kind" in parsed) {
    const asked = proc.argv.length === 2 && parsed.name === "--help"
    await proc.err((asked ? "" : getoptMessage("ping", parsed)) + (await busyboxUsage(proc, "ping")))
    return asked ? 0 : 1
  }
  const given = (name: string): string | undefined => parsed.options.findLast((option) => option.name === name)?.value
  const bad = ["c", "s", "i", "W", "w", "t"]
    .map(given)
    .find((text) => text !== undefined && !/^\d+(\.\d+)?$/.test(text))
  if (bad !== undefined) {
    await proc.err(`ping: invalid number '${bad}'\n`)
    return 1
  }
  const value = (name: string, otherwise: number): number => Number(given(name) ?? otherwise)
  const [host, extra] = parsed.operands
  if (host === undefined || extra !== undefined) {
    await proc.err(await busyboxUsage(proc, "ping"))
    return 1
  }
  const address = await resolveHost(proc, host)
  if (typeof address !== "number") {
    await proc.err(`ping: bad address '${host}'\n`)
    return 1
  }
  const from = given("I")
  const device = from === undefined ? undefined : proc.net.device(from)
  const source = from === undefined || device !== undefined ? undefined : parseIpv4(from)
  if (from !== undefined && device === undefined && (source === undefined || !proc.net.isLocal(source))) {
    await proc.err(
      source === undefined ? `ping: bad address '${from}'\n` : "ping: bind: Cannot assign requested address\n",
    )
    return 1
  }
  const quiet = parsed.options.some((option) => option.name === "q")
  return run(proc, host, address, {
    count: value("c", Number.POSITIVE_INFINITY),
    size: value("s", 56),
    interval: value("i", 1) * SECOND,
    linger: value("W", 10) * SECOND,
    deadline: value("w", Number.POSITIVE_INFINITY) * SECOND,
    ttl: value("t", 0),
    quiet,
    device,
    source,
  })
})

interface Settings {
  count: number
  size: number
  interval: number
  linger: number
  deadline: number
  ttl: number
  quiet: boolean
  device: NetDevice | undefined
  source: number | undefined
}

async function run(proc: Process, host: string, address: number, settings: Settings): Promise<number> {
  const { sim } = proc.kernel
  const socket = new RawIcmpSocket(proc.net)
  const id = proc.pid & 0xffff
  const sent = new Map<number, number>()
  const times: number[] = []
  const started = sim.now
  let stop = false
  proc.on("SIGINT", () => {
    stop = true
    socket.receive({ time: sim.now, source: 0, destination: 0, ttl: 0, tos: 0, data: new Uint8Array(0) })
  })
  await proc.out(`PING ${host} (${formatIpv4(address)}): ${settings.size} data bytes\n`)
  while (!stop && sim.now - started < settings.deadline) {
    const next = started + sent.size * settings.interval
    if (sent.size < settings.count && sim.now >= next) {
      const errno = send(socket, address, id, sent.size, settings)
      if (errno !== undefined) {
        await proc.err(`ping: sendto: ${strerror(errno)}\n`)
        return 1
      }
      sent.set(sent.size, sim.now)
      continue
    }
    if (times.length >= settings.count) break
    const until = sent.size < settings.count ? next : (sent.get(sent.size - 1) ?? 0) + settings.linger
    if (sim.now >= until) break
    const message = await socket.receiveFrom(proc, until - sim.now)
    if (message === undefined || message.error !== undefined || message.data.length < 8) continue
    const view = new DataView(message.data.buffer, message.data.byteOffset)
    const at = sent.get(view.getUint16(6))
    if (view.getUint8(0) !== IcmpType.ECHO_REPLY || view.getUint16(4) !== id || at === undefined) continue
    times.push(message.time - at)
    if (!settings.quiet)
      await proc.out(
        `${message.data.length} bytes from ${formatIpv4(message.source)}: seq=${view.getUint16(6)} ttl=${message.ttl} time=${milliseconds(message.time - at)} ms\n`,
      )
  }
  socket.close()
  const loss = sent.size === 0 ? 0 : Math.floor(((sent.size - times.length) * 100) / sent.size)
  await proc.out(
    `\n--- ${host} ping statistics ---\n${sent.size} packets transmitted, ${times.length} packets received, ${loss}% packet loss\n`,
  )
  if (times.length === 0) return 1
  const average = times.reduce((a, b) => a + b, 0) / times.length
  await proc.out(
    `round-trip min/avg/max = ${milliseconds(Math.min(...times))}/${milliseconds(average)}/${milliseconds(Math.max(...times))} ms\n`,
  )
  return 0
}

const milliseconds = (nanoseconds: number): string => (Math.floor(nanoseconds / 1000) / 1000).toFixed(3)

function send(
  socket: RawIcmpSocket,
  address: number,
  id: number,
  sequence: number,
  settings: Settings,
): "ENETUNREACH" | "EHOSTUNREACH" | undefined {
  const refused = socket.send(address, echoRequest(id, sequence, settings.size), {
    ttl: settings.ttl,
    pmtudisc: "dont",
    ...(settings.device === undefined ? {} : { device: settings.device }),
    ...(settings.source === undefined ? {} : { source: settings.source }),
  })
  return refused === "ENETUNREACH" || refused === "EHOSTUNREACH" ? refused : undefined
}
