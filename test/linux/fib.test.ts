/** The trie beside a walk over all routes. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { covers, Fib } from "../../src/linux/fib/fib.ts"
import { type Route, RouteProtocol, RouteTable, RouteType } from "../../src/linux/fib/route.ts"
import { networkOf } from "../../src/wire/address.ts"

/** Few networks, so that prefixes nest and meet. */
const address = fc
  .tuple(fc.constantFrom(10, 10, 192, 0), fc.constantFrom(0, 1, 244), fc.constantFrom(0, 1, 2, 255), fc.nat(255))
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0)

const route = fc
  .record({
    address,
    prefixLength: fc.constantFrom(0, 1, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32),
    table: fc.constantFrom<number>(RouteTable.MAIN, RouteTable.LOCAL),
    metric: fc.constantFrom(0, 0, 10, 100),
    type: fc.constantFrom<number>(RouteType.UNICAST, RouteType.UNICAST, RouteType.BLACKHOLE, RouteType.THROW),
  })
  .map(
    ({ address, prefixLength, table, metric, type }): Route => ({
      table,
      type,
      destination: networkOf(address, prefixLength),
      prefixLength,
      gateway: 0,
      dev: undefined,
      source: 0,
      scope: 0,
      protocol: RouteProtocol.BOOT,
      metric,
      onlink: false,
      origin: undefined,
    }),
  )

/** The longest prefix; at one prefix the local table, then the lower metric, then the one that stands first. */
function reference(routes: readonly Route[], destination: number): Route | undefined {
  let best: Route | undefined
  for (const candidate of routes) {
    if (!covers(candidate, destination)) continue
    if (best === undefined || better(candidate, best)) best = candidate
  }
  return best?.type === RouteType.THROW ? undefined : best
}

function better(a: Route, b: Route): boolean {
  if (a.prefixLength !== b.prefixLength) return a.prefixLength > b.prefixLength
  if (a.table !== b.table) return a.table === RouteTable.LOCAL
  return a.metric < b.metric
}

const change = fc.record({
  kind: fc.constantFrom("add" as const, "before" as const, "remove" as const, "replace" as const),
  which: fc.nat(30),
  route,
})

test("finds what a walk over all routes finds, after any changes", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (changes, asked) => {
        const fib = new Fib()
        const routes: Route[] = []
        for (const action of changes) {
          if (action.kind === "add" || routes.length === 0) {
            fib.add(action.route)
            routes.push(action.route)
          } else if (action.kind === "before") {
            fib.insertBefore(action.route, routes[0] as Route)
            routes.unshift(action.route)
          } else {
            const at = action.which % routes.length
            const old = routes[at] as Route
            if (action.kind === "remove") {
              expect(fib.remove(old)).toBe(true)
              routes.splice(at, 1)
            } else {
              fib.replace(old, action.route)
              routes[at] = action.route
            }
          }
          for (const destination of asked) expect(fib.lookup(destination)).toBe(reference(routes, destination))
        }
        expect(fib.routes).toEqual(routes)
      },
    ),
    { seed: 20251018, numRuns: 400 },
  )
})
