/** Where a kernel listens: five ports, a key, and the file that tells it. */
import { randomBytes } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Connection {
  shell: number
  iopub: number
  control: number
  key: string
  /** Removed by whoever asked for it. */
  folder: string
  file: string
}

/** Chooses free ports of this machine and writes a connection file. */
export async function newConnection(): Promise<Connection> {
  const [shell, iopub, stdin, control, heartbeat] = (await freePorts(5)) as [number, number, number, number, number]
  const key = randomBytes(16).toString("hex")
  const folder = mkdtempSync(join(tmpdir(), "podwire-kernel-"))
  const file = join(folder, "connection.json")
  const content = {
    shell_port: shell,
    iopub_port: iopub,
    stdin_port: stdin,
    control_port: control,
    hb_port: heartbeat,
    ip: "127.0.0.1",
    key,
    transport: "tcp",
    signature_scheme: "hmac-sha256",
  }
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 })
  return { shell, iopub, control, key, folder, file }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done) => {
          const server = createServer()
          server.listen(0, "127.0.0.1", () => done(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}
