/** hubble-relay: one door to the flows of all nodes. Models hubble-relay/cmd/serve. */
import type { ApiServer } from "../../kube/api/server.ts"
import { TcpListener } from "../../linux/inet/tcp-socket.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { Termination } from "../../shell/termination.ts"
import { defineTool } from "../../shell/tool.ts"
import { logOf } from "./agent/log.ts"

/** The service, and the health server that kubelets probe. */
const PORTS = [4245, 4222]

export const hubbleRelay = (api: ApiServer): Tool =>
  defineTool("hubble-relay", async (proc) => {
    if (proc.argv[1] !== "serve") {
      await proc.err(`Error: podwire's hubble-relay has no "${proc.argv.slice(1).join(" ")}"\n`)
      return 1
    }
    const log = logOf(proc)
    const end = new Termination(proc)
    log("info", "Starting server...", "hubble-relay", {
      options: "{peerTarget:hubble-peer.kube-system.svc.cluster.local.:443 listenAddress::4245}",
    })
    for (const port of PORTS) if (!listen(proc, port)) return 1
    for (const { metadata } of api.registry.list(api.registry.resource("nodes")))
      log("info", "Connecting", "hubble-relay", { address: `${metadata.name}:4244`, peer: metadata.name })
    await end.wait()
    log("info", "Stopping server...", "hubble-relay")
    return 0
  })

/** Accepts connections and lets them be: gRPC's bytes are not modelled. */
function listen(proc: Process, port: number): boolean {
  const listener = TcpListener.listen(proc.net, 0, port)
  if (typeof listener === "string") return false
  const tool = defineTool("hubble-relay", async (server) => {
    for (;;) {
      const socket = await listener.accept(server)
      while ((await socket.read(server)).length > 0);
      socket.close()
    }
  })
  return typeof proc.spawn([proc.argv[0] ?? "", "serve"], { tool }) !== "string"
}
