/** DNS rules as the proxy asks them. */
import { expect, test } from "vitest"
import { dnsAllowed } from "../../src/policy/l7/dns.ts"

test("a DNS query passes when any rule names it", () => {
  const rules = [{ matchName: "cilium.io" }, { matchPattern: "*.example.com" }]
  const names = ["cilium.io.", "CILIUM.io", "a.example.com", "a.b.example.com", "example.com", "io"]
  expect(names.filter((name) => dnsAllowed(rules, name))).toEqual(["cilium.io.", "CILIUM.io", "a.example.com"])
  expect(dnsAllowed([{ matchPattern: "*" }], "any.thing")).toBe(true)
  expect(dnsAllowed([], "any.thing")).toBe(false)
})
