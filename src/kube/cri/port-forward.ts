/** A connection from outside into a pod's network. Models containerd's internal/cri/server/sandbox_portforward_linux.go. */
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import type { Kernel } from "../../linux/kernel.ts"
import { SourceFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { ipv4 } from "../../wire/address.ts"
import type { Pipe, PipeClient } from "../api/request.ts"
import type { PodSandbox } from "./sandbox.ts"

const NAME = "containerd"
const CHUNK = 65_536

/** Connects to a port of the pod's loopback, as containerd does from inside the pod's namespace. */
export function forwardPort(kernel: Kernel, sandbox: PodSandbox, port: number, client: PipeClient): Pipe {
  const sent = new SourceFile()
  const main = async (proc: Process): Promise<number> => {
    const socket = await TcpSocket.connect(proc, ipv4("127.0.0.1"), port)
    if (typeof socket === "string") {
      client.failed(refusal(sandbox, port))
      return 1
    }
    const back = proc.spawn([NAME], { tool: { name: NAME, main: (child) => receive(child, socket, client) } })
    for (;;) {
      const data = await sent.read(proc, CHUNK)
      if (data.length === 0) break
      if ((await socket.write(proc, data)) !== undefined) break
    }
    socket.shutdownWrite()
    if (typeof back !== "string") while (back.status === undefined) await proc.task.wait(back.exited)
    socket.close()
    return 0
  }
  const proc = kernel.processes.run([NAME], { net: sandbox.net, tool: { name: NAME, main } })
  return {
    write: (data) => sent.push(data),
    end: () => sent.end(),
    abort() {
      if (typeof proc === "string") return
      for (const one of [...proc.children, proc]) one.kill("SIGKILL")
    },
  }
}

/** From the pod to the client, until the pod says that it was all. */
async function receive(proc: Process, socket: TcpSocket, client: PipeClient): Promise<number> {
  for (;;) {
    const data = await socket.read(proc, CHUNK)
    if (typeof data === "string" || data.length === 0) break
    client.data(data)
  }
  client.end()
  return 0
}

/** Nobody listens: IPv4's loopback is tried, then IPv6's, where nobody ever does here. */
function refusal({ id, net, hostNetwork }: PodSandbox, port: number): string {
  const namespace = JSON.stringify(hostNetwork ? "host" : `/var/run/netns/${net.name}`)
  const tries = `IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `
  return `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace ${namespace}: failed to connect to localhost:${port} inside namespace ${JSON.stringify(id)}, ${tries}`
}
