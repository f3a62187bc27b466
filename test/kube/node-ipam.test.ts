/** podCIDRs as the node-ipam controller hands them out. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Node } from "../../src/kube/api/types.ts"
import { ControlPlane } from "../../src/kube/control-plane.ts"
import { Simulation } from "../../src/sim/simulation.ts"

class Plane {
  readonly #control: ControlPlane

  constructor(podCIDR: string) {
    this.#control = new ControlPlane(new Simulation({ seed: 1 }), { podCIDR })
  }

  async add(name: string, podCIDR?: string): Promise<void> {
    const { registry } = this.#control.api
    registry.create(registry.resource("nodes"), {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      ...(podCIDR === undefined ? {} : { spec: { podCIDR, podCIDRs: [podCIDR] } }),
    })
    await this.#control.sim.advance(1e9)
  }

  async remove(name: string): Promise<void> {
    const { registry } = this.#control.api
    registry.delete(registry.resource("nodes"), undefined, name)
    await this.#control.sim.advance(1e9)
  }

  /** Name to range. */
  get ranges(): Record<string, string | undefined> {
    const { registry } = this.#control.api
    const nodes = registry.list(registry.resource("nodes")) as Node[]
    return Object.fromEntries(nodes.map(({ metadata, spec }) => [metadata.name, spec.podCIDR]))
  }

  get events(): string[] {
    const { registry } = this.#control.api
    return registry.list(registry.resource("events")).map((event) => `${event["reason"]}: ${event["message"]}`)
  }
}

describe("node-ipam", () => {
  test("one /24 after the other, in order of registration", async () => {
    const plane = new Plane("10.244.0.0/16")
    for (const name of ["m", "b", "a"]) await plane.add(name)
    expect(plane.ranges).toEqual({ m: "10.244.0.0/24", b: "10.244.1.0/24", a: "10.244.2.0/24" })
  })

  test("a range that came free is not the next one taken; a range that a node brings along is respected", async () => {
    const plane = new Plane("10.244.0.0/16")
    await plane.add("a")
    await plane.add("b", "10.244.2.0/24")
    await plane.remove("a")
    await plane.add("c")
    await plane.add("d")
    expect(plane.ranges).toEqual({ b: "10.244.2.0/24", c: "10.244.1.0/24", d: "10.244.3.0/24" })
  })

  test("all taken: the node stays without, and an event says so", async () => {
    const plane = new Plane("10.244.0.0/23")
    for (const name of ["a", "b", "c"]) await plane.add(name)
    expect(plane.ranges).toEqual({ a: "10.244.0.0/24", b: "10.244.1.0/24", c: undefined })
    expect(plane.events).toContain("CIDRNotAvailable: Node c status is now: CIDRNotAvailable")
  })

  test("property: ranges never overlap, and there are as many as fit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 6 })), { maxLength: 30 }),
        async (steps) => {
          const plane = new Plane("10.0.0.0/22")
          const there = new Set<string>()
          for (const [isAdd, n] of steps) {
            const name = `n${n}`
            if (isAdd === there.has(name)) continue
            await (isAdd ? plane.add(name) : plane.remove(name))
            if (isAdd) there.add(name)
            else there.delete(name)
            const given = Object.values(plane.ranges).filter((range) => range !== undefined)
            expect(new Set(given).size).toBe(given.length)
            for (const range of given) expect(range).toMatch(/^10\.0\.[0-3]\.0\/24$/)
            if (there.size <= 4 && isAdd) expect(plane.ranges[name]).toBeDefined()
          }
        },
      ),
      { seed: 1, numRuns: 40 },
    )
  })
})
