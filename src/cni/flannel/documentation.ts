/**
 * Documentation/kube-flannel.yml as the repository has it: the objects before kustomize labels selectors and sorts keys. The text is made from the
 * same manifests as the release's file.
 */
import { type Dict, isDict } from "../../kube/api/json.ts"
import type { Manifest } from "../../kube/api/types.ts"

/** The repository's file has the role and its binding before the account they are for. */
const KINDS = ["Namespace", "ClusterRole", "ClusterRoleBinding", "ServiceAccount", "ConfigMap", "DaemonSet"]
/** Kinds whose author began with the version. */
const VERSION_FIRST = new Set(["ServiceAccount", "DaemonSet"])
/** Kinds whose author wrote the labels first. */
const LABELS_FIRST = new Set(["ClusterRole", "ClusterRoleBinding", "ServiceAccount"])
/** The order of all other keys, as far as it is not that of the manifest. */
const KEYS = (
  "apiGroup apiGroups kind key operator effect name namespace image command args resources securityContext privileged capabilities " +
  "env value valueFrom volumeMounts mountPath selector template metadata spec affinity hostNetwork priorityClassName tolerations " +
  "serviceAccountName initContainers containers volumes hostPath configMap path type roleRef subjects tier app k8s-app"
).split(" ")

/** The objects in the file's order, without the labels that kustomize adds. */
function documentationManifests(manifests: readonly Manifest[]): Manifest[] {
  const sorted = [...manifests].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
  return sorted.map((manifest) => (manifest.kind === "DaemonSet" ? withoutCommonLabels(manifest) : manifest))
}

function withoutCommonLabels(daemonSet: Manifest): Manifest {
  const copy = JSON.parse(JSON.stringify(daemonSet)) as Manifest & { spec: Dict }
  const { selector, template } = copy.spec as unknown as {
    selector: { matchLabels: Dict }
    template: { metadata: { labels: Dict } }
  }
  delete selector.matchLabels["k8s-app"]
  delete template.metadata.labels["k8s-app"]
  return copy
}

/** The file. */
export const documentationText = (manifests: readonly Manifest[]): string =>
  documentationManifests(manifests)
    .map((manifest) => `---\n${lines(manifest as unknown as Dict, topOrder(manifest.kind)).join("\n")}\n`)
    .join("")

/** Keys before others at the top of an object, and in its metadata. */
function topOrder(kind: string): Order {
  const head = VERSION_FIRST.has(kind) ? ["apiVersion", "kind"] : ["kind", "apiVersion"]
  const metadata = LABELS_FIRST.has(kind) ? ["labels", "name", "namespace"] : ["name", "namespace", "labels"]
  return { keys: [...head, "metadata"], metadata, labels: kind === "ConfigMap" ? ["tier", "k8s-app", "app"] : [] }
}

interface Order {
  keys: readonly string[]
  metadata: readonly string[]
  labels: readonly string[]
}
const PLAIN: Order = { keys: [], metadata: ["name", "labels"], labels: [] }

function ordered(dict: Dict, first: readonly string[]): string[] {
  const order = [...first, ...KEYS.filter((key) => !first.includes(key))]
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length)
  return Object.keys(dict)
    .filter((key) => dict[key] !== undefined)
    .sort((a, b) => rank(a) - rank(b))
}

/** The lines of a map, without indentation. */
function lines(dict: Dict, order: Order): string[] {
  return ordered(dict, order.keys).flatMap((key) => {
    const value = dict[key]
    // Capabilities are the one list in brackets.
    if (Array.isArray(value) && key === "add") return [`${key}: [${value.map((item) => `"${item}"`).join(", ")}]`]
    if (Array.isArray(value)) return [`${key}:`, ...value.flatMap(item)]
    if (isDict(value)) return [`${key}:`, ...lines(value, inner(key, order)).map((line) => `  ${line}`)]
    if (typeof value === "string" && value.includes("\n"))
      return [
        `${key}: |`,
        ...value
          .trimEnd()
          .split("\n")
          .map((line) => `  ${line}`),
      ]
    return [`${key}: ${scalar(value)}`]
  })
}

function inner(key: string, order: Order): Order {
  if (key === "metadata") return { ...PLAIN, keys: order.metadata, labels: order.labels }
  return key === "labels" ? { ...PLAIN, keys: order.labels } : PLAIN
}

/** A list's item: its first line behind the dash. */
function item(value: unknown): string[] {
  const [first = "", ...rest] = isDict(value) ? lines(value, PLAIN) : [scalar(value)]
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)]
}

/** Quantities are quoted, and texts that YAML would read as something else. */
const scalar = (value: unknown): string =>
  typeof value === "string" && (value === "" || /^(\d+(m|Mi)?|true|false)$/.test(value)) ? `"${value}"` : String(value)
