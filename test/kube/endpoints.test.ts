/** Services and what stands behind them: Endpoints, EndpointSlices, by selector and by hand. */
import { expect, test } from "vitest"
import type { Dict } from "../../src/kube/api/json.ts"
import { isStatus } from "../../src/kube/api/status.ts"
import type { EndpointSlice, Endpoints, Manifest } from "../../src/kube/api/types.ts"
import { ControlPlane } from "../../src/kube/control-plane.ts"
import { Simulation } from "../../src/sim/simulation.ts"

class World {
  readonly sim = new Simulation({ seed: 7 })
  readonly control = new ControlPlane(this.sim)
  readonly registry = this.control.api.registry

  async create(manifest: Manifest): Promise<void> {
    const resource = this.registry.resourceByKind(manifest.apiVersion, manifest.kind)
    const made = this.registry.create(resource as NonNullable<typeof resource>, manifest)
    if (isStatus(made)) throw new Error(made.message)
    await this.settle()
  }

  settle(): Promise<void> {
    return this.sim.advance(100e6)
  }

  pod(name: string, labels: Record<string, string>, port = 8080): Promise<void> {
    const ports = [{ name: "http", containerPort: port }]
    return this.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", labels },
      spec: { nodeName: "worker-1", containers: [{ name: "web", image: "nginx", ports }] },
    })
  }

  /** What a kubelet would write. */
  async status(name: string, ip: string, ready: boolean): Promise<void> {
    const conditions = [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: "2025-10-18T06:20:00Z" }]
    this.registry.modify(
      this.registry.resource("pods"),
      "default",
      name,
      (object: Dict) => {
        object["status"] = { ...(object["status"] as object), phase: "Running", podIP: ip, conditions }
      },
      "status",
    )
    await this.settle()
  }

  service(spec: object, name = "web"): Promise<void> {
    return this.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default", labels: { tier: "front" } },
      spec,
    })
  }

  endpoints(name = "web"): Endpoints | undefined {
    const found = this.registry.get(this.registry.resource("endpoints"), "default", name)
    return isStatus(found) ? undefined : (found as Endpoints)
  }

  slices(name = "web"): EndpointSlice[] {
    const all = this.registry.list(this.registry.resource("endpointslices"), {
      namespace: "default",
    }) as EndpointSlice[]
    return all.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name)
  }
}

const WEB = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] }

test("a Service without pods has empty Endpoints and one slice that says so", async () => {
  const world = new World()
  await world.service(WEB)
  expect(world.endpoints()?.subsets).toBeUndefined()
  const [slice, ...more] = world.slices()
  expect(more).toEqual([])
  expect(slice?.endpoints ?? []).toEqual([])
  expect(slice?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  expect(slice?.metadata.labels).toEqual({
    tier: "front",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    "kubernetes.io/service-name": "web",
  })
  expect(slice?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Service", name: "web", controller: true })
})

test("readiness moves an address, deletion takes it away, and the slice stays the same object", async () => {
  const world = new World()
  await world.service(WEB)
  const first = world.slices()[0]?.metadata.uid
  await world.pod("a", { app: "web" })
  await world.pod("b", { app: "web" })
  await world.pod("other", { app: "else" })
  await world.status("a", "10.244.1.2", false)
  await world.status("b", "10.244.1.10", true)
  await world.status("other", "10.244.1.4", true)
  expect(world.endpoints()?.subsets).toMatchObject([
    {
      addresses: [{ ip: "10.244.1.10" }],
      notReadyAddresses: [{ ip: "10.244.1.2" }],
      ports: [{ name: "http", port: 8080 }],
    },
  ])
  await world.status("a", "10.244.1.2", true)
  expect(world.endpoints()?.subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(["10.244.1.10", "10.244.1.2"])
  const [slice, ...more] = world.slices()
  expect(more).toEqual([])
  expect(slice?.metadata.uid).toBe(first)
  expect(slice?.endpoints?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready])).toEqual([
    ["10.244.1.2", true],
    ["10.244.1.10", true],
  ])
  world.registry.delete(world.registry.resource("pods"), "default", "a")
  await world.settle()
  // On its way out: in the slice as terminating and still serving, in Endpoints no more.
  expect(world.slices()[0]?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true })
  expect(world.endpoints()?.subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(["10.244.1.10"])
  world.registry.delete(world.registry.resource("services"), "default", "web")
  await world.settle()
  expect(world.endpoints()).toBeUndefined()
  expect(world.slices()).toEqual([])
})

test("a named port that differs between pods makes two slices and two subsets", async () => {
  const world = new World()
  await world.service(WEB)
  await world.pod("a", { app: "web" }, 8080)
  await world.pod("b", { app: "web" }, 9090)
  await world.status("a", "10.244.1.2", true)
  await world.status("b", "10.244.1.3", true)
  expect(
    world
      .slices()
      .map((slice) => slice.ports?.[0]?.port)
      .sort(),
  ).toEqual([8080, 9090])
  expect(world.endpoints()?.subsets?.length).toBe(2)
})

test("more than a hundred endpoints take a second slice", async () => {
  const world = new World()
  await world.service(WEB)
  for (let i = 0; i < 101; i++) {
    await world.pod(`p${i}`, { app: "web" })
    await world.status(`p${i}`, `10.244.1.${i + 2}`, true)
  }
  expect(
    world
      .slices()
      .map((slice) => slice.endpoints?.length)
      .sort(),
  ).toEqual([1, 100])
})

test("headless Services tell hostnames; unready pods are published when asked for", async () => {
  const world = new World()
  await world.service({ ...WEB, clusterIP: "None", publishNotReadyAddresses: true })
  await world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default", labels: { app: "web" } },
    spec: {
      hostname: "db-0",
      subdomain: "web",
      containers: [{ name: "web", image: "nginx", ports: [{ name: "http", containerPort: 80 }] }],
    },
  })
  await world.status("a", "10.244.1.2", false)
  expect(world.endpoints()?.subsets?.[0]?.addresses?.[0]).toMatchObject({ ip: "10.244.1.2", hostname: "db-0" })
  expect(world.slices()[0]?.metadata.labels?.["service.kubernetes.io/headless"]).toBe("")
  expect(world.slices()[0]?.endpoints?.[0]).toMatchObject({
    hostname: "db-0",
    conditions: { ready: true, serving: false, terminating: false },
  })
})

test("hand-written Endpoints of a Service without a selector are mirrored", async () => {
  const world = new World()
  await world.service({ ports: [{ port: 80 }] }, "outside")
  await world.create({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "outside", namespace: "default" },
    subsets: [{ addresses: [{ ip: "192.168.80.200" }], ports: [{ port: 8080 }] }],
  })
  const [slice] = world.slices("outside")
  expect(slice).toMatchObject({
    endpoints: [{ addresses: ["192.168.80.200"], conditions: { ready: true } }],
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
  })
  expect(slice?.metadata.labels?.["endpointslice.kubernetes.io/managed-by"]).toBe(
    "endpointslicemirroring-controller.k8s.io",
  )
  world.registry.delete(world.registry.resource("endpoints"), "default", "outside")
  await world.settle()
  expect(world.slices("outside")).toEqual([])
})
