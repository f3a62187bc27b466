/** The HTTP face of the API: one synchronous handler from request to answer. Models k8s.io/apiserver/pkg/endpoints. */
import type { Simulation } from "../../sim/simulation.ts"
import { serveDefinitions } from "./crd/serve.ts"
import * as discovery from "./discovery.ts"
import { type Dict, isDict, peek, section } from "./json.ts"
import { type Query, Registry, sameSpec, type WriteOptions } from "./registry.ts"
import {
  type ApiRequest,
  type ApiResponse,
  type LogOptions,
  type NodeAgent,
  parseQuery,
  type QueryMap,
} from "./request.ts"
import { apiVersionOf, type PrintContext, type Resource, resourceKey } from "./resource.ts"
import { parseFieldSelector, parseLabelSelector } from "./selector.ts"
import { type ManifestSource, Sources } from "./sources.ts"
import * as status from "./status.ts"
import { ApiStream } from "./stream.ts"
import { type IncludeObject, printContext, toTable } from "./table.ts"
import { timestamp } from "./time.ts"
import type { ApiObject, Deployment, Pod } from "./types.ts"

/** `[/api/v1 | /apis/G/V][/namespaces/NS]/PLURAL[/NAME[/SUBRESOURCE]]`. */
const RESOURCE_PATH =
  /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))\/(?:namespaces\/([^/]+)\/)?([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/

interface Target {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
}

export class ApiServer {
  readonly sim: Simulation
  readonly registry: Registry
  /** Manifests that objects came from. */
  readonly sources: Sources
  /** Kubelets by node name. */
  readonly agents: Map<string, NodeAgent> = new Map()
  /** What is written so often that it is reckoned when somebody reads it: heartbeats and leases, by plural. */
  readonly views: Map<string, (object: ApiObject) => ApiObject> = new Map()
  /** Programs that act on what they see here, kube-proxy for one: false while one of them has seen a change and not yet acted on it. */
  readonly followers: Set<{ readonly quiet: boolean }> = new Set()
  readonly #context: PrintContext

  constructor(sim: Simulation) {
    this.sim = sim
    this.registry = new Registry(sim)
    this.sources = new Sources(this.registry.store)
    serveDefinitions(this.registry)
    this.#context = printContext(sim)
  }

  /** What a client must wait for before {@link handle} can answer a request: code, for a few writes. */
  needs({ method, path }: ApiRequest): (() => Promise<void>) | undefined {
    return method === "GET" ? undefined : this.#target(path.split("?", 1)[0] as string)?.resource.load
  }

  /** Answers a request. Never throws for what a client sends. */
  handle(request: ApiRequest): ApiResponse {
    this.registry.warnings = []
    const mark = request.path.indexOf("?")
    const path = mark < 0 ? request.path : request.path.slice(0, mark)
    const query = parseQuery(mark < 0 ? "" : request.path.slice(mark + 1))
    const answer = this.#fixed(path, request) ?? this.#resource(path, query, request)
    const { warnings } = this.registry
    return warnings.length === 0
      ? answer
      : {
          ...answer,
          headers: { ...answer.headers, warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(", ") },
        }
  }

  /** Paths that are no resource's. */
  #fixed(path: string, request: ApiRequest): ApiResponse | undefined {
    const { resources } = this.registry
    const bare = path.length > 1 ? path.replace(/\/$/, "") : path
    if (bare === "/version") return json(discovery.versionInfo())
    if (bare === "/healthz" || bare === "/livez" || bare === "/readyz")
      return { code: 200, headers: { "content-type": "text/plain; charset=utf-8" }, text: "ok" }
    if (bare === "/api" || bare === "/apis") return this.#discovery(bare === "/api", request.headers?.["accept"] ?? "")
    if (bare === "/openapi/v2") return { code: 200, headers: OPENAPI_V2_TYPE, text: discovery.openApiV2() }
    if (bare === "/openapi/v3") return json(discovery.openApiIndex(resources))
    if (bare.startsWith("/openapi/v3/"))
      return found(discovery.openApiDocument(resources, bare.slice("/openapi/v3/".length)))
    const list = /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))$/.exec(bare)
    return list === null ? undefined : found(discovery.apiResourceList(resources, (list[1] ?? list[2]) as string))
  }

  #discovery(core: boolean, accept: string): ApiResponse {
    const version = /as=APIGroupDiscoveryList/.test(accept) ? /v=(v2beta1|v2)\b/.exec(accept)?.[1] : undefined
    const { resources } = this.registry
    if (version === undefined) return json(core ? discovery.apiVersions() : discovery.apiGroupList(resources))
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
    return {
      code: 200,
      headers: { "content-type": type },
      body: discovery.aggregatedDiscovery(resources, core, version),
    }
  }

  #target(path: string): Target | undefined {
    const namespace = /^\/api\/v1\/namespaces\/([^/]+)(?:\/(status|finalize))?$/.exec(path)
    if (namespace !== null)
      return {
        resource: this.registry.resource("namespaces"),
        namespace: undefined,
        name: namespace[1],
        subresource: namespace[2],
      }
    const match = RESOURCE_PATH.exec(path)
    if (match === null) return undefined
    const [, core, group, version, ns, plural, name, subresource] = match
    const resource = this.registry.resourceByPath(group ?? "", core ?? (version as string), plural as string)
    if (resource === undefined || (subresource !== undefined && resource.subresources?.includes(subresource) !== true))
      return undefined
    return {
      resource,
      namespace: ns === undefined ? undefined : decodeURIComponent(ns),
      name: name === undefined ? undefined : decodeURIComponent(name),
      subresource,
    }
  }

  #resource(path: string, query: QueryMap, request: ApiRequest): ApiResponse {
    const target = this.#target(path)
    if (target === undefined) return failed(status.pathNotFound())
    const { deprecation } = target.resource
    if (deprecation !== undefined) this.registry.warnings.push(deprecation)
    const special =
      target.subresource === undefined
        ? undefined
        : this.#subresource(target as Target & { name: string; subresource: string }, query, request)
    if (special !== undefined) return special
    switch (request.method) {
      case "GET":
        return target.name === undefined || query.has("watch")
          ? this.#collection(target, query, request)
          : this.#get(target, query, request)
      case "POST":
        return this.#write(
          request,
          this.registry.create(target.resource, bodyOf(request), writeOptions(target, query)),
          201,
          target,
          query,
        )
      case "PUT":
        return this.#put(target, query, request)
      case "PATCH":
        return this.#patch(target, query, request)
      case "DELETE":
        return this.#delete(target, query, request)
    }
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────

  #get(target: Target, query: QueryMap, request: ApiRequest): ApiResponse {
    let object = this.registry.get(target.resource, target.namespace, target.name as string)
    if (status.isStatus(object)) return failed(object)
    const view = this.views.get(target.resource.plural)
    if (view !== undefined) object = view(object)
    return this.#shaped(target.resource, [object], object.metadata.resourceVersion, query, request) ?? json(object)
  }

  /** A Table when the client wants one. */
  #shaped(
    resource: Resource,
    objects: readonly ApiObject[],
    revision: string,
    query: QueryMap,
    request: ApiRequest,
  ): ApiResponse | undefined {
    if (!wantsTable(request)) return undefined
    return json(toTable(resource, objects, revision, includeObject(query), this.#context))
  }

  #collection(target: Target, query: QueryMap, request: ApiRequest): ApiResponse {
    const { resource } = target
    const wanted = this.#query(target, query)
    if (status.isStatus(wanted)) return failed(wanted)
    if (isTrue(query, "watch")) return this.#watch(target, wanted, query, request)
    const view = this.views.get(resource.plural)
    const stored = this.registry.list(resource, wanted)
    const objects = view === undefined ? stored : stored.map(view)
    const revision = String(this.registry.store.revision)
    const body = {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion: revision },
      items: objects,
    }
    return this.#shaped(resource, objects, revision, query, request) ?? json(body)
  }

  #query(target: Target, query: QueryMap): Query | status.Status {
    const labels = parseLabelSelector(first(query, "labelSelector") ?? "")
    if ("error" in labels) return status.badRequest(labels.error)
    const fields = parseFieldSelector(first(query, "fieldSelector") ?? "")
    if ("error" in fields) return status.badRequest(fields.error)
    const unknown = this.registry.unknownField(target.resource, fields)
    if (unknown !== undefined) return status.badRequest(`field label not supported: ${unknown}`)
    return { namespace: target.namespace, name: target.name, labels, fields }
  }

  #watch(target: Target, wanted: Query, query: QueryMap, request: ApiRequest): ApiResponse {
    const { resource } = target
    const since = first(query, "resourceVersion") ?? ""
    const fromStart = since === "" || since === "0" || isTrue(query, "sendInitialEvents")
    let end: (() => void) | undefined
    const stream = new ApiStream<unknown>(() => end?.())
    let first_ = true
    const push = (type: string, object: ApiObject): void => {
      const shaped = wantsTable(request)
        ? toTable(resource, [object], object.metadata.resourceVersion, includeObject(query), this.#context)
        : object
      // The columns are told once.
      if (!first_ && "columnDefinitions" in shaped) (shaped as unknown as Dict)["columnDefinitions"] = null
      first_ = false
      stream.push({ type, object: shaped })
    }
    if (fromStart) for (const object of this.registry.list(resource, wanted)) push("ADDED", object)
    if (isTrue(query, "sendInitialEvents")) stream.push(this.#bookmark(resource))
    end = this.registry.watch(resource, wanted, fromStart ? undefined : Number(since), push)
    if (end === undefined) {
      stream.push({
        type: "ERROR",
        object: status.expired(`too old resource version: ${since} (${this.registry.store.revision})`),
      })
      stream.end()
    }
    this.#endAfter(stream, first(query, "timeoutSeconds"), () => end?.())
    return { code: 200, headers: { "content-type": "application/json" }, stream }
  }

  #bookmark(resource: Resource): unknown {
    const metadata = {
      resourceVersion: String(this.registry.store.revision),
      annotations: { "k8s.io/initial-events-end": "true" },
    }
    return { type: "BOOKMARK", object: { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata } }
  }

  #endAfter(stream: ApiStream<unknown>, seconds: string | undefined, end: () => void): void {
    if (seconds === undefined || !/^\d+$/.test(seconds)) return
    const fire = (): void => {
      end()
      stream.end()
    }
    this.sim.schedule(Number(seconds) * 1e9, { fire }, 0)
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────

  #write(
    request: ApiRequest,
    result: ApiObject | status.Status,
    code: number,
    target: Target,
    query: QueryMap,
    before?: unknown,
  ): ApiResponse {
    if (status.isFailure(result)) return failed(result)
    if (status.isStatus(result)) return json(result)
    if (target.subresource === undefined && !isDryRun(query)) this.#remember(target, request.source, result, before)
    return (
      this.#shaped(target.resource, [result], result.metadata.resourceVersion, query, request) ?? {
        code,
        headers: JSON_TYPE,
        body: result,
      }
    )
  }

  /** A change that says nothing of a manifest leaves the one known, unless it changes what that was about. */
  #remember({ resource }: Target, source: ManifestSource | undefined, object: ApiObject, before: unknown): void {
    const changed = before !== undefined && !status.isStatus(before) && !sameSpec(resource, object, before as ApiObject)
    if (source !== undefined || changed) this.sources.set(resourceKey(resource), object, source)
  }

  #put(target: Target, query: QueryMap, request: ApiRequest): ApiResponse {
    const body = bodyOf(request)
    const name = String(peek(body, "metadata")["name"] ?? "")
    if (name !== target.name)
      return failed(
        status.badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`),
      )
    const options = writeOptions(target, query)
    const before = this.registry.get(target.resource, target.namespace, name)
    return this.#write(request, this.registry.update(target.resource, body, options), 200, target, query, before)
  }

  #patch(target: Target, query: QueryMap, request: ApiRequest): ApiResponse {
    const media = (request.headers?.["content-type"] ?? "application/strategic-merge-patch+json").split(
      ";",
    )[0] as string
    const type = PATCH_TYPES[media]
    const custom = target.resource.custom === true
    if (type === undefined || (custom && type === "strategic")) {
      const accepted = Object.keys(PATCH_TYPES).filter((name) => !custom || PATCH_TYPES[name] !== "strategic")
      return failed(
        status.unsupportedMediaType(
          `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
        ),
      )
    }
    const name = target.name as string
    const before = this.registry.get(target.resource, target.namespace, name)
    const result = this.registry.patch(
      target.resource,
      target.namespace,
      name,
      type,
      request.body,
      writeOptions(target, query),
    )
    return this.#write(request, result, 200, target, query, before)
  }

  #delete(target: Target, query: QueryMap, request: ApiRequest): ApiResponse {
    const body = bodyOf(request)
    const grace = body["gracePeriodSeconds"] ?? first(query, "gracePeriodSeconds")
    const options = {
      dryRun: isDryRun(query) || (Array.isArray(body["dryRun"]) && body["dryRun"].length > 0),
      gracePeriodSeconds: grace === undefined ? undefined : Number(grace),
      propagationPolicy: (body["propagationPolicy"] ?? first(query, "propagationPolicy")) as "Background" | undefined,
      uid: peek(body, "preconditions")["uid"] as string | undefined,
    }
    if (target.name !== undefined)
      return this.#write(
        request,
        this.registry.delete(target.resource, target.namespace, target.name, options),
        200,
        target,
        query,
      )
    const wanted = this.#query(target, query)
    if (status.isStatus(wanted)) return failed(wanted)
    const items = this.registry.list(target.resource, wanted)
    for (const object of items)
      this.registry.delete(target.resource, object.metadata.namespace, object.metadata.name, options)
    return json({ kind: `${target.resource.kind}List`, apiVersion: apiVersionOf(target.resource), metadata: {}, items })
  }

  // ── subresources ────────────────────────────────────────────────────────────────────────────

  #subresource(
    target: Target & { name: string; subresource: string },
    query: QueryMap,
    request: ApiRequest,
  ): ApiResponse | undefined {
    switch (target.subresource) {
      case "log":
        return this.#log(target, query)
      case "exec":
        return this.#exec(target, query, request)
      case "portforward":
        return this.#forward(target)
      case "attach":
        return failed(status.badRequest(`podwire does not support '${target.subresource}'`))
      case "binding":
        return this.#binding(target, request)
      case "eviction":
        return this.#write(
          request,
          this.registry.delete(target.resource, target.namespace, target.name),
          201,
          target,
          query,
        )
      case "scale":
        return this.#scale(target, query, request)
      default:
        return undefined
    }
  }

  #pod(target: Target & { name: string }): Pod | status.Status {
    return this.registry.get(target.resource, target.namespace, target.name) as Pod | status.Status
  }

  #log(target: Target & { name: string }, query: QueryMap): ApiResponse {
    const pod = this.#pod(target)
    if (status.isStatus(pod)) return failed(pod)
    const agent = this.agents.get(pod.spec.nodeName ?? "")
    const container = containerOf(pod, first(query, "container"))
    if (typeof container !== "string") return failed(container)
    if (agent === undefined) return { code: 200, headers: TEXT_TYPE, text: "" }
    const count = (name: string): number | undefined => (query.has(name) ? Number(first(query, name)) : undefined)
    const options: LogOptions = {
      container,
      follow: isTrue(query, "follow"),
      previous: isTrue(query, "previous"),
      timestamps: isTrue(query, "timestamps"),
      tailLines: count("tailLines"),
      sinceSeconds: count("sinceSeconds"),
      limitBytes: count("limitBytes"),
    }
    const answer = agent.logs(pod.metadata.namespace ?? "", pod.metadata.name, options)
    if (status.isStatus(answer)) return failed(answer)
    return "text" in answer
      ? { code: 200, headers: TEXT_TYPE, text: answer.text }
      : { code: 200, headers: TEXT_TYPE, textStream: answer.stream }
  }

  #exec(target: Target & { name: string }, query: QueryMap, request: ApiRequest): ApiResponse {
    const pod = this.#pod(target)
    if (status.isStatus(pod)) return failed(pod)
    const container = containerOf(pod, first(query, "container"))
    if (typeof container !== "string") return failed(container)
    const { phase } = pod.status
    if (phase === "Succeeded" || phase === "Failed")
      return failed(status.badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`))
    const agent = this.agents.get(pod.spec.nodeName ?? "")
    if (agent === undefined) return failed(status.badRequest(`pod ${pod.metadata.name} does not have a host assigned`))
    const session = agent.exec(pod.metadata.namespace ?? "", pod.metadata.name, {
      container,
      command: query.get("command") ?? [],
      tty: isTrue(query, "tty"),
      streams: request.streams ?? {},
    })
    return status.isStatus(session) ? failed(session) : { code: 101, headers: {}, session }
  }

  #forward(target: Target & { name: string }): ApiResponse {
    const pod = this.#pod(target)
    if (status.isStatus(pod)) return failed(pod)
    const agent = this.agents.get(pod.spec.nodeName ?? "")
    if (agent === undefined) return failed(status.badRequest(`pod ${pod.metadata.name} does not have a host assigned`))
    const network = agent.network(pod.metadata.namespace ?? "", pod.metadata.name)
    return status.isStatus(network) ? failed(network) : { code: 101, headers: {}, network }
  }

  /** The scheduler's decision. */
  #binding(target: Target & { name: string }, request: ApiRequest): ApiResponse {
    const node = peek(bodyOf(request), "target")["name"]
    const pod = this.#pod(target)
    if (status.isStatus(pod)) return failed(pod)
    if ((pod.spec.nodeName ?? "") !== "")
      return failed(
        status.conflict(
          { group: "", name: "pods/binding" },
          target.name,
          `pod ${target.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
        ),
      )
    const bound = this.bind(pod, String(node))
    return status.isStatus(bound) ? failed(bound) : { code: 201, headers: JSON_TYPE, body: status.success() }
  }

  /** Puts a pod on a node. */
  bind(pod: Pod, node: string): ApiObject | status.Status {
    const now = timestamp(this.sim)
    return this.registry.modify(
      this.registry.resource("pods"),
      pod.metadata.namespace,
      pod.metadata.name,
      (object) => {
        section(object, "spec")["nodeName"] = node
        const own = section(object, "status")
        const others = ((own["conditions"] ?? []) as Dict[]).filter((condition) => condition["type"] !== "PodScheduled")
        own["conditions"] = [
          ...others,
          { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now },
        ]
      },
      "binding",
    )
  }

  #scale(target: Target & { name: string }, query: QueryMap, request: ApiRequest): ApiResponse {
    const object = this.registry.get(target.resource, target.namespace, target.name)
    if (status.isStatus(object)) return failed(object)
    if (request.method === "GET") return json(scaleOf(object as Deployment))
    const replicas = peek(bodyOf(request), "spec")["replicas"]
    const options = writeOptions(target, query)
    const result = this.registry.patch(
      target.resource,
      target.namespace,
      target.name,
      "merge",
      { spec: { replicas } },
      { ...options, subresource: undefined },
    )
    return status.isStatus(result) ? failed(result) : json(scaleOf(result as Deployment))
  }
}

const JSON_TYPE = { "content-type": "application/json" }
const OPENAPI_V2_TYPE = { "content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" }
const TEXT_TYPE = { "content-type": "text/plain" }

const PATCH_TYPES: Readonly<Record<string, "json" | "merge" | "strategic">> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
}

const json = (body: unknown): ApiResponse => ({ code: 200, headers: JSON_TYPE, body })
const failed = (body: status.Status): ApiResponse => ({ code: body.code ?? 500, headers: JSON_TYPE, body })
const found = (body: object | undefined): ApiResponse =>
  body === undefined ? failed(status.pathNotFound()) : json(body)

const first = (query: QueryMap, name: string): string | undefined => query.get(name)?.[0]
const isTrue = (query: QueryMap, name: string): boolean => ["true", "1"].includes(first(query, name) ?? "")
const isDryRun = (query: QueryMap): boolean => query.has("dryRun")
const bodyOf = (request: ApiRequest): Dict => (isDict(request.body) ? request.body : {})
const wantsTable = (request: ApiRequest): boolean => (request.headers?.["accept"] ?? "").includes("as=Table")
const includeObject = (query: QueryMap): IncludeObject => (first(query, "includeObject") ?? "Metadata") as IncludeObject

function writeOptions(target: Target, query: QueryMap): WriteOptions {
  return {
    namespace: target.namespace,
    subresource: target.subresource,
    dryRun: isDryRun(query),
    fieldValidation: (first(query, "fieldValidation") ?? "Warn") as "Warn",
  }
}

function containerOf(pod: Pod, asked: string | undefined): string | status.Status {
  const names = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.ephemeralContainers ?? []),
  ].map((container) => container.name)
  const { name } = pod.metadata
  if (asked !== undefined && asked !== "")
    return names.includes(asked) ? asked : status.badRequest(`container ${asked} is not valid for pod ${name}`)
  if (pod.spec.containers.length === 1) return names[0] as string
  return status.badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${pod.spec.containers.map((container) => container.name).join(" ")}]`,
  )
}

function scaleOf({ metadata, spec, status: { replicas } }: Deployment): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  const selector = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: replicas ?? 0, selector: selector.join(",") },
  }
}
