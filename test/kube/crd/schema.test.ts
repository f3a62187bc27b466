/** Values against schemas: the server's words and order, keyword by keyword. */
import { describe, expect, test } from "vitest"
import type { JsonSchema } from "../../../src/kube/api/crd/json-schema.ts"
import { validateLists } from "../../../src/kube/api/crd/lists.ts"
import { applyDefaults, prune } from "../../../src/kube/api/crd/prune.ts"
import { validateValue } from "../../../src/kube/api/crd/validate.ts"
import { fieldErrorText } from "../../../src/kube/api/field-error.ts"

const said = (schema: JsonSchema, value: unknown): string[] => validateValue(schema, value, "x").map(fieldErrorText)
const string = { type: "string" }

describe("schemas", () => {
  test.each<[string, JsonSchema, unknown, string[]]>([
    ["type", string, 80, ['x: Invalid value: "integer": x in body must be of type string: "integer"']],
    [
      "fractions",
      { type: "integer" },
      1.5,
      ['x: Invalid value: "number": x in body must be of type integer: "number"'],
    ],
    ["whole numbers are numbers", { type: "number" }, 1, []],
    ["null", string, null, ['x: Invalid value: "null": x in body must be of type string: "null"']],
    ["nullable", { type: "string", nullable: true }, null, []],
    ["int or string", { "x-kubernetes-int-or-string": true }, "a", []],
    [
      "neither int nor string",
      { "x-kubernetes-int-or-string": true },
      true,
      ['x: Invalid value: "boolean": x in body must be of type integer,string: "boolean"'],
    ],
    [
      "minLength",
      { type: "string", minLength: 2 },
      "a",
      ['x: Invalid value: "a": x in body should be at least 2 chars long'],
    ],
    ["maxLength", { type: "string", maxLength: 2 }, "abc", ["x: Too long: may not be more than 2 bytes"]],
    ["pattern", { type: "string", pattern: "^a$" }, "b", ["x: Invalid value: \"b\": x in body should match '^a$'"]],
    ["enum", { type: "string", enum: ["a", "b"] }, "c", ['x: Unsupported value: "c": supported values: "a", "b"']],
    [
      "enum of another type: both are said",
      { type: "string", enum: ["a"] },
      1,
      [
        'x: Invalid value: "integer": x in body must be of type string: "integer"',
        'x: Unsupported value: 1: supported values: "a"',
      ],
    ],
    [
      "cidr",
      { type: "string", format: "cidr" },
      "10.0.0.1",
      ['x: Invalid value: "10.0.0.1": x in body must be of type cidr: "10.0.0.1"'],
    ],
    ["cidr 6", { type: "string", format: "cidr" }, "2001:db8::/32", []],
    [
      "ipv4",
      { type: "string", format: "ipv4" },
      "10.0.0.256",
      ['x: Invalid value: "10.0.0.256": x in body must be of type ipv4: "10.0.0.256"'],
    ],
    ["date-time", { type: "string", format: "date-time" }, "2025-10-18T06:15:00Z", []],
    [
      "not a date-time",
      { type: "string", format: "date-time" },
      "today",
      ['x: Invalid value: "today": x in body must be of type date-time: "today"'],
    ],
    ["unknown formats are nobody's business", { type: "string", format: "idn-hostname" }, "?", []],
    [
      "minimum",
      { type: "integer", minimum: 1 },
      0,
      ["x: Invalid value: 0: x in body should be greater than or equal to 1"],
    ],
    [
      "maximum",
      { type: "integer", maximum: 1 },
      2,
      ["x: Invalid value: 2: x in body should be less than or equal to 1"],
    ],
    [
      "exclusive",
      { type: "integer", maximum: 2, exclusiveMaximum: true },
      2,
      ["x: Invalid value: 2: x in body should be less than 2"],
    ],
    ["multipleOf", { type: "integer", multipleOf: 2 }, 3, ["x: Invalid value: 3: x in body should be a multiple of 2"]],
    [
      "minItems",
      { type: "array", items: string, minItems: 1 },
      [],
      ["x: Invalid value: 0: x in body should have at least 1 items"],
    ],
    [
      "items before their number",
      { type: "array", items: string, maxItems: 1 },
      ["a", 2],
      [
        'x[1]: Invalid value: "integer": x[1] in body must be of type string: "integer"',
        "x: Too many: 2: must have at most 1 items",
      ],
    ],
    ["required", { type: "object", required: ["a"] }, {}, ["x.a: Required value"]],
    [
      "additionalProperties",
      { type: "object", additionalProperties: string },
      { a: 1 },
      ['x.a: Invalid value: "integer": x.a in body must be of type string: "integer"'],
    ],
    [
      "minProperties",
      { type: "object", minProperties: 1 },
      {},
      ["x: Invalid value: 0: x in body should have at least 1 properties"],
    ],
    [
      "maxProperties",
      { type: "object", maxProperties: 1 },
      { a: 1, b: 2 },
      ["x: Too many: 2: must have at most 1 items"],
    ],
    ["not", { not: string }, "a", ['<nil>: Invalid value: "": "x" must not validate the schema (not)']],
    [
      "anyOf, and the alternative that came closest",
      { anyOf: [{ type: "integer" }, { type: "string", enum: ["a"] }] },
      "b",
      [
        '<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)',
        'x: Unsupported value: "b": supported values: "a"',
      ],
    ],
    [
      "oneOf",
      { oneOf: [string, { enum: ["a"] }] },
      "a",
      ['<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      "allOf",
      { allOf: [{ type: "integer" }, string] },
      "a",
      [
        'x: Invalid value: "string": x in body must be of type integer: "string"',
        '<nil>: Invalid value: "": "x" must validate all the schemas (allOf)',
      ],
    ],
  ])("%s", (_, schema, value, errors) => {
    expect(said(schema, value)).toEqual(errors)
  })

  test("names of Object.prototype are names like others", () => {
    const schema: JsonSchema = { type: "object", properties: { constructor: string }, required: ["toString"] }
    expect(said(schema, {})).toEqual(["x.toString: Required value"])
    expect(prune(schema, { constructor: "a", valueOf: 1 })).toEqual({
      value: { constructor: "a" },
      unknown: ["valueOf"],
    })
  })

  test("pruning tells every path that goes, and leaves the original alone", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            list: { type: "array", items: { type: "object", properties: { a: string } } },
            free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            map: { type: "object", additionalProperties: { type: "object", properties: { a: string } } },
          },
        },
      },
    }
    const object = {
      kind: "K",
      metadata: { name: "n", odd: 1 },
      top: 1,
      spec: { z: 1, list: [{ a: "x" }, { b: 2 }], free: { any: 1 }, map: { k: { a: "x", c: 3 } } },
    }
    const before = structuredClone(object)
    expect(prune(schema, object)).toEqual({
      value: {
        kind: "K",
        metadata: { name: "n", odd: 1 },
        spec: { list: [{ a: "x" }, {}], free: { any: 1 }, map: { k: { a: "x" } } },
      },
      unknown: ["spec.list[1].b", "spec.map.k.c", "spec.z", "top"],
    })
    expect(object).toEqual(before)
  })

  test("defaults go into what is there, into lists too, and replace null where none may be", () => {
    const item: JsonSchema = { type: "object", properties: { family: { type: "string", default: "IPv4" } } }
    const schema: JsonSchema = {
      type: "object",
      properties: {
        fields: { type: "array", items: item },
        n: { type: "integer", default: 3 },
        maybe: { type: "integer", default: 4, nullable: true },
      },
    }
    const value = { fields: [{}, { family: "IPv6" }], n: null, maybe: null }
    applyDefaults(schema, value)
    expect(value).toEqual({ fields: [{ family: "IPv4" }, { family: "IPv6" }], n: 3, maybe: null })
  })

  test("sets and maps hold nothing twice", () => {
    const set: JsonSchema = { type: "array", items: string, "x-kubernetes-list-type": "set" }
    expect(validateLists(set, ["a", "b", "a"], "x").map(fieldErrorText)).toEqual(['x[2]: Duplicate value: "a"'])
    const map: JsonSchema = {
      type: "array",
      items: { type: "object", properties: { type: string } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    }
    const conditions = [
      { type: "Valid", status: "True" },
      { type: "Valid", status: "False" },
    ]
    expect(validateLists(map, conditions, "x").map(fieldErrorText)).toEqual([
      'x[1]: Duplicate value: map[string]interface {}{"type":"Valid"}',
    ])
  })
})
