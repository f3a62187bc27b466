/** cilium-envoy: the program of the cilium-envoy DaemonSet. One per node, in the node's own network namespace. */
import { TcpListener } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Tool } from "../../../linux/task/tool.ts"
import { defineTool } from "../../../shell/tool.ts"
import { ipv4 } from "../../../wire/address.ts"
import { ProxyConnection } from "./connection.ts"
import { serveTls } from "./tls-connection.ts"
import { proxyMark } from "./upstream.ts"
import { type ProxyListener, type Xds, xdsOf } from "./xds.ts"

const LOCALHOST = ipv4("127.0.0.1")

/** Serves every listener the agent publishes, from when it is published. */
export const ciliumEnvoy: Tool = defineTool("cilium-envoy", async (proc) => {
  const xds = xdsOf(proc.kernel)
  const open = new Map<number, TcpListener>()
  for (;;) {
    for (const [port, listener] of open)
      if (!xds.listeners.has(port)) {
        listener.close()
        open.delete(port)
      }
    for (const wanted of xds.listeners.values()) if (!open.has(wanted.port)) await start(proc, xds, wanted, open)
    await proc.task.wait(xds.changed)
  }
})

async function start(proc: Process, xds: Xds, wanted: ProxyListener, open: Map<number, TcpListener>): Promise<void> {
  const listener = TcpListener.listen(proc.net, LOCALHOST, wanted.port, {
    transparent: true,
    mark: proxyMark(wanted.ingress, 0),
  })
  if (typeof listener === "string") {
    await proc.err(`cannot bind '127.0.0.1:${wanted.port}': ${listener}\n`)
    return
  }
  open.set(wanted.port, listener)
  proc.spawn(proc.argv, { tool: { name: "cilium-envoy", main: (child) => accept(child, xds, wanted, listener) } })
}

async function accept(proc: Process, xds: Xds, wanted: ProxyListener, listener: TcpListener): Promise<number> {
  let connections = 0
  for (;;) {
    const socket = await listener.accept(proc)
    const { maps } = xds
    if (maps === undefined) {
      socket.close()
      continue
    }
    const prng = proc.kernel.prng.fork(`envoy/${wanted.port}/${connections++}`)
    const worker = proc.spawn(proc.argv, {
      tool: {
        name: "cilium-envoy",
        async main(child) {
          if (wanted.parser === "tls") await serveTls(child, socket, xds, maps, wanted)
          else await new ProxyConnection(child, socket, xds, maps, wanted, prng).serve()
          return 0
        },
      },
    })
    if (typeof worker === "string") socket.close()
    else proc.children.delete(worker)
  }
}
