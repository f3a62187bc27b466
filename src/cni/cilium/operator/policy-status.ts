/** Says of each Cilium policy whether agents can use it. Models operator/pkg/networkpolicy. */
import type { Registry } from "../../../kube/api/registry.ts"
import { timestamp } from "../../../kube/api/time.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import { Informer } from "../../../kube/client/informer.ts"
import { POLICY_VALID, type PolicyObject, parseCiliumPolicy } from "../../../policy/parse/cilium-policy.ts"
import type { ParseOptions } from "../../../policy/parse/options.ts"
import type { Log } from "../agent/log.ts"
import { unsupportedIn } from "../agent/unsupported.ts"
import type { Part } from "./operator.ts"

interface Condition {
  type: string
  status: string
  message?: string
  lastTransitionTime: string
}

/** Refused by agents alone: the operator does not know which kind a rule stands in. */
const AGENT_ONLY = "rule cannot have NodeSelector"

export class PolicyStatus implements Part {
  readonly #registry: Registry
  readonly #log: Log
  readonly #options: Pick<ParseOptions, "l7Proxy" | "nodeSelectorLabels">
  readonly #informers: Informer[] = []

  constructor(registry: Registry, log: Log, options: Pick<ParseOptions, "l7Proxy" | "nodeSelectorLabels">) {
    this.#registry = registry
    this.#log = log
    this.#options = options
  }

  start(): void {
    for (const kind of ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"]) {
      const resource = this.#registry.resourceByKind("cilium.io/v2", kind)
      if (resource === undefined) continue
      this.#informers.push(
        new Informer(
          this.#registry,
          resource,
          {},
          (type, object) => {
            if (type !== "DELETED") this.#validate(resource, object)
          },
          0,
        ),
      )
    }
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop()
  }

  #validate(resource: Parameters<Registry["get"]>[0], object: ApiObject): void {
    const { rules, error } = parseCiliumPolicy(object as PolicyObject, this.#options)
    const text = error?.replace(/^Invalid \w+ specs?: /, "") ?? unsupportedIn(object as PolicyObject, rules)
    const valid = text === undefined || text === AGENT_ONLY
    const old = (object["status"] as { conditions?: Condition[] } | undefined)?.conditions?.find(
      ({ type }) => type === "Valid",
    )
    const status = valid ? "True" : "False"
    const message = valid ? POLICY_VALID : text
    if (old?.status === status && old.message === message) return
    if (!valid)
      this.#log("debug", "Detected condition type change", "operator.network-policy-validator", {
        name: object.metadata.name,
        error: text ?? "",
      })
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : timestamp(this.#registry.sim)
    this.#registry.modify(
      resource,
      object.metadata.namespace,
      object.metadata.name,
      (target) => {
        const known = (target["status"] ?? {}) as { conditions?: Condition[] }
        const others = (known.conditions ?? []).filter(({ type }) => type !== "Valid")
        target["status"] = { ...known, conditions: [...others, { lastTransitionTime, message, status, type: "Valid" }] }
      },
      "status",
    )
  }
}
