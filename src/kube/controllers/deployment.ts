/** ReplicaSets, one revision after another. Models pkg/controller/deployment. */
import { clone, equal, section } from "../api/json.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { timestamp } from "../api/time.ts"
import type { Deployment, ReplicaSet } from "../api/types.ts"
import { Informer } from "../client/informer.ts"
import { EventRecorder } from "../client/recorder.ts"
import { controllerOf, controllerReference, enqueueOwner, templateHash } from "./pods.ts"
import { WorkQueue } from "./queue.ts"

const HASH = "pod-template-hash"
const REVISION = "deployment.kubernetes.io/revision"

export class DeploymentController {
  readonly #registry: Registry
  readonly #recorder: EventRecorder
  readonly queue: WorkQueue
  readonly informers: readonly Informer[]

  constructor(registry: Registry) {
    this.#registry = registry
    this.#recorder = new EventRecorder(registry, "deployment-controller")
    this.queue = new WorkQueue(registry.sim, (namespace, name) => this.#sync(namespace, name))
    this.informers = [
      new Informer(registry, registry.resource("deployments"), {}, (_, object) =>
        this.queue.add(object.metadata.namespace, object.metadata.name),
      ),
      new Informer(registry, registry.resource("replicasets"), {}, (_, object) =>
        enqueueOwner(this.queue, object, "Deployment"),
      ),
    ]
  }

  #sets(deployment: Deployment): ReplicaSet[] {
    const all = this.#registry.list(this.#registry.resource("replicasets"), {
      namespace: deployment.metadata.namespace,
    }) as ReplicaSet[]
    return all.filter((set) => controllerOf(set) === deployment.metadata.uid)
  }

  #sync(namespace: string, name: string): void {
    const found = this.#registry.get(this.#registry.resource("deployments"), namespace, name)
    if (isStatus(found) || found.metadata.deletionTimestamp !== undefined) return
    const deployment = found as Deployment
    const sets = this.#sets(deployment)
    const current =
      sets.find((set) => sameTemplate(set, deployment)) ??
      (deployment.spec.paused === true ? undefined : this.#create(deployment, sets))
    const old = sets.filter((set) => set !== current)
    if (current !== undefined) this.#roll(deployment, current, old)
    this.#report(deployment, current)
    this.#prune(deployment, old)
  }

  #create(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
    const { metadata, spec } = deployment
    const hash = templateHash(spec.template)
    const revision = String(Math.max(0, ...sets.map((set) => Number(set.metadata.annotations?.[REVISION] ?? 0))) + 1)
    const template = clone(spec.template)
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [HASH]: hash } }
    const recreate = spec.strategy?.type === "Recreate" && sets.some((set) => (set.status.replicas ?? 0) > 0)
    const replicas = recreate ? 0 : Math.max(0, Math.min(spec.replicas ?? 1, this.#most(deployment) - total(sets)))
    const created = this.#registry.create(this.#registry.resource("replicasets"), {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: metadata.namespace,
        labels: template.metadata.labels,
        annotations: {
          ...this.#sizes(deployment),
          [REVISION]: revision,
        },
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas,
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } },
        template,
      },
    })
    if (isStatus(created)) return undefined
    this.#registry.modify(this.#registry.resource("deployments"), metadata.namespace, metadata.name, (object) => {
      section(section(object, "metadata"), "annotations")[REVISION] = revision
    })
    if (replicas > 0)
      this.#recorder.event(
        deployment,
        "Normal",
        "ScalingReplicaSet",
        `Scaled up replica set ${created.metadata.name} to ${replicas}`,
      )
    return created as ReplicaSet
  }

  /** Desired pods and the surge. */
  #most({ spec }: Deployment): number {
    const replicas = spec.replicas ?? 1
    return spec.strategy?.type === "Recreate"
      ? replicas
      : replicas +
          Math.max(surge(spec, replicas), unavailable(spec, replicas) === 0 && surge(spec, replicas) === 0 ? 1 : 0)
  }

  #roll(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): void {
    const { spec } = deployment
    const replicas = spec.replicas ?? 1
    const living = old.filter((set) => (set.spec.replicas ?? 0) > 0)
    if (spec.strategy?.type === "Recreate") {
      for (const set of living) this.#scale(deployment, set, 0)
      if (old.every((set) => (set.status.replicas ?? 0) === 0)) this.#scale(deployment, current, replicas)
      return
    }
    const now = current.spec.replicas ?? 0
    if (now > replicas || living.length === 0) this.#scale(deployment, current, replicas)
    else
      this.#scale(
        deployment,
        current,
        Math.min(replicas, now + Math.max(0, this.#most(deployment) - total([current, ...old]))),
      )
    this.#shrink(deployment, current, living, replicas)
  }

  /** Takes down old sets as far as enough pods stay available. */
  #shrink(deployment: Deployment, current: ReplicaSet, living: readonly ReplicaSet[], replicas: number): void {
    const least = replicas - unavailable(deployment.spec, replicas)
    const available = [current, ...living].reduce((sum, set) => sum + (set.status.availableReplicas ?? 0), 0)
    let room = Math.max(0, available - least)
    for (const set of living) {
      const now = set.spec.replicas ?? 0
      const dead = now - (set.status.availableReplicas ?? 0)
      const down = Math.min(now, dead + room)
      room -= Math.max(0, down - dead)
      if (down > 0) this.#scale(deployment, set, now - down)
    }
  }

  /** What a set remembers of its deployment's size, for scaling in proportion. */
  #sizes(deployment: Deployment): Record<string, string> {
    return {
      "deployment.kubernetes.io/desired-replicas": String(deployment.spec.replicas ?? 1),
      "deployment.kubernetes.io/max-replicas": String(this.#most(deployment)),
    }
  }

  #scale(deployment: Deployment, set: ReplicaSet, replicas: number): void {
    const from = set.spec.replicas ?? 0
    if (from === replicas) return
    this.#registry.modify(
      this.#registry.resource("replicasets"),
      set.metadata.namespace,
      set.metadata.name,
      (object) => {
        section(object, "spec")["replicas"] = replicas
        Object.assign(section(section(object, "metadata"), "annotations"), this.#sizes(deployment))
      },
    )
    this.#recorder.event(
      deployment,
      "Normal",
      "ScalingReplicaSet",
      `Scaled ${replicas > from ? "up" : "down"} replica set ${set.metadata.name} to ${replicas} from ${from}`,
    )
  }

  #report(deployment: Deployment, current: ReplicaSet | undefined): void {
    const { metadata, spec } = deployment
    const sets = this.#sets(deployment)
    const sum = (field: "replicas" | "readyReplicas" | "availableReplicas"): number =>
      sets.reduce((all, set) => all + (set.status[field] ?? 0), 0)
    const [replicas, ready, available] = [sum("replicas"), sum("readyReplicas"), sum("availableReplicas")]
    const updated = sets.find((set) => set.metadata.uid === current?.metadata.uid)?.status.replicas ?? 0
    const desired = spec.replicas ?? 1
    const conditions = deploymentConditions(this.#registry, deployment, current, {
      updated,
      available,
      replicas,
      desired,
    })
    const missing = Math.max(0, desired - available)
    this.#registry.modify(
      this.#registry.resource("deployments"),
      metadata.namespace,
      metadata.name,
      (object) => {
        object["status"] = {
          observedGeneration: metadata.generation ?? 1,
          ...(replicas === 0 ? {} : { replicas }),
          ...(updated === 0 ? {} : { updatedReplicas: updated }),
          ...(ready === 0 ? {} : { readyReplicas: ready }),
          ...(available === 0 ? {} : { availableReplicas: available }),
          ...(missing === 0 ? {} : { unavailableReplicas: missing }),
          conditions,
        }
      },
      "status",
    )
  }

  #prune(deployment: Deployment, old: readonly ReplicaSet[]): void {
    const empty = old.filter((set) => (set.spec.replicas ?? 0) === 0 && (set.status.replicas ?? 0) === 0)
    const extra = empty.length - (deployment.spec.revisionHistoryLimit ?? 10)
    const revision = (set: ReplicaSet): number => Number(set.metadata.annotations?.[REVISION] ?? 0)
    for (const set of [...empty].sort((a, b) => revision(a) - revision(b)).slice(0, Math.max(0, extra)))
      this.#registry.delete(this.#registry.resource("replicasets"), set.metadata.namespace, set.metadata.name)
  }
}

const total = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0)

function sameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const template = clone(set.spec.template)
  if (template?.metadata?.labels !== undefined) delete template.metadata.labels[HASH]
  return equal(template, deployment.spec.template)
}

function part(value: number | string | undefined, whole: number, round: (n: number) => number): number {
  if (typeof value === "number") return value
  return round((Number.parseInt(value ?? "25%", 10) * whole) / 100)
}

const surge = (spec: Deployment["spec"], replicas: number): number =>
  part(spec.strategy?.rollingUpdate?.maxSurge, replicas, Math.ceil)
const unavailable = (spec: Deployment["spec"], replicas: number): number =>
  part(spec.strategy?.rollingUpdate?.maxUnavailable, replicas, Math.floor)

interface Counts {
  updated: number
  available: number
  replicas: number
  desired: number
}

function deploymentConditions(
  registry: Registry,
  deployment: Deployment,
  current: ReplicaSet | undefined,
  counts: Counts,
): object[] {
  const now = timestamp(registry.sim)
  const old = deployment.status.conditions ?? []
  const make = (type: string, status: string, reason: string, message: string): object => {
    const before = old.find((condition) => condition.type === type)
    if (before?.status === status && before.reason === reason && before.message === message) return before
    return {
      type,
      status,
      lastUpdateTime: now,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
      reason,
      message,
    }
  }
  const least = counts.desired - unavailable(deployment.spec, counts.desired)
  const enough = counts.available >= least
  const name = JSON.stringify(current?.metadata.name ?? "")
  const done =
    counts.updated === counts.desired && counts.replicas === counts.desired && counts.available === counts.desired
  const available = enough
    ? make("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    : make("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
  const progressing = done
    ? make("Progressing", "True", "NewReplicaSetAvailable", `ReplicaSet ${name} has successfully progressed.`)
    : make("Progressing", "True", "ReplicaSetUpdated", `ReplicaSet ${name} is progressing.`)
  return [available, progressing]
}
