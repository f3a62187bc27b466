/**
 * The short form of a test, for people: manifests, then lines such as `allow frontend -> db:5432`.
 *
 *     manifests: [pods.yaml, policies/*.yaml]
 *     tests:
 *       - allow frontend -> db:5432
 *       - deny visitor -> db:5432
 *       - 403 client -> backend:80 GET /denied
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, parseDocument } from "yaml"
import { manifestLine } from "../../policy/source.ts"
import type {
  Case,
  CaseAction,
  CaseExternal,
  CaseFlow,
  CaseHttp,
  CaseNamespace,
  CaseObject,
  CasePod,
  CaseProtocol,
  CaseStep,
  ObjectSource,
  Profile,
} from "./case.ts"
import { CaseError } from "./read.ts"
import { complaintAbout } from "./served-kind.ts"

/** Finds the files a pattern names, with their text; the pattern is relative to the test's file. */
export type FindFiles = (pattern: string) => readonly { readonly file: string; readonly text: string }[]

const KEYS = ["title", "profile", "nodes", "manifests", "externals", "policyEnforcement", "tests", "steps"]
const STEP_KEYS = ["name", "apply", "delete", "tests"]

interface SourcedObject {
  readonly object: CaseObject
  readonly source: ObjectSource
}

/** The case a short form says. Throws {@link CaseError} with `FILE:LINE:`. */
export function readShortForm(text: string, file: string, find: FindFiles): Case {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (node: Node | null | undefined, message: string): never => {
    throw new CaseError(`${file}:${lines.linePos(node?.range?.[0] ?? 0).line}: ${message}`)
  }
  const [problem] = parsed.errors
  if (problem !== undefined) throw new CaseError(`${file}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`)
  const root = parsed.contents as Node | null
  if (!isMap(root)) return at(root, `expected a mapping with ${KEYS.join(", ")}`)
  for (const { key } of root.items)
    if (!KEYS.includes(String(key))) at(key as Node, `unknown key "${String(key)}"; there are: ${KEYS.join(", ")}`)
  const reader = new Reader(file, lines, find)
  const objects = reader.manifests(root.get("manifests", true) as Node | undefined)
  const externals = reader.externals(root.get("externals", true) as Node | undefined)
  const world = clusterOf(objects, Number(root.get("nodes") ?? 2), externals)
  const first: CaseAction[] = objects
    .filter(({ object }) => isPolicy(object))
    .map(({ object, source }) => ({ op: "create", object, source }))
  const steps = reader.steps(
    root.get("steps", true) as Node | undefined,
    root.get("tests", true) as Node | undefined,
    first,
    world,
  )
  return {
    id: file,
    suite: "short form",
    title: String(root.get("title") ?? file),
    profile: (root.get("profile") as Profile | undefined) ?? "cilium",
    config: { policyEnforcement: root.get("policyEnforcement") ?? "default" },
    cluster: world,
    steps,
  }
}

const isPolicy = ({ kind }: CaseObject): boolean => /Policy$|^CiliumCIDRGroup$/.test(kind)

class Reader {
  readonly #file: string
  readonly #lines: LineCounter
  readonly #find: FindFiles

  constructor(file: string, lines: LineCounter, find: FindFiles) {
    this.#file = file
    this.#lines = lines
    this.#find = find
  }

  #line(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line
  }

  #fail(node: Node, message: string): never {
    throw new CaseError(`${this.#file}:${this.#line(node)}: ${message}`)
  }

  #texts(node: Node | undefined, what: string): { text: string; node: Node }[] {
    if (node === undefined) return []
    const list = isSeq(node) ? (node.items as Node[]) : [node]
    return list.map((item) => {
      if (isScalar(item) && typeof item.value === "string") return { text: item.value, node: item }
      return this.#fail(item, `${what}: expected text`)
    })
  }

  /** The objects of the files a list of patterns names. */
  manifests(node: Node | undefined): SourcedObject[] {
    return this.#texts(node, "manifests").flatMap(({ text, node: item }) => {
      const files = this.#find(text)
      if (files.length === 0) this.#fail(item, `no file matches ${text}`)
      return files.flatMap(({ file, text: source }) => readObjects(source, file))
    })
  }

  externals(node: Node | undefined): CaseExternal[] {
    if (node === undefined) return []
    if (!isMap(node)) return this.#fail(node, "externals: expected names with addresses: internet: 203.0.113.10")
    return node.items.map(({ key, value }) => {
      const ips = isSeq(value)
        ? value.items.map((item) => String((item as { value: unknown }).value))
        : [String((value as { value: unknown }).value)]
      return { name: String(key), ips }
    })
  }

  steps(
    steps: Node | undefined,
    tests: Node | undefined,
    first: readonly CaseAction[],
    world: Case["cluster"],
  ): CaseStep[] {
    if (steps === undefined) return [{ name: "tests", actions: first, expect: { flows: this.#flows(tests, world) } }]
    if (!isSeq(steps)) return this.#fail(steps, "steps: expected a list")
    if (tests !== undefined) this.#fail(tests, "tests: with steps, each step has its own tests")
    return (steps.items as Node[]).map((step, i) => {
      if (!isMap(step)) return this.#fail(step, `steps[${i}]: expected ${STEP_KEYS.join(", ")}`)
      for (const { key } of step.items)
        if (!STEP_KEYS.includes(String(key)))
          this.#fail(key as Node, `unknown key "${String(key)}"; a step has: ${STEP_KEYS.join(", ")}`)
      const applied = this.manifests(step.get("apply", true) as Node | undefined).map(
        ({ object, source }): CaseAction => ({ op: "update", object, source }),
      )
      const actions = [
        ...(i === 0 ? first : []),
        ...this.#deletions(step.get("delete", true) as Node | undefined),
        ...applied,
      ]
      return {
        name: String(step.get("name") ?? `step ${i + 1}`),
        actions,
        expect: { flows: this.#flows(step.get("tests", true) as Node | undefined, world) },
      }
    })
  }

  /** `NetworkPolicy/deny`, `NetworkPolicy/prod/deny`. */
  #deletions(node: Node | undefined): CaseAction[] {
    return this.#texts(node, "delete").map(({ text, node: item }) => {
      const [kind, ...rest] = text.split("/")
      const name = rest.pop()
      if (kind === undefined || name === undefined)
        return this.#fail(item, `delete ${text}: expected KIND/NAME or KIND/NAMESPACE/NAME`)
      return { op: "delete", kind, name, ...(kind.includes("Clusterwide") ? {} : { namespace: rest[0] ?? "default" }) }
    })
  }

  #flows(node: Node | undefined, world: Case["cluster"]): CaseFlow[] {
    return this.#texts(node, "tests").map(({ text, node: item }) => this.#flow(text, item, world))
  }

  #flow(text: string, node: Node, world: Case["cluster"]): CaseFlow {
    const match =
      /^(allow|deny|\d{3})\s+(\S+)\s*->\s*(\S+?)(?::(\d+))?(?:\/(tcp|udp|sctp|icmp))?(?:\s+([A-Z]+)\s+(\S+))?$/i.exec(
        text,
      )
    if (match === null)
      return this.#fail(
        node,
        `${JSON.stringify(text)}: expected for example "allow frontend -> db:5432" or "403 client -> backend:80 GET /denied"`,
      )
    const [, word = "", from = "", to = "", port, protocol = "tcp", method, path] = match
    const status = /^\d/.test(word) ? Number(word) : undefined
    if (status !== undefined && method === undefined)
      this.#fail(node, `${word}: which request? "${word} ${from} -> ${to}:${port} GET /"`)
    if (port === undefined && protocol.toLowerCase() !== "icmp") this.#fail(node, `${text}: which port? "${to}:80"`)
    const ends = [this.#end(from, node, world), this.#end(to, node, world)] as const
    const denied = word.toLowerCase() === "deny"
    const http: CaseHttp[] =
      method === undefined || path === undefined
        ? []
        : [
            {
              request: { method: method.toUpperCase(), path },
              verdict: denied || status === 403 ? "deny" : "allow",
              status: status ?? (denied ? 403 : 200),
            },
          ]
    return {
      from: ends[0],
      to: ends[1],
      protocol: protocol.toUpperCase() as CaseProtocol,
      port: Number(port ?? 8),
      verdict: denied && http.length === 0 ? "deny" : "allow",
      basis: "stated",
      line: this.#line(node),
      ...(http.length === 0 ? {} : { http }),
    }
  }

  /** `name`, `namespace/name`, or an external's name. */
  #end(text: string, node: Node, world: Case["cluster"]): string {
    const external = world.externals?.find(({ name }) => name === text)
    if (external !== undefined) return `ext:${text}`
    const full = text.includes("/") ? text : `default/${text}`
    if (world.pods.some(({ namespace, name }) => `${namespace}/${name}` === full)) return full
    const names = world.pods.map(({ namespace, name }) => (namespace === "default" ? name : `${namespace}/${name}`))
    return this.#fail(
      node,
      `no pod "${text}"; there are: ${[...names, ...(world.externals ?? []).map(({ name }) => name)].join(", ") || "none"}`,
    )
  }
}

/** Kinds without a namespace, of those a test has. */
const CLUSTER_WIDE = /^(Namespace|Cilium(Clusterwide|CIDRGroup)|Cluster|AdminNetworkPolicy|BaselineAdmin)/

/** The documents of a manifest file. */
export function readObjects(text: string, file: string): SourcedObject[] {
  const lines = new LineCounter()
  return parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, version: "1.1" }).flatMap((one, index) => {
    const [problem] = one.errors
    if (problem !== undefined) throw new CaseError(`${file}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`)
    const object = one.toJS() as CaseObject | null
    if (object === null) return []
    if (typeof object.kind !== "string" || typeof object.metadata?.name !== "string")
      throw new CaseError(`${file}: document ${index + 1} is no Kubernetes object: it needs kind and metadata.name`)
    const { metadata } = object
    const placed = CLUSTER_WIDE.test(object.kind)
      ? object
      : { ...object, metadata: { namespace: "default", ...metadata } }
    const wrong = complaintAbout(placed)
    if (wrong !== undefined) {
      const line = manifestLine(text, index, wrong.field) ?? 1
      throw new CaseError(`${file}:${line}: ${wrong.message}`)
    }
    return [{ object: placed, source: { file, text, document: index } }]
  })
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Record<string, string> }
  readonly spec?: {
    readonly nodeName?: string
    readonly hostNetwork?: boolean
    readonly serviceAccountName?: string
    readonly containers?: readonly {
      readonly name?: string
      readonly ports?: CasePod["containers"] extends readonly (infer C)[] | undefined
        ? C extends { ports: infer P }
          ? P
          : never
        : never
    }[]
  }
}

const WORKLOADS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"]

/** The cluster the manifests make: a pod for each Pod and one for each workload, spread over the nodes. */
function clusterOf(
  objects: readonly SourcedObject[],
  nodes: number,
  externals: readonly CaseExternal[],
): Case["cluster"] {
  const templates = objects.flatMap(({ object }) => {
    const { kind } = object
    const template =
      kind === "Pod" ? (object as unknown as PodTemplate) : WORKLOADS.includes(kind) ? templateOf(object) : undefined
    return template === undefined ? [] : [{ object, template }]
  })
  const named = [...new Set(templates.flatMap(({ template }) => template.spec?.nodeName ?? []))]
  const machines = named.length > 0 ? named : Array.from({ length: nodes }, (_, i) => `worker-${i + 1}`)
  const namespaces = new Map<string, CaseNamespace>([["default", namespaceOf("default", {})]])
  for (const { object } of objects)
    if (object.kind === "Namespace")
      namespaces.set(object.metadata.name, namespaceOf(object.metadata.name, labelsOf(object)))
  const pods = templates.map(({ object, template }, index) => podOf(object, template, index, machines))
  for (const { namespace } of pods)
    if (!namespaces.has(namespace)) namespaces.set(namespace, namespaceOf(namespace, {}))
  return {
    nodes: machines.map((name, i) => ({
      name,
      ips: [`172.18.0.${i + 2}`],
      podCIDRs: [`10.244.${i + 1}.0/24`],
      labels: {},
    })),
    namespaces: [...namespaces.values()],
    pods,
    services: objects.filter(({ object }) => object.kind === "Service").map(({ object }) => serviceOf(object)),
    externals,
  }
}

/** The first addresses of a range are left to whoever takes them first. */
const FIRST_ADDRESS = 10

function podOf(object: CaseObject, template: PodTemplate, index: number, machines: readonly string[]): CasePod {
  const { spec = {} } = template
  const node = spec.nodeName ?? (machines[index % machines.length] as string)
  return {
    namespace: object.metadata.namespace ?? "default",
    name: object.metadata.name,
    labels: template.metadata?.labels ?? {},
    node,
    ips: [`10.244.${machines.indexOf(node) + 1}.${FIRST_ADDRESS + index}`],
    ...(spec.hostNetwork === true ? { hostNetwork: true } : {}),
    serviceAccount: spec.serviceAccountName ?? "default",
    containers: (spec.containers ?? []).map(({ name, ports = [] }) => ({
      ...(name === undefined ? {} : { name }),
      ports,
    })),
  }
}

const namespaceOf = (name: string, labels: Readonly<Record<string, string>>): CaseNamespace => ({
  name,
  labels: { "kubernetes.io/metadata.name": name, ...labels },
})
const labelsOf = ({ metadata }: CaseObject): Record<string, string> =>
  (metadata["labels"] ?? {}) as Record<string, string>
const templateOf = (object: CaseObject): PodTemplate | undefined =>
  (object["spec"] as { template?: PodTemplate } | undefined)?.template

function serviceOf(object: CaseObject): NonNullable<Case["cluster"]["services"]>[number] {
  const spec = (object["spec"] ?? {}) as Record<string, unknown>
  return {
    ...spec,
    namespace: object.metadata.namespace ?? "default",
    name: object.metadata.name,
    labels: labelsOf(object),
  }
}
