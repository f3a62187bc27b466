/** `cilium-dbg build-config`: cilium-config and the CiliumNodeConfigs of the node, as files. Models pkg/option/resolver. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { ApiObject, ConfigMap } from "../../../kube/api/types.ts"
import type { Process } from "../../../linux/task/process.ts"
import { type Log, logOf } from "./log.ts"

const FOLDER = "/tmp/cilium/config-map"
const MODULE = "config-resolver"

export async function buildConfig(proc: Process, registry: Registry): Promise<number> {
  const log = logOf(proc)
  const node = proc.env.get("K8S_NODE_NAME") ?? ""
  const namespace = proc.env.get("CILIUM_K8S_NAMESPACE") ?? "kube-system"
  log("info", "Running", "")
  const found = registry.get(registry.resource("configmaps"), namespace, "cilium-config")
  if (isStatus(found)) {
    await proc.err(
      `Error: Build config failed: failed to start: failed to read config source config-map:${namespace}/cilium-config: ${found.message}\n`,
    )
    return 1
  }
  log("info", "Reading configuration from source", MODULE, { source: `config-map:${namespace}/cilium-config` })
  const values = new Map(Object.entries((found as ConfigMap).data ?? {}))
  for (const override of nodeConfigs(registry, namespace, node)) applyOverride(values, override, log)
  proc.fs.mkdir(FOLDER, { recursive: true })
  const old = proc.fs.readdir(FOLDER)
  for (const name of typeof old === "string" ? [] : old) proc.fs.unlink(`${FOLDER}/${name}`)
  for (const [key, value] of values) proc.fs.writeFile(`${FOLDER}/${key}`, value)
  log("info", "Got config key/values", MODULE, { count: values.size })
  return 0
}

interface NodeConfig extends ApiObject {
  spec?: {
    defaults?: Record<string, string>
    nodeSelector?: { matchLabels?: Record<string, string>; matchExpressions?: unknown[] }
  }
}

/** Those that select the node, by name. */
function nodeConfigs(registry: Registry, namespace: string, node: string): NodeConfig[] {
  const resource = registry.resourceByKind("cilium.io/v2", "CiliumNodeConfig")
  const own = registry.get(registry.resource("nodes"), undefined, node)
  const labels = isStatus(own) ? {} : (own.metadata.labels ?? {})
  return (resource === undefined ? [] : (registry.list(resource, { namespace }) as NodeConfig[]))
    .filter(({ spec }) => {
      const wanted = Object.entries(spec?.nodeSelector?.matchLabels ?? {})
      return wanted.every(([key, value]) => labels[key] === value)
    })
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

function applyOverride(values: Map<string, string>, { metadata, spec }: NodeConfig, log: Log): void {
  log("info", "Reading configuration from source", MODULE, {
    source: `cilium-node-config:${metadata.namespace}/${metadata.name}`,
  })
  for (const [key, value] of Object.entries(spec?.defaults ?? {})) values.set(key, value)
}
