/** Broken manifests: kubectl's own words first, then where it is; nothing changed. And what is printed as YAML reads back as it was. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { createCluster } from "../../src/index.ts"
import { toYaml } from "../../src/tools/kubectl/yaml/emit.ts"
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

describe("YAML as kubectl prints it", () => {
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
})
