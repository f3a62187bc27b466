/** `cilium uninstall`, `version`, `hubble enable`, `config`, `context`. Models CLI:cli/. */

import { isStatus } from "../../../kube/api/status.ts"
import type { ConfigMap, Node } from "../../../kube/api/types.ts"
import { NullFile, type OpenFile, SinkFile } from "../../../linux/task/file.ts"
import type { Process } from "../../../linux/task/process.ts"
import type { Flags } from "../../../shell/pflag.ts"
import { tabwriter } from "../../../shell/tabwriter.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { VERSIONS } from "../../../versions.ts"
import { CONFIG_MAP, NAMESPACE } from "../chart/release.ts"
import { mergeValues } from "../chart/values.ts"
import type { Client } from "./client.ts"
import type { Helm } from "./helm.ts"
import { CliError } from "./install.ts"

/** What built the release: Dockerfile of the tag. */
const COMPILER = "go1.24.5"
const STABLE = "https://raw.githubusercontent.com/cilium/cilium/main/stable.txt"

export async function version(client: Client, helm: Helm, flags: Flags): Promise<number> {
  const { proc } = client
  await proc.out(
    `cilium-cli: v${VERSIONS.ciliumCli} compiled with ${COMPILER} on linux/amd64\ncilium image (default): v${VERSIONS.cilium}\n`,
  )
  await proc.out(`cilium image (stable): ${await stableVersion(proc)}\n`)
  if (flags.has("client")) return 0
  const running = helm.last?.chartVersion
  await client.proc.out(
    `cilium image (running): ${running ?? "unknown. Unable to obtain cilium version. Reason: release: not found"}\n`,
  )
  return 0
}

/** Asks the web, by the machine's curl: the program has no HTTP of its own here. */
async function stableVersion(proc: Process): Promise<string> {
  let text = ""
  const decoder = new TextDecoder()
  const fds = new Map<number, OpenFile>([
    [
      1,
      new SinkFile((data) => {
        text += decoder.decode(data)
      }),
    ],
    [2, new NullFile()],
  ])
  const child = proc.spawn(["curl", "-s", STABLE], { fds })
  if (typeof child === "string" || (await proc.wait(child)).code !== 0) return "unknown"
  return text.trim()
}

/** The relay and the UI are values of the chart. */
export function setHubble(helm: Helm, relay: boolean, ui: boolean): void {
  const { last } = helm
  if (last === undefined) throw new CliError("release: not found")
  helm.upgrade(mergeValues(last.values, { hubble: { relay: { enabled: relay }, ui: { enabled: ui } } }), false)
}

export async function uninstall(client: Client, helm: Helm, flags: Flags): Promise<void> {
  const { proc } = client
  const namespace = flags.value("test-namespace") ?? "cilium-test"
  const wait = flags.has("wait")
  await deleteTestNamespace(client, namespace, wait)
  if (wait) {
    await proc.out("⌛ Waiting to disable Hubble before uninstalling Cilium\n")
    try {
      setHubble(helm, false, false)
    } catch (error) {
      await proc.out(
        `⚠ ️ Failed to disable Hubble prior to uninstalling Cilium: ${error instanceof Error ? error.message : error}\n`,
      )
    }
    while (client.list("pods", NAMESPACE, { "k8s-app": "hubble-relay" }).length > 0) await proc.sleep(2 * SECOND)
  }
  await proc.out("⌛ Uninstalling Cilium\n")
  await deleteTestNamespace(client, namespace, wait)
  helm.uninstall(wait)
  if (wait)
    while (client.list("pods", NAMESPACE, { "app.kubernetes.io/part-of": "cilium" }).length > 0)
      await proc.sleep(SECOND)
  await cleanAnnotations(client)
}

async function deleteTestNamespace(client: Client, name: string, wait: boolean): Promise<void> {
  const { proc, registry } = client
  await proc.out(`🔥 Deleting pods in ${name} namespace...\n`)
  for (const pod of client.list<{ metadata: { name: string } }>("pods", name))
    registry.delete(registry.resource("pods"), name, pod.metadata.name)
  await proc.out(`🔥 Deleting ${name} namespace...\n`)
  registry.delete(registry.resource("namespaces"), undefined, name)
  if (!wait) return
  await proc.out(`⌛ Waiting for ${name} namespace to be terminated...\n`)
  while (client.get("namespaces", undefined, name) !== undefined) await proc.sleep(2 * SECOND)
}

async function cleanAnnotations({ proc, registry }: Client): Promise<void> {
  await proc.out("🔥 Cleaning up Cilium node annotations...\n")
  const resource = registry.resource("nodes")
  for (const node of registry.list(resource) as Node[]) {
    const own = Object.keys(node.metadata.annotations ?? {}).filter((key) => /^(io\.cilium\.|cilium\.io\/)/.test(key))
    if (own.length === 0) continue
    await proc.out(`  Removing annotations from node ${node.metadata.name}\n`)
    registry.modify(resource, undefined, node.metadata.name, (object) => {
      const annotations = (object["metadata"] as Node["metadata"]).annotations ?? {}
      for (const key of own) delete annotations[key]
    })
  }
}

// ── config ──────────────────────────────────────────────────────────────────────────────────────

export async function configView(client: Client): Promise<void> {
  const found = client.get<ConfigMap>("configmaps", NAMESPACE, CONFIG_MAP)
  if (found === undefined)
    throw new CliError(`unable get ConfigMap "${CONFIG_MAP}": configmaps "${CONFIG_MAP}" not found`)
  const rows = Object.entries(found.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  await client.proc.out(tabwriter(rows.map(([key, value]) => `${key}\t${value}\n`).join(""), 4))
}

export async function configSet(client: Client, flags: Flags, key: string, value: string | undefined): Promise<void> {
  const { proc, registry } = client
  await proc.out(
    value === undefined
      ? `✨ Removing key ${key} from ConfigMap ${CONFIG_MAP}...\n`
      : `✨ Patching ConfigMap ${CONFIG_MAP} with ${key}=${value}...\n`,
  )
  const resource = registry.resource("configmaps")
  const patched = registry.patch(resource, NAMESPACE, CONFIG_MAP, "merge", { data: { [key]: value ?? null } })
  if (isStatus(patched)) throw new CliError(`unable to patch ConfigMap ${CONFIG_MAP}: ${patched.message}`)
  if (flags.value("restart") !== undefined && !flags.has("restart")) {
    await proc.out("⚠️  Restart Cilium pods for configmap changes to take effect\n")
    return
  }
  for (const pod of client.list<{ metadata: { name: string } }>("pods", NAMESPACE, { "k8s-app": "cilium" }))
    registry.delete(registry.resource("pods"), NAMESPACE, pod.metadata.name)
  await proc.out("♻️  Restarted Cilium pods\n")
}

export async function showContext({ proc, context }: Client): Promise<void> {
  await proc.out(
    `Context: ${context.context}\nCluster: ${context.cluster}\nAuth: ${context.user}\nHost: ${context.server}\nTLS server name: \nCA path: \n`,
  )
}
