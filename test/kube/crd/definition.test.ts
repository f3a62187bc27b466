/** A definition's life at the API server: accepted, served, changed, deleted with all its objects. */
import { beforeEach, describe, expect, test } from "vitest"
import type { CustomResourceDefinition } from "../../../src/kube/api/crd/definition.ts"
import type { ApiRequest, ApiResponse } from "../../../src/kube/api/request.ts"
import type { Status } from "../../../src/kube/api/status.ts"
import type { Table } from "../../../src/kube/api/table.ts"
import type { ApiObject } from "../../../src/kube/api/types.ts"
import { ControlPlane } from "../../../src/kube/control-plane.ts"
import { Simulation } from "../../../src/sim/simulation.ts"

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
const WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: { size: { type: "integer", minimum: 1 }, color: { type: "string", default: "red" } },
    },
    status: { type: "object", properties: { ready: { type: "boolean" } } },
  },
}

const version = (name: string, storage: boolean, more: object = {}): Record<string, unknown> => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: schema },
  ...more,
})

function definition(versions = [version("v1", true, { subresources: { status: {} } })], names = {}): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget", shortNames: ["wd"], ...names },
      versions,
    },
  }
}

const widget = (spec: object, more: object = {}): object => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w" },
  spec,
  ...more,
})

let plane: ControlPlane

async function ask(method: ApiRequest["method"], path: string, body?: unknown, headers = {}): Promise<ApiResponse> {
  await plane.api.needs({ method, path })?.()
  const answer = plane.api.handle({ method, path, headers, ...(body === undefined ? {} : { body }) })
  await plane.sim.advance(1)
  return answer
}

const object = (answer: ApiResponse): ApiObject => answer.body as ApiObject
const message = (answer: ApiResponse): string | undefined => (answer.body as Status).message
const found = async (): Promise<CustomResourceDefinition> =>
  (await ask("GET", `${DEFINITIONS}/widgets.example.com`)).body as CustomResourceDefinition
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }

beforeEach(async () => {
  plane = new ControlPlane(new Simulation({ seed: 1 }), { podCIDR: "10.244.0.0/16" })
  await plane.sim.advance(1e9)
})

describe("a definition", () => {
  test("is accepted and established, with the names it left out", async () => {
    expect((await ask("POST", `${DEFINITIONS}?fieldValidation=Strict`, definition())).code).toBe(201)
    const { spec, status } = await found()
    expect(spec.names).toEqual({
      plural: "widgets",
      singular: "widget",
      kind: "Widget",
      listKind: "WidgetList",
      shortNames: ["wd"],
    })
    expect(spec.conversion).toEqual({ strategy: "None" })
    expect(status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message])).toEqual([
      ["NamesAccepted", "True", "NoConflicts", "no conflicts found"],
      ["Established", "True", "InitialNamesAccepted", "the initial names have been accepted"],
    ])
    expect(status?.acceptedNames).toEqual(spec.names)
    expect(status?.storedVersions).toEqual(["v1"])
  })

  test("serves its kind: defaults, pruning with a warning, strict refusal, schema errors, generations", async () => {
    expect((await ask("GET", WIDGETS)).code).toBe(404)
    await ask("POST", DEFINITIONS, definition())
    const created = await ask("POST", WIDGETS, widget({ size: 1, odd: 1 }, { status: { ready: true } }))
    expect(object(created)).toMatchObject({ spec: { size: 1, color: "red" }, metadata: { generation: 1 } })
    expect(object(created)["status"]).toBeUndefined()
    expect(created.headers["warning"]).toBe('299 - "unknown field \\"spec.odd\\""')
    const strict = await ask("POST", `${WIDGETS}?fieldValidation=Strict`, widget({ size: 1, odd: 1, z: 2 }, { top: 1 }))
    expect(message(strict)).toBe(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.odd", unknown field "spec.z", unknown field "top"',
    )
    expect(message(await ask("POST", WIDGETS, widget({ size: 0 })))).toBe(
      'Widget.example.com "w" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    )
    const patch = { "content-type": "application/merge-patch+json" }
    const patched = await ask("PATCH", `${WIDGETS}/w`, { spec: { size: 2 }, status: { ready: true } }, patch)
    expect(object(patched)).toMatchObject({ spec: { size: 2 }, metadata: { generation: 2 } })
    expect(object(patched)["status"]).toBeUndefined()
    const status = await ask("PATCH", `${WIDGETS}/w/status`, { spec: { size: 9 }, status: { ready: true } }, patch)
    expect(object(status)).toMatchObject({ spec: { size: 2 }, status: { ready: true }, metadata: { generation: 2 } })
    expect(message(await ask("PATCH", `${WIDGETS}/w/status`, { status: { ready: "yes" } }, patch))).toContain(
      'status.ready: Invalid value: "string": status.ready in body must be of type boolean: "string"',
    )
    const strategic = await ask(
      "PATCH",
      `${WIDGETS}/w`,
      {},
      { "content-type": "application/strategic-merge-patch+json" },
    )
    expect([strategic.code, message(strategic)]).toEqual([
      415,
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json",
    ])
  })

  test("prints its columns: values by type, nothing where there is none, the age by default", async () => {
    const columns = [
      { name: "Size", type: "integer", jsonPath: ".spec.size" },
      { name: "Ready", type: "string", jsonPath: ".status.conditions[?(@.type=='Ready')].status", priority: 1 },
      { name: "Color", type: "integer", jsonPath: ".spec.color" },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "how old" },
    ]
    await ask("POST", DEFINITIONS, definition([version("v1", true, { additionalPrinterColumns: columns })]))
    await ask("POST", WIDGETS, widget({ size: 3 }))
    const table = (await ask("GET", WIDGETS, undefined, TABLE)).body as Table
    expect(table.columnDefinitions.map(({ name, type, priority }) => [name, type, priority])).toEqual([
      ["Name", "string", 0],
      ["Size", "integer", 0],
      ["Ready", "string", 1],
      ["Color", "integer", 0],
      ["Age", "date", 0],
    ])
    expect(table.columnDefinitions.map(({ description }) => description).slice(1)).toEqual([
      "Custom resource definition column (in JSONPath format): .spec.size",
      "Custom resource definition column (in JSONPath format): .status.conditions[?(@.type=='Ready')].status",
      "Custom resource definition column (in JSONPath format): .spec.color",
      "how old",
    ])
    expect(table.rows[0]?.cells).toEqual(["w", 3, null, null, "0s"])
    await ask(
      "PATCH",
      `${DEFINITIONS}/widgets.example.com`,
      { spec: { versions: [version("v1", true)] } },
      { "content-type": "application/merge-patch+json" },
    )
    const plain = (await ask("GET", WIDGETS, undefined, TABLE)).body as Table
    expect(plain.columnDefinitions.map(({ name }) => name)).toEqual(["Name", "Age"])
  })

  test("with two versions shows every object in the version asked for, and warns of the deprecated one", async () => {
    await ask("POST", DEFINITIONS, definition([version("v1alpha1", false, { deprecated: true }), version("v1", true)]))
    await ask("POST", WIDGETS, widget({ size: 1 }))
    const old = WIDGETS.replace("/v1/", "/v1alpha1/")
    const read = await ask("GET", `${old}/w`)
    expect(object(read).apiVersion).toBe("example.com/v1alpha1")
    expect(read.headers["warning"]).toBe('299 - "example.com/v1alpha1 Widget is deprecated"')
    expect(object(await ask("GET", `${WIDGETS}/w`)).apiVersion).toBe("example.com/v1")
    const list = (await ask("GET", old)).body as { apiVersion: string; items: ApiObject[] }
    expect([list.apiVersion, list.items[0]?.apiVersion]).toEqual(["example.com/v1alpha1", "example.com/v1alpha1"])
    const groups = (await ask("GET", "/apis")).body as { groups: { name: string; versions: { version: string }[] }[] }
    expect(groups.groups.find(({ name }) => name === "example.com")?.versions.map(({ version }) => version)).toEqual([
      "v1",
      "v1alpha1",
    ])
  })

  test("is watched in the version asked for, as objects and as rows", async () => {
    const columns = [{ name: "Size", type: "integer", jsonPath: ".spec.size" }]
    const versions = [version("v1", true, { additionalPrinterColumns: columns }), version("v1beta1", false)]
    await ask("POST", DEFINITIONS, definition(versions))
    const watch = async (path: string, headers = {}): Promise<() => unknown[]> => {
      const { stream } = await ask("GET", `${path}?watch=true`, undefined, headers)
      return () => {
        const events: unknown[] = []
        for (let event = stream?.take(); event !== undefined; event = stream?.take()) events.push(event)
        return events
      }
    }
    const old = await watch(WIDGETS.replace("/v1/", "/v1beta1/"))
    const rows = await watch(WIDGETS, TABLE)
    await ask("POST", WIDGETS, widget({ size: 1 }))
    await ask("DELETE", `${WIDGETS}/w`)
    expect(old()).toMatchObject([
      { type: "ADDED", object: { apiVersion: "example.com/v1beta1", metadata: { name: "w" } } },
      { type: "DELETED", object: { apiVersion: "example.com/v1beta1", metadata: { name: "w" } } },
    ])
    expect(rows()).toMatchObject([
      { type: "ADDED", object: { kind: "Table", rows: [{ cells: ["w", 1] }] } },
      { type: "DELETED", object: { kind: "Table", rows: [{ cells: ["w", 1] }] } },
    ])
  })

  test("that becomes stricter leaves what is stored alone, until it is changed", async () => {
    await ask("POST", DEFINITIONS, definition())
    await ask("POST", WIDGETS, widget({ size: 1 }))
    const strict = structuredClone(schema)
    strict.properties.spec.properties.size.minimum = 10
    const merge = { "content-type": "application/merge-patch+json" }
    const versions = [version("v1", true, { schema: { openAPIV3Schema: strict }, subresources: { status: {} } })]
    await ask("PATCH", `${DEFINITIONS}/widgets.example.com`, { spec: { versions } }, merge)
    const patch = async (body: object): Promise<string | undefined> =>
      message(await ask("PATCH", `${WIDGETS}/w`, body, merge))
    expect(await patch({ metadata: { labels: { a: "b" } } })).toBeUndefined()
    expect(await patch({ spec: { color: "green" } })).toBeUndefined()
    expect(await patch({ spec: { size: 2 } })).toContain("should be greater than or equal to 10")
    expect(message(await ask("POST", WIDGETS, { ...widget({ size: 1 }), metadata: { name: "new" } }))).toContain("10")
  })

  test("whose names are taken is not served, and says why", async () => {
    await ask("POST", DEFINITIONS, definition())
    const rival = {
      ...definition(undefined, { plural: "gadgets", kind: "Gadget" }),
      metadata: { name: "gadgets.example.com" },
    }
    await ask("POST", DEFINITIONS, rival)
    const { status } = object(await ask("GET", `${DEFINITIONS}/gadgets.example.com`)) as CustomResourceDefinition
    expect(status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message])).toEqual([
      ["NamesAccepted", "False", "ShortNamesConflict", '"wd" is already in use'],
      ["Established", "False", "NotAccepted", "not all names are accepted"],
    ])
    expect((await ask("GET", WIDGETS.replace("widgets", "gadgets"))).code).toBe(404)
  })

  test("goes with all its objects, those with finalizers last", async () => {
    await ask("POST", DEFINITIONS, definition())
    await ask("POST", WIDGETS, widget({ size: 1 }))
    await ask("POST", WIDGETS, widget({ size: 1 }, { metadata: { name: "held", finalizers: ["example.com/wait"] } }))
    const gone: string[] = []
    const { registry } = plane.api
    registry.watch(registry.resourceByKind("example.com/v1", "Widget")!, {}, undefined, (type, { metadata }) => {
      if (type === "DELETED") gone.push(metadata.name)
    })
    const deleted = await ask("DELETE", `${DEFINITIONS}/widgets.example.com`)
    expect(object(deleted).metadata.finalizers).toEqual(["customresourcecleanup.apiextensions.k8s.io"])
    expect((await found()).status?.conditions?.at(-1)).toMatchObject({
      type: "Terminating",
      status: "True",
      reason: "InstanceDeletionInProgress",
    })
    expect(gone).toEqual(["w"])
    await ask(
      "PATCH",
      `${WIDGETS}/held`,
      { metadata: { finalizers: null } },
      { "content-type": "application/merge-patch+json" },
    )
    expect(gone).toEqual(["w", "held"])
    expect((await ask("GET", `${DEFINITIONS}/widgets.example.com`)).code).toBe(404)
    expect((await ask("GET", WIDGETS)).code).toBe(404)
  })

  test.each<[string, object, string]>([
    [
      "another name",
      { ...definition(), metadata: { name: "x.example.com" } },
      'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      "two storage versions",
      definition([version("v1", true), version("v2", true)]),
      "must have exactly one version marked as storage version",
    ],
    [
      "a bad column",
      definition([version("v1", true, { additionalPrinterColumns: [{ name: "A", type: "text", jsonPath: ".a" }] })]),
      'spec.versions[0].additionalPrinterColumns[0].type: Unsupported value: "text": supported values: "boolean", "date", "integer", "number", "string"',
    ],
    [
      "no schema",
      definition([{ name: "v1", served: true, storage: true }]),
      "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
    ],
    [
      "scaling",
      definition([
        version("v1", true, { subresources: { scale: { specReplicasPath: ".a", statusReplicasPath: ".b" } } }),
      ]),
      "spec.versions[0].subresources.scale: Forbidden: podwire does not scale custom resources",
    ],
    [
      "no type",
      definition([version("v1", true, { schema: { openAPIV3Schema: { type: "object", properties: { spec: {} } } } })]),
      "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    ],
    [
      "a format podwire does not check",
      definition([
        version("v1", true, {
          schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "string", format: "isbn" } } } },
        }),
      ]),
      "podwire does not check the format isbn",
    ],
    [
      "a pattern that is none",
      definition([
        version("v1", true, {
          schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "string", pattern: "(?=a)" } } } },
        }),
      ]),
      "must be a valid regular expression, but isn't: invalid or unsupported Perl syntax",
    ],
    [
      "a rule that podwire cannot evaluate",
      definition([
        version("v1", true, {
          schema: {
            openAPIV3Schema: { type: "object", "x-kubernetes-validations": [{ rule: "duration(self.a) > 1" }] },
          },
        }),
      ]),
      "compilation failed: undeclared reference to 'duration'",
    ],
    [
      "$ref",
      definition([version("v1", true, { schema: { openAPIV3Schema: { type: "object", $ref: "#/x" } } })]),
      "$ref: Forbidden: $ref is not supported",
    ],
  ])("is refused for %s", async (_, body, expected) => {
    const answer = await ask("POST", `${DEFINITIONS}?fieldValidation=Strict`, body)
    expect(answer.code).toBe(422)
    expect(message(answer)).toContain(expected)
    expect((await ask("GET", DEFINITIONS)).body).toMatchObject({ items: [] })
  })

  test("of a list whose only unknown field is deep inside is refused by its path", async () => {
    const odd = definition([version("v1", true, { schema: { openAPIV3Schema: { type: "object", propertys: {} } } })])
    expect(message(await ask("POST", `${DEFINITIONS}?fieldValidation=Strict`, odd))).toContain(
      'strict decoding error: unknown field "spec.versions[0].schema.openAPIV3Schema.propertys"',
    )
  })
})
