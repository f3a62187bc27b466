/** Patches against the examples of their own specifications. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type Dict, equal } from "../../src/kube/api/json.ts"
import { jsonPatch } from "../../src/kube/api/patch/json-patch.ts"
import { mergePatch } from "../../src/kube/api/patch/merge.ts"
import { strategicMerge } from "../../src/kube/api/patch/strategic.ts"
import { threeWayPatch } from "../../src/tools/kubectl/three-way.ts"

describe("JSON patch: RFC 6902, appendix A", () => {
  const cases: [string, unknown, unknown, unknown][] = [
    [
      "A.1 adding an object member",
      { foo: "bar" },
      [{ op: "add", path: "/baz", value: "qux" }],
      { baz: "qux", foo: "bar" },
    ],
    [
      "A.2 adding an array element",
      { foo: ["bar", "baz"] },
      [{ op: "add", path: "/foo/1", value: "qux" }],
      { foo: ["bar", "qux", "baz"] },
    ],
    ["A.3 removing an object member", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
    [
      "A.4 removing an array element",
      { foo: ["bar", "qux", "baz"] },
      [{ op: "remove", path: "/foo/1" }],
      { foo: ["bar", "baz"] },
    ],
    [
      "A.5 replacing a value",
      { baz: "qux", foo: "bar" },
      [{ op: "replace", path: "/baz", value: "boo" }],
      { baz: "boo", foo: "bar" },
    ],
    [
      "A.6 moving a value",
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
    ],
    [
      "A.7 moving an array element",
      { foo: ["all", "grass", "cows", "eat"] },
      [{ op: "move", from: "/foo/1", path: "/foo/3" }],
      { foo: ["all", "cows", "eat", "grass"] },
    ],
    [
      "A.8 testing a value: success",
      { baz: "qux", foo: ["a", 2, "c"] },
      [
        { op: "test", path: "/baz", value: "qux" },
        { op: "test", path: "/foo/1", value: 2 },
      ],
      { baz: "qux", foo: ["a", 2, "c"] },
    ],
    ["A.9 testing a value: error", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], undefined],
    [
      "A.10 adding a nested member object",
      { foo: "bar" },
      [{ op: "add", path: "/child", value: { grandchild: {} } }],
      { foo: "bar", child: { grandchild: {} } },
    ],
    [
      "A.11 ignoring unrecognized elements",
      { foo: "bar" },
      [{ op: "add", path: "/baz", value: "qux", xyz: 123 }],
      { foo: "bar", baz: "qux" },
    ],
    ["A.12 adding to a nonexistent target", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], undefined],
    ["A.14 ~ escape ordering", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
    [
      "A.15 comparing strings and numbers",
      { "/": 9, "~1": 10 },
      [{ op: "test", path: "/~01", value: "10" }],
      undefined,
    ],
    [
      "A.16 adding an array value",
      { foo: ["bar"] },
      [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
      { foo: ["bar", ["abc", "def"]] },
    ],
  ]
  for (const [name, document, operations, expected] of cases)
    test(name, () => {
      const before = structuredClone(document)
      const result = jsonPatch(document, operations)
      if (expected === undefined) expect(result).toHaveProperty("error")
      else expect(result).toEqual({ value: expected })
      expect(document).toEqual(before)
    })
})

describe("JSON merge patch: RFC 7386, appendix A", () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [target, patch, expected] of cases)
    test(`${JSON.stringify(target)} + ${JSON.stringify(patch)}`, () =>
      expect(mergePatch(target, patch)).toEqual(expected))
})

describe("strategic merge patch: the examples of the Kubernetes documentation", () => {
  const deployment = (containers: Dict[], more: Dict = {}): Dict => ({
    spec: { template: { spec: { containers, ...more } } },
  })
  const nginx = { name: "patch-demo-ctr", image: "nginx" }
  const redis = { name: "patch-demo-ctr-2", image: "redis" }

  test("a list with a merge key gets another item, in front of the old ones that the patch does not name", () => {
    const after = strategicMerge("Deployment", deployment([nginx]), deployment([redis]))
    expect(after).toEqual(deployment([redis, nginx]))
  })
  test("an item with the same key is merged", () => {
    const patch = deployment([{ name: "patch-demo-ctr", ports: [{ containerPort: 80 }] }])
    expect(strategicMerge("Deployment", deployment([nginx]), patch)).toEqual(
      deployment([{ ...nginx, ports: [{ containerPort: 80 }] }]),
    )
  })
  test("tolerations have no merge key: the list is replaced", () => {
    const [old, next] = [[{ key: "dedicated", value: "test" }], [{ key: "disktype", value: "ssd" }]]
    const after = strategicMerge("Deployment", deployment([nginx], { tolerations: old }), {
      spec: { template: { spec: { tolerations: next } } },
    })
    expect(after).toEqual(deployment([nginx], { tolerations: next }))
  })
  test("$patch: delete, $patch: replace, $retainKeys, null", () => {
    const both = deployment([nginx, redis])
    expect(strategicMerge("Deployment", both, deployment([{ $patch: "delete", name: "patch-demo-ctr" }]))).toEqual(
      deployment([redis]),
    )
    expect(strategicMerge("Deployment", both, deployment([{ $patch: "replace" }, redis]))).toEqual(deployment([redis]))
    const rolling = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } }
    expect(
      strategicMerge("Deployment", rolling, { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }),
    ).toEqual({
      spec: { strategy: { type: "Recreate" } },
    })
    expect(strategicMerge("ConfigMap", { data: { a: "1", b: "2" } }, { data: { a: null } })).toEqual({
      data: { b: "2" },
    })
  })
  test("$setElementOrder puts a list in order", () => {
    const patch = deployment([{ name: "c", image: "x" }])
    const order = [{ name: "patch-demo-ctr-2" }, { name: "c" }, { name: "patch-demo-ctr" }]
    ;(patch["spec"] as { template: { spec: Dict } }).template.spec["$setElementOrder/containers"] = order
    const after = strategicMerge("Deployment", deployment([nginx, redis]), patch)
    expect(after).toEqual(deployment([redis, { name: "c", image: "x" }, nginx]))
  })
})

describe("apply's three-way patch", () => {
  const name = fc.constantFrom("a", "b", "c", "d")
  const container = fc.record(
    {
      image: fc.constantFrom("nginx", "busybox"),
      env: fc.uniqueArray(fc.record({ name, value: fc.constantFrom("1", "2") }), {
        selector: (e) => e.name,
        maxLength: 3,
      }),
      workingDir: fc.constantFrom("/", "/tmp"),
    },
    { requiredKeys: ["image"] },
  )
  const pod = fc.record({
    metadata: fc.record({ labels: fc.dictionary(name, fc.constantFrom("x", "y")) }),
    spec: fc.record(
      {
        containers: fc
          .uniqueArray(fc.tuple(name, container), { selector: ([n]) => n, minLength: 1, maxLength: 3 })
          .map((list) => list.map(([n, c]) => ({ name: n, ...c }))),
        nodeSelector: fc.dictionary(name, fc.constant("x")),
        tolerations: fc.array(fc.record({ key: name, operator: fc.constant("Exists") }), { maxLength: 2 }),
      },
      { requiredKeys: ["containers"] },
    ),
  }) as fc.Arbitrary<Dict>

  test("property: what was applied before, patched, is what is applied now", () => {
    fc.assert(
      fc.property(pod, pod, (before, now) => {
        const patch = threeWayPatch("Pod", before, now, before)
        expect(withoutEmpty(strategicMerge("Pod", before, patch))).toEqual(withoutEmpty(now))
      }),
      { seed: 1, numRuns: 500 },
    )
  })
  test("property: the same again is no patch, whatever else has been added to the live object", () => {
    fc.assert(
      fc.property(pod, (applied) => {
        const live = {
          ...applied,
          status: { phase: "Running" },
          spec: { ...(applied["spec"] as Dict), nodeName: "n1" },
        }
        expect(threeWayPatch("Pod", applied, applied, live)).toEqual({})
      }),
      { seed: 1, numRuns: 200 },
    )
  })
  test("what others have added stays, what was applied and is no longer goes", () => {
    const patch = threeWayPatch(
      "ConfigMap",
      { data: { mine: "1", gone: "1" } },
      { data: { mine: "2" } },
      { data: { mine: "1", gone: "1", theirs: "1" } },
    )
    expect(patch).toEqual({ data: { mine: "2", gone: null } })
    expect(equal(patch, {})).toBe(false)
  })
})

/** Maps and lists that a patch has emptied may stay as `{}` and `[]`, or go. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, withoutEmpty(item)] as const)
      .filter(([, item]) => typeof item !== "object" || item === null || Object.keys(item).length > 0),
  )
}
