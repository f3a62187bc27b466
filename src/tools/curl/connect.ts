/** From a URL to a connection: the one at hand, or a new one. */
import { type Errno, strerror } from "../../linux/errno.ts"
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { NetDevice } from "../../linux/netdev.ts"
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import type { Url } from "../http-client.ts"
import { resolveHost } from "../resolve.ts"
import { type HttpStream, TlsStream } from "../tls-stream.ts"
import { CurlError } from "./error.ts"
import type { Session } from "./session.ts"

export async function connect(session: Session, url: Url): Promise<HttpStream> {
  const where = `${url.host}:${url.port}`
  const tls = url.scheme === "https"
  if (tls && session.settings.verbose)
    throw new CurlError(35, "podwire's curl does not support -v with https: there is no handshake to show")
  if (session.stream !== undefined && session.socketFor === where) {
    await session.verbose(
      `* Found bundle for host: 0x55d0c0ffee00 [serially]\n* Can not multiplex, even if we wanted to\n* Re-using existing connection #${session.connections - 1} with host ${url.host}\n`,
    )
    return session.stream
  }
  session.stream?.close()
  const { resolve } = session.settings
  const address = await resolveHost(session.proc, resolve.get(where) ?? url.host)
  if (typeof address === "string") throw new CurlError(6, `Could not resolve host: ${url.host}`)
  if (resolve.has(where)) await sayResolve(session, url)
  await session.verbose(`*   Trying ${formatIpv4(address)}:${url.port}...\n`)
  const socket = await dial(session, url, address)
  socket.sock.noDelay = true
  session.info.connect = session.elapsed
  await session.verbose(
    `* Connected to ${url.host} (${formatIpv4(address)}) port ${url.port} (#${session.connections})\n`,
  )
  session.connections++
  session.socket = socket
  session.stream = tls ? new TlsStream(socket, url.host) : socket
  session.socketFor = where
  return session.stream
}

/** --resolve had the address. */
async function sayResolve(session: Session, url: Url): Promise<void> {
  for (const [entry, to] of session.settings.resolve) await session.verbose(`* Added ${entry}:${to} to DNS cache\n`)
  await session.verbose(`* Hostname ${url.host} was found in DNS cache\n`)
}

async function dial(session: Session, url: Url, address: number): Promise<TcpSocket> {
  const { connectTimeout, localPort } = session.settings
  const begun = session.now
  const left = session.deadline - begun
  const socket = await TcpSocket.connect(session.proc, address, url.port, {
    timeout: Math.min(left, connectTimeout) + MILLISECOND,
    ...localEnd(session),
    ...(localPort === 0 ? {} : { sourcePort: localPort }),
  })
  if (typeof socket !== "string") return socket
  return await failed(session, socket, url, formatIpv4(address), begun, left < connectTimeout)
}

/** --interface: a device's name, or an address of this machine. */
function localEnd({ proc, settings }: Session): { device?: NetDevice; source?: number } {
  const name = settings.device
  if (name === undefined) return {}
  const device = proc.net.device(name)
  if (device !== undefined) return { device }
  const source = parseIpv4(name)
  if (source === undefined) throw new CurlError(45, `Couldn't bind to '${name}'`)
  if (!proc.net.isLocal(source)) throw new CurlError(45, "bind failed with errno 99: Cannot assign requested address")
  return { source }
}

async function failed(
  session: Session,
  errno: Errno,
  url: Url,
  address: string,
  begun: number,
  byMaxTime: boolean,
): Promise<never> {
  const taken = session.now - begun
  const elapsed = Math.floor(taken / MILLISECOND)
  const closing = `* Closing connection ${session.connections}\n`
  const timedOut = errno === "ETIMEDOUT" && taken < 130 * SECOND
  if (timedOut && byMaxTime) {
    const message = `Connection timed out after ${elapsed} milliseconds`
    await session.verbose(`* ${message}\n${closing}`)
    throw new CurlError(28, message)
  }
  if (!timedOut) await session.verbose(`* connect to ${address} port ${url.port} failed: ${strerror(errno)}\n`)
  const reason = timedOut ? "Timeout was reached" : "Couldn't connect to server"
  const message = `Failed to connect to ${url.host} port ${url.port} after ${elapsed} ms: ${reason}`
  await session.verbose(`* ${message}\n${closing}`)
  throw new CurlError(timedOut ? 28 : 7, message)
}
