/** Helm's memory of a release: one Secret a revision. Models helm/pkg/storage/driver/secrets.go. */
import { fromBase64 } from "../../../kube/api/defaults.ts"
import type { Registry } from "../../../kube/api/registry.ts"
import type { ApiObject, Manifest } from "../../../kube/api/types.ts"
import { textToBase64 } from "../chart/base64.ts"
import { CHART_VERSION, NAMESPACE } from "../chart/release.ts"
import type { ValueTree } from "../chart/values.ts"

export interface Release {
  readonly name: string
  readonly revision: number
  readonly status: "deployed" | "superseded" | "failed" | "uninstalling"
  readonly chartVersion: string
  /** What the user set. */
  readonly values: ValueTree
  /** The objects it is made of: kind, namespace and name of each. */
  readonly objects: readonly ObjectName[]
}

export interface ObjectName {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}

export const objectName = ({ apiVersion, kind, metadata }: Manifest | ApiObject): ObjectName => ({
  apiVersion,
  kind,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  name: metadata.name ?? "",
})

const secretName = (name: string, revision: number): string => `sh.helm.release.v1.${name}.v${revision}`

/** The Secret of a revision. Its payload is JSON in two layers of base64, not compressed as the real one is. `now`: seconds since 1970. */
export function releaseSecret(release: Release, now: number | undefined): Manifest {
  const payload = {
    name: release.name,
    info: { status: release.status, description: "Install complete" },
    chart: { metadata: { name: "cilium", version: release.chartVersion, appVersion: release.chartVersion } },
    config: release.values,
    version: release.revision,
    namespace: NAMESPACE,
    objects: release.objects,
  }
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: secretName(release.name, release.revision),
      namespace: NAMESPACE,
      labels: {
        ...(now === undefined ? {} : { modifiedAt: String(now) }),
        name: release.name,
        owner: "helm",
        status: release.status,
        version: String(release.revision),
      },
    },
    type: "helm.sh/release.v1",
    data: { release: textToBase64(textToBase64(JSON.stringify(payload))) },
  }
}

/** Every revision that is kept, the oldest first. */
export function releaseHistory(registry: Registry, name: string): Release[] {
  const secrets = registry.list(registry.resource("secrets"), { namespace: NAMESPACE })
  return secrets
    .filter(({ metadata }) => metadata.labels?.["owner"] === "helm" && metadata.labels["name"] === name)
    .map(readRelease)
    .sort((a, b) => a.revision - b.revision)
}

function readRelease(secret: ApiObject): Release {
  const decoder = new TextDecoder()
  const unwrap = (text: string): string => decoder.decode(fromBase64(text) ?? new Uint8Array(0))
  const payload = JSON.parse(unwrap(unwrap(String((secret["data"] as { release?: string })?.release ?? "")))) as {
    name: string
    chart: { metadata: { version: string } }
    config: ValueTree
    version: number
    objects: ObjectName[]
  }
  return {
    name: payload.name,
    revision: payload.version,
    status: (secret.metadata.labels?.["status"] ?? "deployed") as Release["status"],
    chartVersion: payload.chart.metadata.version,
    values: payload.config,
    objects: payload.objects,
  }
}

export const newRelease = (
  name: string,
  revision: number,
  values: ValueTree,
  objects: readonly Manifest[],
): Release => ({
  name,
  revision,
  status: "deployed",
  chartVersion: CHART_VERSION,
  values,
  objects: objects.map(objectName),
})
