/** Broken manifests: kubectl's own words first, then where it is; nothing changed. And what is printed as YAML reads back as it was. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parse, stringify } from "yaml"
import { createCluster } from "../../src/index.ts"
import { toYaml } from "../../src/tools/kubectl/yaml/emit.ts"
import { loadYaml } from "../../src/tools/kubectl/yaml/load.ts"
import { readText } from "../support/golden.ts"
import { GOLDEN_FOLDER } from "../support/kubectl-plan.ts"
import { complaint } from "./kubectl-yaml.ts"

describe("broken manifests", () => {
  const [head = "", ...lines] = readText(`${GOLDEN_FOLDER}/broken-yaml.jsonl`).trimEnd().split("\n")

  test(`${lines.length} recorded texts: the real kubectl's words`, () => {
    expect(head).toMatch(/^# recorded: kubectl v1\.31/)
    for (const line of lines) {
      const { text, said } = JSON.parse(line) as { text: string; said: string | null }
      expect({ text, said: complaint(text) ?? null }).toEqual({ text, said })
    }
  })

  test("file, line and column come after kubectl's line; lines count from the top of the file, not of the document", async () => {
    const cluster = await createCluster({ nodes: 1 })
    const node = cluster.node("control-plane")
    const good = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: first\n"
    await node.exec("cat > two.yaml", { stdin: `${good}---\n${good.replace("first", "second")} data: {}\n` })
    const result = await node.exec("kubectl apply -f two.yaml")
    expect(result.stderr).toBe(
      "error: error parsing two.yaml: error converting YAML to JSON: yaml: line 4: did not find expected key\n" +
        "  at two.yaml:10:2, and nothing has been changed\n",
    )
    expect(result.code).toBe(1)
    // The real kubectl would have created the first one.
    expect((await node.exec("kubectl get cm first")).stderr).toBe(
      'Error from server (NotFound): configmaps "first" not found\n',
    )
  })

  test("one broken file among several: none is used", async () => {
    const cluster = await createCluster({ nodes: 1 })
    const node = cluster.node("control-plane")
    await node.exec("cat > a.json", { stdin: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}' })
    await node.exec("cat > b.json", { stdin: '{"apiVersion":"v1",\n "kind":"ConfigMap" "metadata":{}}' })
    const result = await node.exec("kubectl apply -f a.json -f b.json")
    expect(result.stderr).toBe(
      "error: error parsing b.json: json: offset 41: invalid character '\"' after object key:value pair\n" +
        "  at b.json:2:21, and nothing has been changed\n",
    )
    expect((await node.exec("kubectl get cm a -o name")).code).toBe(1)
  })
})

describe("YAML as kubectl reads and prints it", () => {
  const any = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."abN:#-'\"\n {}[]0.é&*!|>%@`,?\t\\~"), maxLength: 12 }),
    fc.constantFrom(
      "yes",
      "null",
      "~",
      "1e3",
      "0x1f",
      "1_000",
      "12:30:45",
      "2025-10-18",
      "-",
      "a: b",
      "on",
      ".5",
      "<<",
      "=",
      "a\n\n",
      "\n",
    ),
  )
  // The reader of this test takes a lone "." for a number; goyaml does not.
  const text = any.filter((word) => !/^[-+]?\.$/.test(word))
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        text.filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4 },
      ),
    ),
  })).value

  test("reads back as the same value", () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(
          parse(toYaml(original), {
            version: "1.1",
            schema: "yaml-1.1",
            customTags: (tags) =>
              tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp"),
          }),
        ).toEqual(original)
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  const style = fc.record({
    collectionStyle: fc.constantFrom("any" as const, "flow" as const),
    defaultStringType: fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"),
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(0, 20, 80),
  })
  test("reads what another writer wrote, in any style, as it was meant", () => {
    fc.assert(
      fc.property(value, style, (original, options) => {
        // Nor does it quote the merge key, and it indents blocks with what begins them.
        fc.pre(!/<<|\\t|\\n/.test(JSON.stringify(original)))
        // Inside of brackets this writer leaves unquoted what YAML 1.1 does not.
        const inFlow = options.collectionStyle === "flow"
        const quotes = inFlow ? { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_DOUBLE" } : {}
        const written = stringify({ original }, {
          version: "1.1",
          aliasDuplicateObjects: false,
          ...options,
          ...quotes,
        } as object)
        expect(loadYaml(written)).toEqual({ value: { original } })
      }),
      { seed: 1, numRuns: 3000 },
    )
  })
  const word = fc.string({ unit: fc.constantFrom(..."abc"), minLength: 1, maxLength: 8 })
  const line = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "))
  const paragraphs = fc
    .tuple(
      line,
      fc.array(
        fc.oneof(
          line,
          fc.constant(""),
          line.map((text) => `  ${text}`),
        ),
        { maxLength: 5 },
      ),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(([first, rest, ends]) => [first, ...rest].join("\n").trimEnd() + "\n".repeat(ends))
  test("reads block scalars, literal and folded, with every ending", () => {
    fc.assert(
      fc.property(paragraphs, fc.constantFrom("BLOCK_LITERAL", "BLOCK_FOLDED"), (original, type) => {
        const written = stringify({ a: { original }, b: 1 }, {
          version: "1.1",
          defaultStringType: type,
          defaultKeyType: "PLAIN",
          lineWidth: 0,
        } as object)
        expect({ written, ...loadYaml(written) }).toEqual({ written, value: { a: { original }, b: 1 } })
      }),
      { seed: 1, numRuns: 2000 },
    )
  })
  test("reads back what it prints", () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(loadYaml(toYaml(original))).toEqual({ value: original })
      }),
      { seed: 1, numRuns: 2000 },
    )
  })
  test("YAML 1.1, as goyaml.v2 has it: numbers, booleans, what stays text, merge keys, duplicate keys", () => {
    const text =
      "{a: yes, b: 014, c: 0o14, d: 0b11, e: 1_000, f: 1e3, g: 2026-01-01, h: 190:20:30, i: .5, j: 0x1F, k: -0x1, l: 08, m: ~, t: !!str 5, o: ! 5, p: '5', N: x, q: 1, q: 2, r: +5, s: 1.}"
    expect(loadYaml(text)).toEqual({
      value: {
        ...{
          a: true,
          b: 12,
          c: 12,
          d: 3,
          e: 1000,
          f: 1000,
          g: "2026-01-01",
          h: "190:20:30",
          i: 0.5,
          j: 31,
          k: -1,
          l: 8,
        },
        ...{ m: null, t: "5", o: "5", p: "5", false: "x", q: 2, r: 5, s: 1 },
      },
    })
    expect(loadYaml("base: &b {x: 1, w: 2}\nown:\n  <<: *b\n  w: 3\nboth: {<<: [{x: 1}, {x: 2, z: 3}]}\n")).toEqual({
      value: { base: { x: 1, w: 2 }, own: { x: 1, w: 3 }, both: { x: 1, z: 3 } },
    })
  })
})
