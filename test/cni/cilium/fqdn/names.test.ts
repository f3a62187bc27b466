/** How long a name says who an address is: TTLs, connections that outlive them, selectors that come later. */
import { expect, test } from "vitest"
import { type DnsHistory, NameManager } from "../../../../src/cni/cilium/fqdn/name-manager.ts"
import type { DnsRule } from "../../../../src/policy/l7/rules.ts"
import { SECOND, Simulation } from "../../../../src/sim/simulation.ts"
import { formatIpv4, ipv4 } from "../../../../src/wire/address.ts"

const [ONE, TWO] = [ipv4("192.0.2.1"), ipv4("192.0.2.2")]

function createNames(minTtl = 0) {
  const sim = new Simulation()
  const histories = new Map<number, DnsHistory>()
  const labels = new Map<string, readonly string[]>()
  const world = { selectors: [{ matchPattern: "*.example.com" }] as DnsRule[], connected: new Set<string>() }
  const names = new NameManager({
    sim,
    histories,
    selectors: () => world.selectors,
    label: (owner, prefix, list) => {
      if (list.length === 0) labels.delete(`${owner} ${prefix}`)
      else labels.set(`${owner} ${prefix}`, list)
    },
    connected: (endpoint, address) => world.connected.has(`${endpoint} ${formatIpv4(address)}`),
    minTtl,
  })
  return { sim, histories, labels, names, world }
}

const WWW_ONE = "fqdn www.example.com. 192.0.2.1/32"
const WWW_TWO = "fqdn www.example.com. 192.0.2.2/32"

test("an address carries the label of every selector its name matches, whatever the name's letters", () => {
  const { names, labels, world } = createNames()
  world.selectors.push({ matchName: "www.example.com" }, { matchName: "example.org" })
  names.learn(7, "WWW.Example.com", [ONE], 30)
  names.learn(7, "example.net.", [TWO], 30)
  expect([...labels]).toEqual([[WWW_ONE, ["fqdn:*.example.com", "fqdn:www.example.com"]]])
  expect(names.names(7, ONE)).toEqual(["www.example.com"])
  expect(names.names(8, ONE)).toEqual([])
})

test("selectors that come later find what was learned before, and those that go leave nothing", () => {
  const { names, labels, world } = createNames()
  world.selectors = []
  names.learn(7, "www.example.com.", [ONE], 30)
  expect(labels.size).toBe(0)
  world.selectors = [{ matchName: "www.example.com" }]
  names.selectorsChanged()
  expect([...labels.keys()]).toEqual([WWW_ONE])
  world.selectors = []
  names.selectorsChanged()
  expect(labels.size).toBe(0)
})

test("a name holds until its TTL is over and the connection tracker was collected after that", async () => {
  const { sim, names, labels } = createNames()
  names.learn(7, "www.example.com.", [ONE], 30)
  await sim.advance(59 * SECOND)
  expect(names.list()).toMatchObject([{ source: "lookup", lookup: { ttl: 30 } }])
  await sim.advance(2 * SECOND)
  expect(names.list()).toMatchObject([{ source: "connection", lookup: { name: "www.example.com.", addresses: [ONE] } }])
  expect(names.names(7, ONE)).toEqual([])
  expect([...labels.keys()]).toEqual([WWW_ONE])
  await sim.advance(238 * SECOND)
  expect([...labels.keys()]).toEqual([WWW_ONE])
  await sim.advance(2 * SECOND)
  expect(labels.size).toBe(0)
  expect(names.list()).toEqual([])
})

test("a connection keeps its address; the other goes", async () => {
  const { sim, names, labels, world } = createNames()
  names.learn(7, "www.example.com.", [ONE, TWO], 30)
  world.connected.add("7 192.0.2.2")
  await sim.advance(3000 * SECOND)
  expect([...labels.keys()]).toEqual([WWW_TWO])
  world.connected.clear()
  await sim.advance(600 * SECOND)
  expect(labels.size).toBe(0)
})

test("a new answer revives a name; an older one that held longer is kept", async () => {
  const { sim, names, labels } = createNames()
  names.learn(7, "www.example.com.", [ONE], 30)
  await sim.advance(61 * SECOND)
  names.learn(7, "www.example.com.", [ONE], 500)
  names.learn(7, "www.example.com.", [ONE], 5)
  expect(names.list()).toMatchObject([{ source: "lookup", lookup: { ttl: 500 } }])
  await sim.advance(400 * SECOND)
  expect([...labels.keys()]).toEqual([WWW_ONE])
})

test("tofqdns-min-ttl lengthens short ones", () => {
  const { names } = createNames(3600)
  names.learn(7, "www.example.com.", [ONE], 30)
  expect(names.list()[0]?.lookup).toMatchObject({ ttl: 3600, expires: 3600 * SECOND })
})

test("an endpoint that goes takes its names along, those apart that another knows too", () => {
  const { names, labels } = createNames()
  names.learn(7, "www.example.com.", [ONE], 30)
  names.learn(8, "www.example.com.", [TWO], 30)
  names.forget(7)
  expect([...labels.keys()]).toEqual([WWW_TWO])
})

test("the next agent goes on with what the last one learned", async () => {
  const { sim, histories, names } = createNames()
  names.learn(7, "www.example.com.", [ONE], 30)
  names.stop()
  const label: string[] = []
  const next = new NameManager({
    sim,
    histories,
    selectors: () => [{ matchName: "www.example.com" }],
    label: (owner, prefix, list) => label.push(`${owner} ${prefix} ${list.join(",")}`),
    connected: () => false,
    minTtl: 0,
  })
  next.start()
  expect(label).toEqual([`${WWW_ONE} fqdn:www.example.com`])
  await sim.advance(301 * SECOND)
  expect(label.at(-1)).toBe(`${WWW_ONE} `)
})
