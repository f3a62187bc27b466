/** `cilium install` and `cilium upgrade`. Models CLI:install/. */
import { parse, stringify } from "yaml"
import { isDict } from "../../../kube/api/json.ts"
import type { ApiObject, Manifest } from "../../../kube/api/types.ts"
import { type Flags, parseDuration } from "../../../shell/pflag.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { CHART_VERSION, NAMESPACE } from "../chart/release.ts"
import { parseSet } from "../chart/set.ts"
import { mergeValues, type ValueTree } from "../chart/values.ts"
import type { Client } from "./client.ts"
import { type Helm, HelmError } from "./helm.ts"

/** What stops a command: the text after `Error: `. */
export class CliError extends Error {}

export interface InstallContext {
  readonly client: Client
  readonly helm: Helm
  readonly flags: Flags
}

const print = (context: InstallContext, text: string): Promise<void> => context.client.proc.out(`${text}\n`)

/** The charts in the program. The real one has every release since 1.6. */
export async function listVersions({ client }: InstallContext): Promise<void> {
  await client.proc.out(`v${CHART_VERSION} (default)\n`)
}

/** Only one version is here. Throws what a version that is not gives. */
export function checkVersion(flags: Flags): void {
  const wanted = (flags.value("version") ?? CHART_VERSION).replace(/^v/, "")
  if (!/^\d+(\.\d+){0,2}([-+][\w.-]+)?$/.test(wanted))
    throw new HelmError('Invalid character(s) found in major number ""')
  if (wanted !== CHART_VERSION)
    throw new HelmError(`podwire has Cilium ${CHART_VERSION} alone: version ${wanted} is not there`)
}

export async function install(context: InstallContext): Promise<void> {
  const { helm, flags } = context
  if (flags.has("list-versions")) return listVersions(context)
  const quiet = isDryRun(flags)
  const user = await userValues(context)
  const detected = await detect(context, user, quiet)
  const values = mergeValues(detected, user)
  const objects = helm.install(values, quiet)
  await dryRun(context, objects, values)
  if (!quiet && flags.has("wait")) await waitForRelease(context)
}

export async function upgrade(context: InstallContext): Promise<void> {
  const { helm, flags } = context
  if (flags.has("list-versions")) return listVersions(context)
  const quiet = isDryRun(flags)
  const user = await userValues(context)
  await detect(context, user, quiet)
  const before = flags.has("reset-values") ? {} : (helm.last?.values ?? {})
  const values = mergeValues(before, user)
  const objects = helm.upgrade(values, quiet)
  await dryRun(context, objects, values)
  if (!quiet && flags.has("wait")) await waitForRelease(context)
}

const isDryRun = (flags: Flags): boolean => flags.has("dry-run") || flags.has("dry-run-helm-values")

async function dryRun(context: InstallContext, objects: readonly Manifest[], values: ValueTree): Promise<void> {
  if (context.flags.has("dry-run"))
    await print(context, objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join(""))
  if (context.flags.has("dry-run-helm-values"))
    await print(context, stringify(values, { lineWidth: 0, sortMapEntries: true, indentSeq: false }))
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────

/** Files first, then --set, then --set-string. Models helm/pkg/cli/values MergeValues. */
async function userValues({ client, flags }: InstallContext): Promise<ValueTree> {
  let values: ValueTree = {}
  for (const path of flags.list("values")) {
    const file = client.proc.fs.readText(client.proc.path(path))
    if (!("text" in file)) throw new CliError(`open ${path}: no such file or directory`)
    const tree: unknown = parse(file.text)
    if (tree !== null && !isDict(tree)) throw new CliError(`failed to parse ${path}: error unmarshaling JSON`)
    values = mergeValues(values, (tree ?? {}) as ValueTree)
  }
  for (const [flag, asText] of [
    ["set", false],
    ["set-string", true],
  ] as const)
    for (const argument of flags.all(flag)) {
      const error = parseSet(argument, values, asText)
      if (error !== undefined) throw new CliError(error)
    }
  return values
}

/** Says what kind of cluster it is, and which values that brings. */
async function detect(context: InstallContext, user: ValueTree, quiet: boolean): Promise<ValueTree> {
  const { client, flags } = context
  const log = (text: string): Promise<void> => (quiet ? Promise.resolve() : print(context, text))
  const kind = client.context.cluster.startsWith("kind-") || client.context.context.startsWith("kind-")
  if (kind) await log("🔮 Auto-detected Kubernetes kind: kind")
  await log(`ℹ️  Using Cilium version ${CHART_VERSION}`)
  const given = nested(user, ["cluster", "name"])
  const name = typeof given === "string" && given !== "" ? given : client.context.cluster.replace(/[_.:]/g, "-")
  if (name === given) await log(`ℹ️  Using cluster name ${JSON.stringify(name)}`)
  else if (name !== "") await log(`🔮 Auto-detected cluster name: ${name}`)
  const mode = flags.value("datapath-mode") ?? ""
  if (mode !== "") await log(`ℹ️  Custom datapath mode: ${mode}`)
  if (!["", "tunnel"].includes(mode)) throw new CliError(`podwire does not support datapath mode ${mode}`)
  const proxy = await kubeProxy(context, user, log)
  const tunnel = mode === "tunnel" || user["routingMode"] !== "native"
  return {
    operator: { replicas: 1 },
    ...(kind ? { ipam: { mode: "kubernetes" } } : {}),
    ...(tunnel ? { routingMode: "tunnel", tunnelProtocol: "vxlan" } : {}),
    ...(name === "" ? {} : { cluster: { name } }),
    ...proxy,
  }
}

function nested(tree: ValueTree, path: readonly string[]): unknown {
  let at: unknown = tree
  for (const key of path) at = isDict(at) ? at[key] : undefined
  return at
}

async function kubeProxy(
  { client }: InstallContext,
  user: ValueTree,
  log: (text: string) => Promise<void>,
): Promise<ValueTree> {
  const sets = client.list<ApiObject>("daemonsets", NAMESPACE)
  if (sets.some(({ metadata }) => metadata.name.includes("kube-proxy"))) {
    await log("🔮 Auto-detected kube-proxy has been installed")
    return {}
  }
  const server = /^https?:\/\/([^/:]+):(\d+)/.exec(client.context.server)
  if (server === null) return {}
  await log("🔮 Auto-detected kube-proxy has not been installed")
  await log("ℹ️  Cilium will fully replace all functionalities of kube-proxy")
  return {
    ...(user["kubeProxyReplacement"] === undefined ? { kubeProxyReplacement: true } : {}),
    k8sServiceHost: server[1] as string,
    k8sServicePort: Number(server[2]),
  }
}

/** Helm's own wait: until every workload has its pods. */
async function waitForRelease({ client, helm, flags }: InstallContext): Promise<void> {
  const limit = parseDuration(flags.value("wait-duration") ?? "5m") ?? 300 * SECOND
  const end = client.registry.sim.now + limit
  while (!helm.ready) {
    if (client.registry.sim.now >= end) throw new HelmError("context deadline exceeded")
    await client.proc.sleep(2 * SECOND)
  }
}
