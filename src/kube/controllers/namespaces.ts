/** Namespaces: what every one of them holds, and their end. Models pkg/controller/namespace, serviceaccount and certificates/rootcacertpublisher. */
import { MILLISECOND } from "../../sim/simulation.ts"
import { section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import type { ApiObject, Namespace } from "../api/types.ts"
import { Informer } from "../client/informer.ts"

/** The certificate authority's certificate: a placeholder, since nothing here speaks TLS. */
const ROOT_CA = "-----BEGIN CERTIFICATE-----\npodwire does not issue certificates\n-----END CERTIFICATE-----\n"
const RETRY = 500 * MILLISECOND

export class NamespaceController {
  readonly #registry: Registry
  readonly informer: Informer
  #ending = 0

  constructor(registry: Registry) {
    this.#registry = registry
    this.informer = new Informer(registry, registry.resource("namespaces"), {}, (type, object) => {
      if (type === "DELETED") return
      if (object.metadata.deletionTimestamp === undefined) this.#furnish(object)
      else this.#empty(object.metadata.name)
    })
  }

  get quiet(): boolean {
    return this.#ending === 0 && this.informer.pending === 0
  }

  #furnish({ metadata: { name } }: ApiObject): void {
    const registry = this.#registry
    const metadata = { namespace: name }
    registry.create(registry.resource("serviceaccounts"), {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { ...metadata, name: "default" },
    })
    const annotations = {
      "kubernetes.io/description":
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
    }
    registry.create(registry.resource("configmaps"), {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, name: "kube-root-ca.crt", annotations },
      data: { "ca.crt": ROOT_CA },
    })
  }

  /** Deletes what is in it; when nothing is left, lets it go. */
  #empty(name: string): void {
    const registry = this.#registry
    let left = 0
    for (const resource of registry.resources.filter((r) => r.namespaced))
      for (const object of registry.list(resource, { namespace: name })) {
        left++
        if (object.metadata.deletionTimestamp === undefined) {
          const result = registry.delete(resource, name, object.metadata.name)
          if (result.kind === "Status") left--
        }
      }
    if (left > 0) {
      this.#ending++
      registry.sim.schedule(RETRY, { fire: () => this.#again(name) }, 0)
      return
    }
    registry.modify(
      registry.resource("namespaces"),
      undefined,
      name,
      (object) => {
        ;(section(object, "spec") as Namespace["spec"]).finalizers = []
      },
      "finalize",
    )
  }

  #again(name: string): void {
    this.#ending--
    const [namespace] = this.#registry.list(this.#registry.resource("namespaces"), { name })
    if (namespace?.metadata.deletionTimestamp !== undefined) this.#empty(name)
  }
}
