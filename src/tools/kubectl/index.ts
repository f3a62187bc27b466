/** kubectl 1.31, on the API server in memory. */
import type { ApiServer } from "../../kube/api/server.ts"
import type { Process } from "../../linux/task/process.ts"
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { VERSIONS } from "../../versions.ts"
import { apply, create, remove } from "./apply.ts"
import { Client, fail, KubectlError } from "./client.ts"
import { exec, logs } from "./exec.ts"
import { type Flags, readFlags } from "./flags.ts"
import { get } from "./get.ts"
import { renderTable } from "./table.ts"
import { wait } from "./wait.ts"

type Handler = (client: Client, words: readonly string[], flags: Flags) => Promise<number>

const COMMANDS: Readonly<Record<string, Handler>> = {
  get,
  apply: (client, _words, flags) => apply(client, flags),
  create: (client, _words, flags) => create(client, flags),
  delete: remove,
  exec,
  logs,
  wait,
  version: async (client, _words, flags) => {
    await client.proc.out(
      `Client Version: v${VERSIONS.kubernetes}\nKustomize Version: v5.4.2\n${flags.has("client") ? "" : `Server Version: v${VERSIONS.kubernetes}\n`}`,
    )
    return 0
  },
  "api-resources": async (client) => {
    const rows = client.api.registry.resources.map((r) => [
      r.plural,
      r.shortNames?.join(",") ?? "",
      r.group === "" ? r.version : `${r.group}/${r.version}`,
      String(r.namespaced),
      r.kind,
    ])
    await client.proc.out(renderTable(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"], rows, true))
    return 0
  },
}

/** Real commands that are not here. */
const REFUSED: ReadonlySet<string> = new Set([
  "describe",
  "edit",
  "explain",
  "run",
  "expose",
  "scale",
  "rollout",
  "label",
  "annotate",
  "patch",
  "replace",
  "set",
  "top",
  "drain",
  "cordon",
  "uncordon",
  "taint",
  "attach",
  "port-forward",
  "proxy",
  "cp",
  "auth",
  "debug",
  "diff",
  "kustomize",
  "config",
  "cluster-info",
  "events",
  "api-versions",
  "plugin",
  "completion",
  "certificate",
  "autoscale",
])

async function main(proc: Process, api: ApiServer): Promise<number> {
  try {
    const flags = readFlags(proc.argv.slice(1))
    const [command, ...words] = flags.words
    if (command === undefined)
      return fail(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/",
      )
    const handler = COMMANDS[command]
    if (handler === undefined)
      return fail(
        REFUSED.has(command)
          ? `error: podwire's kubectl does not support the command ${JSON.stringify(command)}`
          : `error: unknown command ${JSON.stringify(command)} for "kubectl"`,
      )
    const client = new Client(api, proc, flags.value("namespace") ?? "default")
    client.allNamespaces = flags.has("all-namespaces")
    return await handler(client, words, flags)
  } catch (thrown) {
    if (!(thrown instanceof KubectlError)) throw thrown
    await proc.err(thrown.text)
    return thrown.code
  }
}

/** kubectl for a cluster: the program talks to `api` directly. */
export function kubectl(api: ApiServer): Tool {
  return defineTool("kubectl", (proc) => main(proc, api))
}
