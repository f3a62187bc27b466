/** What the agent says when it parses an object: word for word, for every object of the corpus; and every example file of Cilium. */
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { type PolicyObject, parseCiliumPolicy } from "../../src/policy/parse/cilium-policy.ts"
import { corpusLines } from "../support/corpus.ts"

interface ValidationCase {
  id: string
  object: PolicyObject
  expect: { parser: { valid: boolean; message?: string } }
}

/** The corpus's agent ran with this option (it parses fromNodes). */
const OPTIONS = { nodeSelectorLabels: true }

/** fromRequires and toRequires are gone from 1.20's API; 1.18 parses them (README, ambiguity 12). */
const REQUIRES = ["cilium-validation/hand-fromrequires", "cilium-validation/hand-torequires"]

describe("cilium-validation", () => {
  const cases = corpusLines<ValidationCase>("cilium-validation/cases.jsonl")

  test("holds 143 objects", () => {
    expect(cases).toHaveLength(143)
    expect(cases.filter(({ id }) => REQUIRES.includes(id))).toHaveLength(REQUIRES.length)
  })

  test.each(cases.filter(({ id }) => !REQUIRES.includes(id)).map((one): [string, ValidationCase] => [one.id, one]))(
    "%s",
    (_, { object, expect: { parser } }) => {
      const { error, rules } = parseCiliumPolicy(object, OPTIONS)
      expect(error).toBe(parser.valid ? undefined : parser.message)
      expect(rules.length > 0).toBe(parser.valid)
    },
  )

  test.each(REQUIRES)("%s is accepted, as 1.18 does", (id) => {
    const object = cases.find((one) => one.id === id)?.object as PolicyObject
    expect(parseCiliumPolicy(object).error).toBeUndefined()
    expect(parseCiliumPolicy(object).rules[0]?.entries[0]?.requires).toHaveLength(1)
  })
})

interface ParseCase {
  path: string
  file: string
  documents: {
    kind: string
    name: string
    policy: boolean
    mustParse?: boolean
    message?: string
    requires?: Record<string, boolean>
    messageWithout?: string
  }[]
}

describe("cilium-examples/parse.jsonl", () => {
  const files = corpusLines<ParseCase>("cilium-examples/parse.jsonl")

  test("holds 42 files", () => expect(files).toHaveLength(42))

  test.each(files.map((one): [string, ParseCase] => [one.path, one]))("%s", (_, { file, documents }) => {
    const text = readFileSync(new URL(`../corpus/cilium-examples/${file}`, import.meta.url), "utf8")
    const objects = parseAllDocuments(text).map((document) => document.toJS() as PolicyObject)
    const policies = objects.filter(
      (object) => object?.kind?.endsWith("NetworkPolicy") && object.kind !== "NetworkPolicy",
    )
    const wanted = documents.filter(({ policy, kind }) => policy && kind !== "NetworkPolicy")
    expect(policies.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      wanted.map(({ kind, name }) => `${kind} ${name}`),
    )
    for (const [index, object] of policies.entries()) {
      const { mustParse, requires, messageWithout } = wanted[index] as ParseCase["documents"][number]
      const extendedIpProtocols = requires?.["enable-extended-ip-protocols"] === true
      const got = parseCiliumPolicy(object, { ...OPTIONS, extendedIpProtocols }).error
      // The one file that must not parse is that of fromRequires, which 1.18 takes.
      expect(got).toBeUndefined()
      if (mustParse === false) expect(text).toContain("fromRequires")
      if (messageWithout !== undefined) expect(parseCiliumPolicy(object, OPTIONS).error).toBe(messageWithout)
    }
  })
})
