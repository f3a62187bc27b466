/** Events: what components say about objects. Repeats are counted, floods are folded. Models client-go/tools/record. */
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import { timestamp } from "../api/time.ts"
import type { ApiObject, Event } from "../api/types.ts"

/** So many different texts of one reason within {@link SPAM_WINDOW} fold into one event. */
const SPAM_MAX = 10
const SPAM_WINDOW = 600e9

interface Group {
  texts: Set<string>
  last: number
}

export class EventRecorder {
  readonly #registry: Registry
  readonly #component: string
  readonly #host: string
  readonly #groups = new Map<string, Group>()
  /** The event's name, by everything that makes two events the same. */
  readonly #known = new Map<string, string>()

  /** @param host the node, for a kubelet; empty for cluster-wide components */
  constructor(registry: Registry, component: string, host = "") {
    this.#registry = registry
    this.#component = component
    this.#host = host
  }

  /** @param fieldPath which part of the object: `spec.containers{nginx}` */
  event(object: ApiObject, type: "Normal" | "Warning", reason: string, message: string, fieldPath?: string): void {
    const namespace = object.metadata.namespace ?? "default"
    const group = [object.metadata.uid, type, reason].join("\n")
    const text = this.#fold(group, message)
    const key = [group, fieldPath ?? "", text.replace(/^\(combined from similar events\): .*/s, "*")].join("\n")
    const name = this.#known.get(key)
    if (name !== undefined && this.#count(namespace, name, text)) return
    this.#known.set(key, this.#create(object, namespace, type, reason, text, fieldPath))
  }

  #fold(key: string, message: string): string {
    const now = this.#registry.sim.now
    const group = this.#groups.get(key) ?? { texts: new Set(), last: now }
    if (now - group.last > SPAM_WINDOW) group.texts.clear()
    group.last = now
    group.texts.add(message)
    this.#groups.set(key, group)
    return group.texts.size >= SPAM_MAX ? `(combined from similar events): ${message}` : message
  }

  #count(namespace: string, name: string, message: string): boolean {
    const resource = this.#registry.resource("events")
    const result = this.#registry.modify(resource, namespace, name, (event) => {
      event["count"] = ((event["count"] as number | undefined) ?? 1) + 1
      event["lastTimestamp"] = timestamp(this.#registry.sim)
      event["message"] = message
    })
    return !isStatus(result)
  }

  #create(
    object: ApiObject,
    namespace: string,
    type: string,
    reason: string,
    message: string,
    fieldPath: string | undefined,
  ): string {
    const { sim } = this.#registry
    const now = timestamp(sim)
    const { name, uid, resourceVersion } = object.metadata
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${nanosecondsHex(sim.epoch, sim.now)}`, namespace },
      involvedObject: {
        kind: object.kind,
        ...(object.metadata.namespace === undefined ? {} : { namespace }),
        name,
        // A kubelet speaks of its node before it knows the node's uid, so it uses the name.
        uid: object.kind === "Node" && this.#component === "kubelet" ? name : uid,
        apiVersion: object.apiVersion,
        ...(object.kind === "Node" ? {} : { resourceVersion }),
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      reason,
      message,
      source: { component: this.#component, ...(this.#host === "" ? {} : { host: this.#host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: this.#component,
      reportingInstance: this.#host,
    }
    const resource = this.#registry.resource("events")
    let created = this.#registry.create(resource, event, { namespace })
    // Two events in one nanosecond: virtual time allows what real time hardly does.
    for (let i = 1; isStatus(created) && created.reason === "AlreadyExists"; i++) {
      event.metadata.name = `${name}.${nanosecondsHex(sim.epoch, sim.now + i)}`
      created = this.#registry.create(resource, event, { namespace })
    }
    return isStatus(created) ? "" : (created as Event).metadata.name
  }
}

/** Nanoseconds since 1970 in hexadecimal: beyond what a number holds exactly. */
function nanosecondsHex(epoch: number, now: number): string {
  return (BigInt(epoch) * 1_000_000_000n + BigInt(Math.floor(now))).toString(16)
}
