/** The HTTP server that kubelets probe: `/healthz` on a local port. Models daemon/healthz and operator/api. */
import { TcpListener } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { defineTool } from "../../../shell/tool.ts"
import { ipv4 } from "../../../wire/address.ts"

const encoder = new TextEncoder()

function answer(code: number, reason: string, body: string): Uint8Array {
  return encoder.encode(
    `HTTP/1.1 ${code} ${reason}\r\nContent-Length: ${body.length}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** Answers beside the program, as a child of it; ends with it. */
export function serveHealthz(proc: Process, port: number, healthy: () => boolean): void {
  const tool = defineTool(`${proc.argv[0] ?? ""} [healthz]`, async (server) => {
    const listener = TcpListener.listen(server.net, ipv4("127.0.0.1"), port)
    if (typeof listener === "string") return 1
    try {
      for (;;) {
        const socket = await listener.accept(server)
        const request = await socket.read(server, 4096, 5e9)
        if (typeof request !== "string" && request.length > 0)
          await socket.write(
            server,
            healthy() ? answer(200, "OK", "ok") : answer(503, "Service Unavailable", "not ready"),
          )
        socket.close()
      }
    } finally {
      listener.close()
    }
  })
  proc.spawn([tool.name], { tool })
}
