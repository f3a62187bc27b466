/** Sends a TLS client's first message and sees whether the server's side answers. */
import { TcpListener, TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import type { Process } from "../../linux/task/process.ts"
import { emitClientHello } from "../../wire/tls-hello.ts"
import { inProcess } from "./in-process.ts"
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
export function sendHello(from: Place, to: Place, port: number, serverName: string): Promise<boolean> {
  return inProcess(from.net, "tls-probe", async (proc) => {
    const options = { source: from.address, timeout: TIMEOUT }
    const socket = await TcpSocket.connect(proc, to.address, port, options)
    if (typeof socket === "string") return false
    await socket.write(proc, emitClientHello(serverName, new Uint8Array(96)))
    const got = await socket.read(proc, 65536, TIMEOUT)
    socket.close()
    return typeof got !== "string" && got.length > 0
  })
}
