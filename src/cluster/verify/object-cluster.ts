/** Objects applied to a cluster on Cilium: what its API server says, what its agents make of them, and that a refused one leaves no trace. */
import { agentOf } from "../../cni/cilium/agent/registry.ts"
import { cilium } from "../../cni/cilium/cilium.ts"
import { clone } from "../../kube/api/json.ts"
import type { Registry } from "../../kube/api/registry.ts"
import { isStatus } from "../../kube/api/status.ts"
import type { Cluster } from "../cluster.ts"
import { createCluster } from "../create-cluster.ts"
import type { NodeHandle } from "../handles.ts"
import type { CaseReport } from "./answer.ts"
import type { CaseObject } from "./case.ts"
import { Checks } from "./checks.ts"
import { ACCEPTED, AGENT_OPTIONS, isRequires, type ObjectCase, sayAmbiguities, schemaAnswer } from "./object-case.ts"
import { Unapplied } from "./packet-world.ts"
import { objectKey } from "./world.ts"

/** One for all: every case takes away what it brought. */
let held: ObjectCluster | undefined

export async function withObjectCluster(work: (world: ObjectCluster) => Promise<void>): Promise<void> {
  const world = held ?? (await ObjectCluster.create())
  held = undefined
  await work(world)
  held = world
}

export async function applyObject(test: ObjectCase): Promise<CaseReport> {
  const checks = new Checks(test, "packets")
  sayAmbiguities(test, checks)
  const apply = test.expect.crdSchema === undefined ? applyBuiltIn : applyCustom
  await withObjectCluster((world) => apply(world, test, checks))
  return checks.report()
}

async function applyBuiltIn(world: ObjectCluster, test: ObjectCase, checks: Checks): Promise<void> {
  const { object, old, expect } = test
  if (old !== undefined) await world.create(old)
  const { code, message } = old === undefined ? await world.create(object) : await world.replace(old, object)
  if (expect.valid === false && code >= 400 && code !== 422)
    checks.note(`the server answers before it validates: ${message}`)
  else checks.check("the API server's answer", expect.apiServerMessage ?? ACCEPTED, message)
  if (old === undefined || expect.valid === false)
    checks.check("its traces", expect.valid === true ? "stored" : "none", world.traces)
  await world.clear(old === undefined ? [object] : [old, object])
}

async function applyCustom(world: ObjectCluster, test: ObjectCase, checks: Checks): Promise<void> {
  const { object, expect } = test
  const schema = expect.crdSchema ?? { valid: true }
  const { code, message } = await world.create(object)
  if ((object.metadata.name ?? "") === "") checks.note(`the server answers before it validates: ${message}`)
  else {
    checks.check("the API server's answer", schema.valid ? ACCEPTED : schemaAnswer(object, schema.message), message)
  }
  checks.check("its traces", code < 400 ? "stored" : "none", world.traces)
  if (code < 400) {
    const parser = isRequires(object) ? { valid: true } : (expect.parser ?? { valid: true })
    checks.check("the agent's answer", parser.valid ? ACCEPTED : (parser.message ?? ""), world.agentAnswer(object))
  }
  await world.clear([object])
}

/** A cluster, and how to ask its API server. */
export class ObjectCluster {
  readonly #cluster: Cluster
  /** Whether the last request changed anything in the server. */
  traces: "none" | "stored" = "none"

  private constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  static async create(): Promise<ObjectCluster> {
    return new ObjectCluster(await createCluster({ nodes: 1, cni: cilium({ values: { ...AGENT_OPTIONS } }) }))
  }

  async create(object: CaseObject): Promise<{ code: number; message: string }> {
    const { namespace } = object.metadata
    const known =
      namespace === undefined
        ? undefined
        : this.#registry.get(this.#registry.resource("namespaces"), undefined, namespace)
    if (known !== undefined && isStatus(known)) {
      const made = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace as string } }
      this.#registry.create(this.#registry.resource("namespaces"), made)
      await this.#cluster.settle()
    }
    return this.#ask("POST", this.#path(object), object)
  }

  replace(old: CaseObject, object: CaseObject): Promise<{ code: number; message: string }> {
    return this.#ask("PUT", `${this.#path(old)}/${old.metadata.name}`, object)
  }

  /** What the agent made of a stored policy. */
  agentAnswer({ kind, metadata }: CaseObject): string {
    const [{ kernel }] = this.#cluster.nodes as [NodeHandle]
    return agentOf(kernel)?.policies.refused.get(objectKey(kind, metadata))?.error ?? ACCEPTED
  }

  async clear(objects: readonly CaseObject[]): Promise<void> {
    for (const { apiVersion, kind, metadata } of objects) {
      const resource = this.#registry.resourceByKind(apiVersion, kind)
      if (resource !== undefined) this.#registry.delete(resource, metadata.namespace, metadata.name ?? "")
    }
    await this.#cluster.settle()
  }

  get #registry(): Registry {
    return this.#cluster.server.registry
  }

  #path({ apiVersion, kind, metadata }: CaseObject): string {
    const resource = this.#registry.resourceByKind(apiVersion, kind)
    if (resource === undefined) throw new Unapplied(`the API server has no kind ${kind} in ${apiVersion}`)
    return `/apis/${apiVersion}${resource.namespaced ? `/namespaces/${metadata.namespace}` : ""}/${resource.plural}`
  }

  async #ask(method: "POST" | "PUT", path: string, body: CaseObject): Promise<{ code: number; message: string }> {
    const before = this.#state()
    const answer = this.#cluster.server.handle({
      method,
      path: `${path}?fieldValidation=Ignore`,
      body: clone(body),
    })
    this.traces = this.#state() === before ? "none" : "stored"
    // Agents hear of it.
    await this.#cluster.advance("100ms")
    return { code: answer.code, message: isStatus(answer.body) ? (answer.body.message ?? "") : ACCEPTED }
  }

  /** Everything that a refused object could leave behind. */
  #state(): string {
    const { store, warnings } = this.#registry
    return JSON.stringify([store.revision, store.resources().map((key) => [key, store.list(key).length]), warnings])
  }
}
