/** Prefixes, labels, selectors: against ipaddr.js where it has an answer, else as the specification says. */
import fc from "fast-check"
import ipaddr from "ipaddr.js"
import { describe, expect, test } from "vitest"
import { formatPrefix, type Prefix, parsePrefix, prefixCovers } from "../../src/policy/cidr.ts"
import { cidrIdentityLabels, isIdentityLabel, podIdentityLabels } from "../../src/policy/identity-labels.ts"
import { formatLabel, LabelSet, parseLabel } from "../../src/policy/labels.ts"
import { addrError, prefixError } from "../../src/policy/parse/netip.ts"
import {
  cidrSelector,
  equality,
  fqdnSelector,
  labelSelector,
  selectorKey,
  WILDCARD,
} from "../../src/policy/selector.ts"

const prefix = (text: string): Prefix => parsePrefix(text) as Prefix

describe("prefixes", () => {
  const ipv4 = fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(32))
    .map(([a, b, c, d, bits]) => `${a}.${b}.${c}.${d}/${bits}`)
  const ipv6 = fc
    .tuple(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), fc.nat(128))
    .map(([groups, bits]) => `${groups.map((group) => group.toString(16)).join(":")}/${bits}`)

  test("cover as ipaddr.js says", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), fc.oneof(ipv4, ipv6), (outer, inner) => {
        const [a, bits] = ipaddr.parseCIDR(outer)
        const [b, length] = ipaddr.parseCIDR(inner)
        const covers = a.kind() === b.kind() && bits <= length && (b as ipaddr.IPv4).match(a as ipaddr.IPv4, bits)
        expect(prefixCovers(prefix(outer), prefix(inner))).toBe(covers)
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  test("a prefix covers what its own text covers", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        const masked = formatPrefix(prefix(text))
        expect(ipaddr.isValidCIDR(masked)).toBe(true)
        expect(formatPrefix(prefix(masked))).toBe(masked)
        expect(prefixCovers(prefix(masked), prefix(text))).toBe(true)
      }),
      { seed: 2, numRuns: 1000 },
    )
  })

  test.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.01",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "::1::",
    "1:2:3",
    "fe80::1/129",
    "12345::",
  ])("%j is none", (text) => expect(parsePrefix(text)).toBeUndefined())

  test.each([
    ["x", 'ParseAddr("x"): unable to parse IP'],
    ["10.0.0.0/33", 'ParseAddr("10.0.0.0/33"): unexpected character (at "/33")'],
    ["10.0.0.300", 'ParseAddr("10.0.0.300"): IPv4 field has value >255'],
    ["10.0.0.01", 'ParseAddr("10.0.0.01"): IPv4 field has octet with leading zero'],
    ["10.0.0", 'ParseAddr("10.0.0"): IPv4 address too short'],
    ["10.0.0.0.0", 'ParseAddr("10.0.0.0.0"): IPv4 address too long'],
    ["10..0.0", 'ParseAddr("10..0.0"): IPv4 field must have at least one digit (at ".0.0")'],
    ["10.0.0.0", undefined],
    ["fe80::1", undefined],
  ])("netip of address %j", (text, error) => expect(addrError(text)).toBe(error))

  test.each([
    ["10.0.1.32", "netip.ParsePrefix(\"10.0.1.32\"): no '/'"],
    ["10.0.0.0/33", 'netip.ParsePrefix("10.0.0.0/33"): prefix length out of range'],
    ["10.0.0.0/x", 'netip.ParsePrefix("10.0.0.0/x"): bad bits after slash: "x"'],
    ["x/8", 'netip.ParsePrefix("x/8"): ParseAddr("x"): unable to parse IP'],
    ["10.1.2.3/8", undefined],
  ])("netip of prefix %j", (text, error) => expect(prefixError(text)).toBe(error))
})

describe("labels", () => {
  test("are read and written", () => {
    for (const text of ["k8s:app=web", "reserved:host", "cidr:2001:db8::/32", "k8s:x=a=b"])
      expect(formatLabel(parseLabel(text))).toBe(text)
    expect(parseLabel("plain=1")).toEqual({ source: "unspec", key: "plain", value: "1" })
  })

  test("a pod's identity leaves out what tells replicas apart, and cannot be spoofed", () => {
    const labels = {
      app: "web",
      "pod-template-hash": "7d9c",
      "controller-revision-hash": "1",
      "statefulset.kubernetes.io/pod-name": "web-0",
      "app.kubernetes.io/name": "web",
      "kubernetes.io/os": "linux",
      "io.cilium.k8s.policy.cluster": "other",
    }
    const set = podIdentityLabels({
      namespace: "default",
      namespaceLabels: { "kubernetes.io/metadata.name": "default" },
      labels,
    })
    expect(set.labels).toEqual([
      "k8s:app.kubernetes.io/name=web",
      "k8s:app=web",
      "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=default",
      "k8s:io.cilium.k8s.policy.cluster=default",
      "k8s:io.cilium.k8s.policy.serviceaccount=default",
      "k8s:io.kubernetes.pod.namespace=default",
    ])
    expect(set.text).toBe(`${set.labels.join(";")};`)
  })

  test.each([
    ["team", true],
    ["app.kubernetes.io/component", true],
    ["k8s.io/x", false],
    ["beta.kubernetes.io/os", false],
    ["annotation.x", false],
  ])("%s counts: %s", (key, counts) => expect(isIdentityLabel(key)).toBe(counts))

  test("an address outside is of the world; a prefix of no bits is nothing else", () => {
    expect(cidrIdentityLabels(prefix("10.0.0.0/8"), [{ matchPattern: "*.x.io" }]).labels).toEqual([
      "cidr:10.0.0.0/8",
      "fqdn:*.x.io",
      "reserved:world",
    ])
    expect(cidrIdentityLabels(prefix("0.0.0.0/0")).labels).toEqual(["reserved:world"])
  })
})

describe("selectors", () => {
  const web = new LabelSet(["k8s:app=web", "container:app=db", "reserved:world", "cidr:10.1.0.0/16"])

  test.each([
    ["k8s:app", "web", true],
    ["container:app", "db", true],
    ["any:app", "db", true],
    ["app", "web", true],
    ["k8s:app", "db", false],
    ["reserved:world", "", true],
  ])("%s=%s: %s", (key, value, matches) => {
    // Any source: the first that has the key decides, in the labels' order.
    expect(labelSelector([equality(key, value)], []).matches(web)).toBe(
      key.startsWith("any") || key === "app" ? value === web.get("any", "app") : matches,
    )
  })

  test.each([
    ["In", ["web", "x"], true],
    ["In", ["x"], false],
    ["NotIn", ["x"], true],
    ["NotIn", ["web"], false],
    ["Exists", [], true],
    ["DoesNotExist", [], false],
  ] as const)("app %s %j: %s", (operator, values, matches) => {
    const selector = labelSelector([], [{ ...selectorKey("k8s:app"), operator, values }])
    expect(selector.matches(web)).toBe(matches)
  })

  test("a missing label is not in any list", () => {
    const absent = { ...selectorKey("k8s:none"), values: ["a"] }
    expect(labelSelector([], [{ ...absent, operator: "NotIn" }]).matches(web)).toBe(true)
    expect(labelSelector([], [{ ...absent, operator: "In" }]).matches(web)).toBe(false)
  })

  test("addresses: inside, cut out, outside; no bits are the world", () => {
    expect(cidrSelector(prefix("10.0.0.0/8"), []).matches(web)).toBe(true)
    expect(cidrSelector(prefix("10.0.0.0/8"), [prefix("10.1.0.0/16")]).matches(web)).toBe(false)
    expect(cidrSelector(prefix("10.1.2.0/24"), []).matches(web)).toBe(false)
    expect(cidrSelector(prefix("0.0.0.0/0"), []).matches(web)).toBe(true)
    expect(cidrSelector(prefix("0.0.0.0/0"), []).matches(new LabelSet(["k8s:app=web"]))).toBe(false)
  })

  test("print as the agent prints them", () => {
    expect(WILDCARD.text).toBe(
      "&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{},}",
    )
    const selector = labelSelector(
      [equality("k8s:io.kubernetes.pod.namespace", "default"), equality("app", "web")],
      [{ source: "k8s", key: "tier", operator: "In", values: ["a", "b"] }],
    )
    expect(selector.text).toBe(
      "&LabelSelector{MatchLabels:map[string]string{any.app: web,k8s.io.kubernetes.pod.namespace: default,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k8s.tier,Operator:In,Values:[a b],},},}",
    )
    expect(fqdnSelector({ matchPattern: "*.x.io" }).text).toBe("MatchName: , MatchPattern: *.x.io")
  })
})
