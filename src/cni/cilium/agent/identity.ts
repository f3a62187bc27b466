/** Numbers of label sets, agreed on through CiliumIdentity objects. Models pkg/identity and pkg/k8s/identitybackend. */
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import type { ApiObject, Manifest } from "../../../kube/api/types.ts"
import { LabelSet, parseLabel } from "../../../policy/labels.ts"
import type { Prng } from "../../../sim/prng.ts"

const FIRST = 256
const LAST = 65535

/** Labels of the identities that every node knows. */
export const RESERVED_IDENTITIES: ReadonlyMap<number, LabelSet> = new Map(
  Object.entries({
    1: ["reserved:host"],
    2: ["reserved:world"],
    3: ["reserved:unmanaged"],
    4: ["reserved:health"],
    5: ["reserved:init"],
    6: ["reserved:remote-node"],
    7: ["reserved:kube-apiserver", "reserved:remote-node"],
    8: ["reserved:ingress"],
  }).map(([id, labels]): [number, LabelSet] => [Number(id), new LabelSet(labels)]),
)

/** The set an object stands for. */
export const labelsOfIdentity = (object: ApiObject): LabelSet =>
  new LabelSet(
    Object.entries((object["security-labels"] ?? {}) as Record<string, string>).map(([key, value]) =>
      value === "" ? key : `${key}=${value}`,
    ),
  )

/** Asks for numbers on behalf of one node. */
export class IdentityAllocator {
  readonly #registry: Registry
  readonly #prng: Prng

  constructor(registry: Registry, prng: Prng) {
    this.#registry = registry
    this.#prng = prng
  }

  get #resource(): ReturnType<Registry["resourceByKind"]> {
    return this.#registry.resourceByKind("cilium.io/v2", "CiliumIdentity")
  }

  /** The number of a set: the one somebody has already drawn for it, or a new random one. Text when the API refuses. */
  allocate(labels: LabelSet): number | string {
    const resource = this.#resource
    if (resource === undefined) return "the server could not find the requested resource"
    const known = this.#registry.list(resource).find((object) => labelsOfIdentity(object).text === labels.text)
    if (known !== undefined) return Number(known.metadata.name)
    for (let tries = 0; tries < 1000; tries++) {
      const id = FIRST + this.#prng.below(LAST - FIRST + 1)
      const created = this.#registry.create(resource, manifestOf(id, labels))
      if (!isStatus(created)) return id
      if (created.reason !== "AlreadyExists") return created.message ?? "refused"
    }
    return "no more identities available"
  }
}

function manifestOf(id: number, labels: LabelSet): Manifest {
  const security: Record<string, string> = {}
  for (const text of labels.labels) {
    const { source, key, value } = parseLabel(text)
    security[`${source}:${key}`] = value
  }
  const namespace = labels.get("k8s", "io.kubernetes.pod.namespace")
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumIdentity",
    metadata: {
      name: String(id),
      ...(namespace === undefined ? {} : { labels: { "io.kubernetes.pod.namespace": namespace } }),
    },
    "security-labels": security,
  }
}
