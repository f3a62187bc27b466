/** `podwire serve`: a simulated cluster for a real kubectl. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Cluster } from "../../index.ts"
import { VERSIONS } from "../../index.ts"
import { type Served, serve as serveCluster } from "../serve/serve.ts"
import { type Command, noMoreWords, readArguments, UsageError, wholeNumber } from "./arguments.ts"
import { CLUSTER_OPTIONS, CLUSTER_USAGE, type ClusterValues, openCluster } from "./lab-cluster.ts"

const PORT = 6443
const PORT_MAX = 65_535
/** The cluster was made this long ago, in seconds: nothing in it is younger than the command that shows it. */
const AGE = 300

const USAGE = `usage: podwire serve [options]

Serves the API of a simulated cluster to the real kubectl of this machine, until Ctrl-C. Virtual time passes as fast as yours.

  --port N            the port on 127.0.0.1 (${PORT}); 0 takes a free one
  --kubeconfig FILE   writes the kubeconfig there, and leaves it (a file that goes with the cluster)
  --json              prints the address and the kubeconfig's path as JSON
${CLUSTER_USAGE}
kubectl ${VERSIONS.kubernetes.replace(/^v(\d+\.\d+).*/, "$1")} is the release imitated, and does everything but attach, auth, debug, explain, top and apply --server-side. 1.30 cannot port-forward
either, older ones cannot exec (they speak SPDY); newer ones cannot create without a file (they speak protobuf: podwire answers 415).

example:
  podwire serve --cni cilium &
  KUBECONFIG=… kubectl get nodes
`

export const serve: Command = {
  summary: "a simulated cluster's API, for a real kubectl",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = readArguments("serve", args, {
      ...CLUSTER_OPTIONS,
      port: { type: "string" },
      kubeconfig: { type: "string" },
      json: { type: "boolean" },
    })
    noMoreWords("serve", positionals)
    const { kubeconfig, json } = values
    const port = values.port === undefined ? PORT : wholeNumber("--port", values.port)
    if (port > PORT_MAX) throw new UsageError(`--port ${port}: expected 0 to ${PORT_MAX}`)
    if (kubeconfig !== undefined && existsSync(kubeconfig))
      throw new UsageError(`--kubeconfig ${kubeconfig}: it exists, and is not overwritten`)
    const cluster = await clusterOfNow(values)
    // From before anybody knows of it: who reads of it may end it at once.
    const ended = interrupted()
    const served = await listen(cluster, port)
    const file = new Kubeconfig(kubeconfig, served.kubeconfig)
    try {
      process.stdout.write(json === true ? jsonOf(served, file.path) : textOf(cluster, served, file.path))
      await ended
    } finally {
      file.remove()
      await served.close()
    }
    return 0
  },
}

/** A cluster whose clock says what the host's says. */
async function clusterOfNow(values: ClusterValues): Promise<Cluster> {
  const now = (): number => Date.now() / 1000
  const cluster = await openCluster(values, { epoch: Math.floor(now()) - AGE })
  const { sim } = cluster
  const behind = now() - sim.epoch - sim.now / 1e9
  if (behind > 0) await cluster.advance(behind)
  return cluster
}

async function listen(cluster: Cluster, port: number): Promise<Served> {
  try {
    return await serveCluster(cluster, { port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error
    throw new UsageError(`--port ${port}: something else listens there; --port 0 takes a free one`)
  }
}

/** The file that leads kubectl to the cluster. */
class Kubeconfig {
  readonly path: string
  readonly #folder: string | undefined

  constructor(path: string | undefined, text: string) {
    this.#folder = path === undefined ? mkdtempSync(join(tmpdir(), "podwire-")) : undefined
    this.path = path ?? join(this.#folder ?? "", "kubeconfig")
    writeFileSync(this.path, text, { mode: 0o600 })
  }

  /** Unless somebody wanted it. */
  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function textOf({ nodes }: Cluster, { url }: Served, path: string): string {
  const names = nodes.map(({ name }) => name).join(", ")
  return `${names}: the API is at ${url}, until Ctrl-C.

  export KUBECONFIG=${path}

`
}

const jsonOf = ({ url }: Served, path: string): string => `${JSON.stringify({ server: url, kubeconfig: path })}\n`

/** Resolves when somebody ends the program. */
const interrupted = (): Promise<void> =>
  new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => done())
  })
