/** CoreDNS 1.11.3: reads its Corefile, serves DNS, tells its health over HTTP. */
import type { ApiServer } from "../kube/api/server.ts"
import { parseCorefile, type ServerBlock } from "../kube/dns/corefile.ts"
import { buildZones, DnsServer } from "../kube/dns/server.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { SECOND } from "../sim/simulation.ts"
import { WaitQueue } from "../sim/task.ts"
import { type HttpResponse, serveHttp } from "./http-server.ts"

const VERSION = "1.11.3"

/** The server, watching this API server's Services. */
export function coredns(api: ApiServer): Tool {
  return defineTool("coredns", async (proc) => {
    const blocks = await configure(proc)
    if (typeof blocks === "string") return fail(proc, blocks)
    const zones = buildZones(proc, api.registry, blocks)
    if (typeof zones === "string") return fail(proc, zones)
    const server = new DnsServer(proc, zones)
    for (const port of new Set(zones.map((zone) => zone.port))) {
      const errno = server.listen(port)
      if (errno !== undefined) return fail(proc, `Listen: listen tcp :${port}: bind: address already in use`)
    }
    for (const { zone, port } of zones) await proc.out(`${zone === "" ? "." : `${zone}.`}:${port}\n`)
    await proc.out(`CoreDNS-${VERSION}\nlinux/amd64, go1.21.11, a6338e9\n`)
    const lameduck = serveHealth(proc, blocks)
    await terminated(proc)
    await proc.out("[INFO] SIGTERM: Shutting down servers then terminating\n")
    if (lameduck > 0) {
      await proc.out(`[INFO] plugin/health: Going into lameduck mode for ${lameduck / SECOND}s\n`)
      await proc.sleep(lameduck)
    }
    return 0
  })
}

async function fail(proc: Process, reason: string): Promise<number> {
  await proc.out(`${reason}\n`)
  return 1
}

async function configure(proc: Process): Promise<ServerBlock[] | string> {
  const at = proc.argv.indexOf("-conf")
  const path = at < 0 ? "Corefile" : (proc.argv[at + 1] ?? "")
  const file = proc.fs.readText(proc.path(path))
  if (!("text" in file)) return `open ${path}: no such file or directory`
  return parseCorefile(file.text, path)
}

/** The ports that health and ready open; returns how long the server goes on answering after it was told to stop. */
function serveHealth(proc: Process, blocks: readonly ServerBlock[]): number {
  let lameduck = 0
  for (const { name, args, block } of blocks.flatMap((server) => server.plugins)) {
    if (name === "health") {
      web(proc, portOf(args[0], 8080), "/health", "OK")
      const [, duration = "0s"] = block.find(([key]) => key === "lameduck") ?? []
      lameduck = Number.parseFloat(duration) * SECOND
    } else if (name === "ready") web(proc, portOf(args[0], 8181), "/ready", "OK")
    else if (name === "prometheus") web(proc, portOf(args[0], 9153), "/metrics", buildInfo())
  }
  return lameduck
}

const portOf = (address: string | undefined, otherwise: number): number =>
  Number(address?.split(":").pop() ?? otherwise)

const buildInfo = (): string =>
  `# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.\n# TYPE coredns_build_info gauge\ncoredns_build_info{goversion="go1.21.11",revision="a6338e9",version="${VERSION}"} 1\n`

/** One path that answers, beside the server. */
function web(proc: Process, port: number, path: string, body: string): void {
  const respond = (status: number, reason: string, text: string): HttpResponse => {
    const bytes = new TextEncoder().encode(text)
    const headers: [string, string][] = [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(bytes.length)],
    ]
    return { status, reason, headers, body: bytes }
  }
  const child = proc.spawn(proc.argv, {
    tool: {
      name: "coredns",
      main: async (server) => {
        await serveHttp(server, {
          port,
          handle: ({ target }) =>
            target === path ? respond(200, "OK", body) : respond(404, "Not Found", "404 page not found\n"),
          malformed: () => respond(400, "Bad Request", "400 Bad Request"),
        })
        return 1
      },
    },
  })
  if (typeof child !== "string") proc.children.delete(child)
}

async function terminated(proc: Process): Promise<void> {
  const wake = new WaitQueue()
  let over = false
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    proc.on(signal, () => {
      over = true
      wake.wake()
    })
  while (!over) await proc.task.wait(wake)
}
