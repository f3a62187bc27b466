/** The simulated API server on a port, for the real kubectl, with a clock that moves only while a stream is open: what is recorded must not depend on the host's. */
import type { AddressInfo } from "node:net"
import type { Cluster } from "../../src/index.ts"
import { createApiServer } from "../../src/node/serve/api-server.ts"

/** Virtual time that passes per host turn while something is open. */
const STEP = 20_000_000

export interface ApiPort {
  readonly url: string
  /** Waits until no stream is open and the clock stands still. */
  idle(): Promise<void>
  close(): Promise<void>
}

export interface ServeOptions {
  /** The virtual time that streams do not run beyond (none). */
  limit?: () => number
  /** Seconds added to every timestamp in an answer: for a client that reckons ages by its own clock (0). */
  shift?: () => number
}

export async function serveApi(cluster: Cluster, options: ServeOptions = {}): Promise<ApiPort> {
  const { sim } = cluster
  const { limit = () => Number.POSITIVE_INFINITY, shift = () => 0 } = options
  let open = 0
  let pumping = false
  const pump = async (): Promise<void> => {
    if (pumping) return
    pumping = true
    while (open > 0) {
      const step = Math.min(STEP, limit() - sim.now)
      if (step > 0) await sim.advance(step)
      await new Promise((resolve) => setImmediate(resolve))
    }
    pumping = false
  }
  const opened = (): (() => void) => {
    open++
    void pump()
    return () => {
      open--
    }
  }
  const server = createApiServer(await cluster.gateway(), { opened, rewrite: (text) => shiftTimes(text, shift()) })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const idle = async (): Promise<void> => {
    while (open > 0 || pumping) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const close = (): Promise<void> => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, idle, close }
}

/** Moves every RFC 3339 string of a JSON text. */
export function shiftTimes(text: string, seconds: number): string {
  if (seconds === 0) return text
  return text.replace(/"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"/g, (_, time: string, fraction = "") => {
    const moved = new Date(Date.parse(`${time}Z`) + seconds * 1000).toISOString().slice(0, 19)
    return `"${moved}${fraction}Z"`
  })
}
