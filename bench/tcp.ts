/** TCP pod to pod over VXLAN: how much of it a second of wall time gets through. */
import { TcpListener, TcpSocket } from "../src/linux/inet/tcp-socket.ts"
import type { Process } from "../src/linux/task/process.ts"
import { ipv4 } from "../src/wire/address.ts"
import { createWorld, start, type World } from "../test/support/world.ts"
import { type Contender, compare, type Result, wall } from "./measure.ts"
import type { KernelPeer } from "./peer/kernel.ts"

const TARGET = ipv4("10.244.2.2")
const BULK = 64 << 20
const CHUNK = 1 << 17
const CONNECTIONS = 6000
const PEER_MILLISECONDS = 400

export const conditions =
  "bulk: one connection, 128 kB writes, every segment of at most 1398 bytes a packet of its own; ask: connect, 100 bytes, 100 bytes back, " +
  "close, one connection after the other; kernel: the same calls, segmentation offload on as veth pairs come, or off as podwire's devices " +
  "are; a second is wall time"

type Main = (proc: Process) => Promise<number>

/** A server in the second machine's pod, a client in the first's; wall milliseconds until the client ends. */
async function exchange(server: Main, client: Main): Promise<number> {
  const world: World = createWorld()
  const [a, b] = world.machines
  start(b.kernel, b.pod, server)
  const began = wall()
  const proc = start(a.kernel, a.pod, client)
  await world.sim.until(() => proc.status !== undefined)
  if (proc.status?.code !== 0) throw new Error("the client failed")
  return wall() - began
}

const opened = <T>(result: T | string): T => {
  if (typeof result === "string") throw new Error(result)
  return result
}

async function bulk(): Promise<number> {
  let received = 0
  const sink: Main = async (proc) => {
    const listener = opened(TcpListener.listen(proc.net, 0, 80))
    const socket = await listener.accept(proc)
    for (;;) {
      const data = opened(await socket.read(proc))
      if (data.length === 0) break
      received += data.length
    }
    socket.close()
    return 0
  }
  const source: Main = async (proc) => {
    const socket = opened(await TcpSocket.connect(proc, TARGET, 80))
    const chunk = new Uint8Array(CHUNK).fill(0x55)
    for (let sent = 0; sent < BULK; sent += CHUNK) await socket.write(proc, chunk)
    socket.shutdownWrite()
    while (opened(await socket.read(proc)).length > 0);
    return 0
  }
  const milliseconds = await exchange(sink, source)
  if (received !== BULK) throw new Error(`${received} of ${BULK} bytes arrived`)
  return (received * 8) / milliseconds / 1e6
}

async function ask(): Promise<number> {
  const message = new Uint8Array(100)
  const serve: Main = async (proc) => {
    const listener = opened(TcpListener.listen(proc.net, 0, 80))
    for (;;) {
      const socket = await listener.accept(proc)
      await socket.read(proc)
      await socket.write(proc, message)
      while (opened(await socket.read(proc)).length > 0);
      socket.close()
    }
  }
  const client: Main = async (proc) => {
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = opened(await TcpSocket.connect(proc, TARGET, 80))
      await socket.write(proc, message)
      if (opened(await socket.read(proc)).length !== message.length) return 1
      socket.close()
    }
    return 0
  }
  return (CONNECTIONS * 1000) / (await exchange(serve, client))
}

export async function run(peer: KernelPeer | undefined): Promise<Result[]> {
  const bulkPeers: Contender[] = []
  const askPeers: Contender[] = []
  if (peer !== undefined) {
    const gbit = async (offload: boolean): Promise<number> => {
      peer.offload(offload)
      return ((await peer.tcpBulk(PEER_MILLISECONDS)) * 8) / 1e9
    }
    bulkPeers.push({ name: "kernel bulk, offload off", measure: () => gbit(false) })
    bulkPeers.push({ name: "kernel bulk, offload on", measure: () => gbit(true) })
    askPeers.push({ name: "kernel ask", measure: () => peer.tcpAsk(PEER_MILLISECONDS) })
  }
  return [
    ...(await compare("tcp", "Gbit/s", [{ name: "bulk", measure: bulk }, ...bulkPeers])),
    ...(await compare("tcp", "connections/s", [{ name: "ask", measure: ask }, ...askPeers])),
  ]
}
