/** Values in, objects out: what `helm template` makes of the chart. */
import type { Manifest } from "../../../kube/api/types.ts"
import type { Prng } from "../../../sim/prng.ts"
import { agentDaemonSet } from "./agent.ts"
import { configMap } from "./config-map.ts"
import { envoyObjects } from "./envoy.ts"
import { hubbleObjects } from "./hubble.ts"
import { PART_OF, serviceAccount } from "./objects.ts"
import { operatorDeployment } from "./operator.ts"
import { rbac } from "./rbac.ts"
import { NAMESPACE, SECRETS_NAMESPACE } from "./release.ts"
import type { Values } from "./values.ts"

/** Kinds in the order Helm creates them. Models helm/pkg/releaseutil InstallOrder. */
const INSTALL_ORDER = [
  "Namespace",
  "ServiceAccount",
  "Secret",
  "ConfigMap",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "Service",
  "DaemonSet",
  "Deployment",
]

/** The release's objects, in the order they are created. `prng`: for the secrets that Helm generates. */
export function renderChart(values: Values, prng: Prng, releaseName = "cilium"): Manifest[] {
  const config = configMap(values)
  const checksum = checksumOf(JSON.stringify(config["data"]))
  const objects = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: SECRETS_NAMESPACE, labels: PART_OF } },
    serviceAccount("cilium"),
    agentDaemonSet(values, checksum),
    ...rbac(values.flag("operator.unmanagedPodWatcher.restart")),
    config,
    ...(values.flag("l7Proxy") ? envoyObjects() : []),
    serviceAccount("cilium-operator"),
    operatorDeployment(values, checksum),
    ...hubbleObjects(values, prng),
  ]
  return objects
    .map((object) => owned(object, releaseName))
    .sort((a, b) => INSTALL_ORDER.indexOf(a.kind) - INSTALL_ORDER.indexOf(b.kind))
}

/** Helm marks what is its own. Models helm/pkg/action/validate.go setMetadataVisitor. */
function owned(object: Manifest, releaseName: string): Manifest {
  const { labels, annotations, ...rest } = object.metadata
  return {
    ...object,
    metadata: {
      ...rest,
      labels: { ...labels, "app.kubernetes.io/managed-by": "Helm" },
      annotations: {
        ...annotations,
        "meta.helm.sh/release-name": releaseName,
        "meta.helm.sh/release-namespace": NAMESPACE,
      },
    },
  }
}

/** Sixty-four digits that change with the text; the real one is SHA-256 of the rendered template. */
function checksumOf(text: string): string {
  let digits = ""
  for (let round = 0; round < 8; round++) {
    let hash = 0x811c9dc5 ^ round
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    digits += (hash >>> 0).toString(16).padStart(8, "0")
  }
  return digits
}
