/** Sends a TLS client's first message and sees whether the server's side answers. */
import { TcpListener, TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"
import { emitClientHello } from "../../wire/tls-hello.ts"
import type { Place } from "./packet-world.ts"

const TIMEOUT = 2e9

/** Servers that send back what they get, one a namespace and port. */
export class MirrorServers {
  readonly #running = new Map<NetNamespace, Set<number>>()

  /** Starts one unless somebody listens there. */
  ensure(net: NetNamespace, port: number): void {
    const ports = this.#running.get(net) ?? new Set()
    if (ports.has(port)) return
    const listener = TcpListener.listen(net, 0, port)
    if (typeof listener === "string") return
    this.#running.set(net, ports.add(port))
    net.kernel.processes.run(["mirror-server"], {
      net,
      tool: {
        name: "mirror-server",
        async main(proc) {
          for (;;) await mirror(proc, await listener.accept(proc))
        },
      },
    })
  }
}

async function mirror(proc: Process, socket: TcpSocket): Promise<void> {
  const data = await socket.read(proc, 65536, TIMEOUT)
  if (typeof data !== "string" && data.length > 0) await socket.write(proc, data)
  socket.close()
}

/** Whether a connection that names this server gets through. */
export async function sendHello(from: Place, to: Place, port: number, serverName: string): Promise<boolean> {
  const { kernel } = from.net
  let through = false
  const proc = kernel.processes.run(["tls-probe"], {
    net: from.net,
    tool: {
      name: "tls-probe",
      async main(child) {
        const options = { source: from.address, timeout: TIMEOUT }
        const socket = await TcpSocket.connect(child, to.address, port, options)
        if (typeof socket === "string") return 1
        await socket.write(child, emitClientHello(serverName, new Uint8Array(96)))
        const got = await socket.read(child, 65536, TIMEOUT)
        through = typeof got !== "string" && got.length > 0
        socket.close()
        return 0
      },
    },
  })
  if (typeof proc === "string") throw new Error(`tls-probe: ${proc}`)
  await kernel.sim.until(() => proc.status !== undefined)
  return through
}
