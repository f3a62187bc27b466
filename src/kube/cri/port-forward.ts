/** A connection from outside into a pod's network. Models containerd's internal/cri/server/sandbox_portforward_linux.go. */
import { TcpSocket } from "../../linux/inet/tcp-socket.ts"
import { SourceFile } from "../../linux/task/file.ts"
import type { Process } from "../../linux/task/process.ts"
import { ipv4 } from "../../wire/address.ts"
import type { PodNetwork } from "../api/request.ts"

/** Told what comes out of a pod's port. */
export interface PipeClient {
  /** The pod said this. */
  data(data: Uint8Array): void
  /** The pod has said all. */
  end(): void
  /** There is no connection. */
  failed(why: string): void
}

/** A connection into a pod. */
export interface Pipe {
  /** Says this to the pod. */
  write(data: Uint8Array): void
  /** Nothing more goes in. */
  end(): void
  /** Hangs up. */
  abort(): void
}

const NAME = "containerd"
const CHUNK = 65_536

/** Connects to a port of the pod's loopback, as containerd does from inside the pod's namespace. */
export function forwardPort({ kernel, sandbox }: PodNetwork, port: number, client: PipeClient): Pipe {
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

/** Nobody listens: IPv4's loopback is tried, then IPv6's, which a namespace without IPv6 does not have (EADDRNOTAVAIL). */
function refusal({ id, net, hostNetwork }: PodNetwork["sandbox"], port: number): string {
  const namespace = JSON.stringify(hostNetwork ? "host" : `/var/run/netns/${net.name}`)
  const tries = `IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: cannot assign requested address `
  return `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace ${namespace}: failed to connect to localhost:${port} inside namespace ${JSON.stringify(id)}, ${tries}`
}
