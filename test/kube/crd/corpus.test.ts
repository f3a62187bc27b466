/** The corpus's definitions, and that what the API server refuses leaves no trace. (Its words about each object: test/cluster/verify.) */
import { beforeAll, describe, expect, test } from "vitest"
import { ciliumDefinitions } from "../../../src/cni/cilium/crds/index.ts"
import { loadDefinitions } from "../../../src/kube/api/crd/load.ts"
import type { ApiServer } from "../../../src/kube/api/server.ts"
import { isStatus } from "../../../src/kube/api/status.ts"
import type { ApiObject } from "../../../src/kube/api/types.ts"
import { ControlPlane } from "../../../src/kube/control-plane.ts"
import { Simulation } from "../../../src/sim/simulation.ts"
import {
  corpusDefinition,
  corpusDefinitions,
  type ValidationCase,
  validationCases,
} from "../../support/validation-corpus.ts"

let plane: ControlPlane
let api: ApiServer

beforeAll(async () => {
  plane = new ControlPlane(new Simulation({ seed: 1 }), { podCIDR: "10.244.0.0/16" })
  api = plane.api
  await plane.sim.advance(1e9)
  const create = (plural: string, object: object): void => {
    const made = api.registry.create(api.registry.resource(plural), object as ApiObject, { fieldValidation: "Strict" })
    if (isStatus(made)) throw new Error(made.message)
  }
  create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "bar" } })
  await loadDefinitions()
  for (const definition of ciliumDefinitions) create("customresourcedefinitions", definition)
  await plane.sim.advance(1e9)
})

/** What the server says to a new object; `undefined` when it takes it. */
function post({ object }: ValidationCase, query: string): string | undefined {
  const resource = api.registry.resourceByKind(object.apiVersion, object.kind)
  if (resource === undefined) throw new Error(`${object.kind} is not served`)
  const place = resource.namespaced ? `/namespaces/${object.metadata.namespace}` : ""
  const path = `/apis/${object.apiVersion}${place}/${resource.plural}?${query}`
  const { body } = api.handle({ method: "POST", path, body: object })
  return isStatus(body) ? body.message : undefined
}

/** Everything that a refused object could have left behind. */
const state = (): string =>
  JSON.stringify([
    api.registry.store.revision,
    api.registry.store.resources().map((key) => [key, api.registry.store.list(key)]),
    api.registry.warnings,
  ])

describe("what is refused leaves no trace", () => {
  test("of all invalid objects of both suites: no revision, no object, no event, no warning", async () => {
    const refused = [
      ...validationCases("cilium-validation").filter(({ expect: { crdSchema } }) => crdSchema?.valid === false),
      ...validationCases("k8s-validation").filter(({ expect: { valid }, old }) => !valid && old === undefined),
    ]
    expect(refused.length).toBe(58 + 45)
    api.registry.warnings = []
    const before = state()
    for (const one of refused) {
      expect(post(one, "fieldValidation=Ignore")).toBeDefined()
      expect(state()).toBe(before)
    }
    await plane.sim.advance(1e9)
    api.registry.warnings = []
    expect(JSON.parse(state())[1].map(([key]: [string]) => key)).toEqual(
      JSON.parse(before)[1].map(([key]: [string]) => key),
    )
  })

  test("and a refused change leaves the object as it was, its generation too", () => {
    const path = "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies"
    const [valid] = validationCases("cilium-validation").filter(
      ({ expect: { crdSchema } }) => crdSchema?.valid === true,
    )
    const object = { ...valid!.object, metadata: { name: "kept", namespace: "default" } }
    expect(api.handle({ method: "POST", path, body: object }).code).toBe(201)
    const before = state()
    for (const { object } of validationCases("cilium-validation").filter(
      ({ expect: { crdSchema }, object }) => crdSchema?.valid === false && object.kind === "CiliumNetworkPolicy",
    )) {
      const changed = { ...object, metadata: { name: "kept", namespace: "default" } }
      expect(api.handle({ method: "PUT", path: `${path}/kept?fieldValidation=Ignore`, body: changed }).code).toBe(422)
      expect(state()).toBe(before)
    }
    api.handle({ method: "DELETE", path: `${path}/kept` })
  })
})

describe("the corpus's own definitions", () => {
  test.each([
    "ciliumcidrgroups",
    "ciliumclusterwidenetworkpolicies",
    "ciliumnetworkpolicies",
    "clusternetworkpolicies-experimental",
    "clusternetworkpolicies-standard",
  ])("%s is accepted as it is and served", async (name) => {
    const other = new ControlPlane(new Simulation({ seed: 1 }), { podCIDR: "10.244.0.0/16" })
    await other.sim.advance(1e9)
    const { registry } = other.api
    const manifest = corpusDefinition(name)
    const made = registry.create(registry.resource("customresourcedefinitions"), manifest, {
      fieldValidation: "Strict",
    })
    expect(isStatus(made) ? made.message : made.metadata.name).toBe(manifest.metadata.name)
    await other.sim.advance(1)
    expect(registry.resources.some(({ custom }) => custom === true)).toBe(true)
  })

  test("ClusterNetworkPolicy: its rules are evaluated", async () => {
    const other = new ControlPlane(new Simulation({ seed: 1 }), { podCIDR: "10.244.0.0/16" })
    await other.sim.advance(1e9)
    const { registry } = other.api
    registry.create(
      registry.resource("customresourcedefinitions"),
      corpusDefinition("clusternetworkpolicies-experimental"),
    )
    await other.sim.advance(1)
    const say = (egress: object): string | undefined => {
      const made = registry.create(
        registry.resource("clusternetworkpolicies"),
        {
          apiVersion: "policy.networking.k8s.io/v1alpha2",
          kind: "ClusterNetworkPolicy",
          metadata: { name: "p" },
          spec: { tier: "Admin", priority: 1, subject: { namespaces: {} }, egress: [{ action: "Deny", ...egress }] },
        },
        { dryRun: true, fieldValidation: "Strict" },
      )
      return isStatus(made) ? made.message : undefined
    }
    const range = (start: number, end: number): object => ({
      protocols: [{ tcp: { destinationPort: { range: { start, end } } } }],
    })
    expect(say({ to: [{ networks: ["10.0.0.0/8"] }], ...range(1, 2) })).toBeUndefined()
    expect(say({ to: [{ networks: ["10.0.0.0/8"] }], ...range(2, 1) })).toContain(
      'range: Invalid value: "object": Start port must be less than End port',
    )
    expect(say({ to: [{ networks: ["10.0.0.0"] }] })).toContain(
      'networks[0]: Invalid value: "string": Invalid CIDR format provided',
    )
    expect(say({ to: [{ networks: ["10.0.0.0/8"] }], protocols: [{ destinationNamedPort: "http" }] })).toContain(
      "networks/nodes/domainNames peer cannot be set with namedPorts",
    )
  })
})

describe("the definitions that the operator registers", () => {
  /** Descriptions say nothing to the server; the rule came after the release. */
  const bare = (value: unknown, names = false): unknown =>
    Array.isArray(value)
      ? value.map((item) => bare(item))
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .filter(([key]) => names || (key !== "description" && key !== "x-kubernetes-validations"))
              .map(([key, item]) => [key, bare(item, !names && key === "properties")]),
          )
        : value

  test("have the corpus's schemas, names and columns", () => {
    for (const corpus of corpusDefinitions()) {
      const own = ciliumDefinitions.find(({ metadata }) => metadata.name === corpus.metadata.name)
      expect(own?.["spec"]).toEqual(bare(corpus["spec"]))
    }
  })

  test("are all established, and print what Cilium's users see", () => {
    const names = api.registry.resources.filter(({ custom }) => custom === true)
    expect(new Set(names.map(({ plural }) => plural)).size).toBe(ciliumDefinitions.length)
    const columns = (plural: string): string[] =>
      (names.find((resource) => resource.plural === plural)?.columns ?? []).map(({ name, priority }) =>
        priority === 1 ? `(${name})` : name,
      )
    expect(columns("ciliumendpoints")).toEqual([
      "Name",
      "Security Identity",
      "(Ingress Enforcement)",
      "(Egress Enforcement)",
      "Endpoint State",
      "IPv4",
      "IPv6",
    ])
    expect(columns("ciliumnetworkpolicies")).toEqual(["Name", "Age", "Valid"])
    expect(columns("ciliumclusterwidenetworkpolicies")).toEqual(["Name", "Valid"])
    expect(columns("ciliumidentities")).toEqual(["Name", "Namespace", "Age"])
    expect(columns("ciliumnodes")).toEqual(["Name", "CiliumInternalIP", "InternalIP", "Age"])
    expect(columns("ciliumcidrgroups")).toEqual(["Name", "Age"])
  })

  test("print a node's addresses and an identity's namespace", () => {
    const context = { age: () => "1s" }
    const row = (plural: string, object: object): unknown =>
      api.registry.resource(plural).row?.(object as ApiObject, context)
    expect(
      row("ciliumnodes", {
        metadata: { name: "n" },
        spec: {
          addresses: [
            { type: "InternalIP", ip: "192.168.80.101" },
            { type: "CiliumInternalIP", ip: "10.0.0.1" },
          ],
        },
      }),
    ).toEqual(["n", "10.0.0.1", "192.168.80.101", null])
    expect(
      row("ciliumidentities", { metadata: { name: "1", labels: { "io.kubernetes.pod.namespace": "default" } } }),
    ).toEqual(["1", "default", null])
  })
})
