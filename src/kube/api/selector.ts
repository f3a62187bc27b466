/** Label and field selectors. Models k8s.io/apimachinery/pkg/labels and fields. */
import { type Dict, isDict } from "./json.ts"
import { labelValueErrors, qualifiedNameErrors } from "./names.ts"

export interface Requirement {
  readonly key: string
  readonly operator: "in" | "notin" | "exists" | "!" | "gt" | "lt"
  readonly values: readonly string[]
}

export type LabelSelector = readonly Requirement[]

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => matchesRequirement(requirement, labels))
}

function matchesRequirement({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case "exists":
      return value !== undefined
    case "!":
      return value === undefined
    case "in":
      return value !== undefined && values.includes(value)
    case "notin":
      return value === undefined || !values.includes(value)
    case "gt":
      return value !== undefined && Number(value) > Number(values[0])
    case "lt":
      return value !== undefined && Number(value) < Number(values[0])
  }
}

/** The object form: `{matchLabels, matchExpressions}`. */
export function selectorOf(selector: unknown): LabelSelector {
  const source = isDict(selector) ? selector : {}
  const requirements: Requirement[] = Object.entries((source["matchLabels"] ?? {}) as Record<string, string>).map(
    ([key, value]) => ({
      key,
      operator: "in",
      values: [value],
    }),
  )
  for (const expression of (source["matchExpressions"] ?? []) as Dict[]) {
    const operator = OPERATORS[expression["operator"] as string]
    if (operator !== undefined)
      requirements.push({ key: String(expression["key"]), operator, values: (expression["values"] ?? []) as string[] })
  }
  return requirements
}

const OPERATORS: Readonly<Record<string, Requirement["operator"]>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
}

/** A map as a selector: every pair must be there. */
export function selectorOfMap(map: Readonly<Record<string, string>>): LabelSelector {
  return Object.entries(map).map(([key, value]) => ({ key, operator: "in", values: [value] }))
}

const TOKEN = /\s*(?:(==|=|!=|,|\(|\)|!|>|<)|([^\s=!,()<>]+))/y

interface Tokens {
  readonly list: readonly string[]
  at: number
}

function tokenize(text: string): Tokens {
  const list: string[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text))
    list.push((match[1] ?? match[2]) as string)
  return { list, at: 0 }
}

/** `app=web,tier in (a, b),!old`; an error text when it does not parse. Models labels.Parse. */
export function parseLabelSelector(text: string): LabelSelector | { error: string } {
  const tokens = tokenize(text)
  const requirements: Requirement[] = []
  while (tokens.at < tokens.list.length) {
    const requirement = parseRequirement(tokens)
    if ("error" in requirement) return { error: `unable to parse requirement: ${requirement.error}` }
    requirements.push(requirement)
    const next = tokens.list[tokens.at++]
    if (next === undefined) break
    if (next !== ",") return { error: `unable to parse requirement: found '${next}', expected: ',' or 'end of string'` }
    if (tokens.at === tokens.list.length)
      return { error: "unable to parse requirement: found '', expected: identifier after ','" }
  }
  return requirements
}

const SYMBOLS: readonly string[] = ["=", "==", "!=", ",", "(", ")", ">", "<"]

function parseRequirement(tokens: Tokens): Requirement | { error: string } {
  const take = (): string => tokens.list[tokens.at++] ?? ""
  let key = take()
  const absent = key === "!"
  if (absent) key = take()
  if (key === "" || SYMBOLS.includes(key))
    return { error: `found '${key}', expected: !, identifier, or 'end of string'` }
  const wrong = qualifiedNameErrors(key)[0]
  if (wrong !== undefined) return { error: `key: Invalid value: ${JSON.stringify(key)}: ${wrong}` }
  if (absent) return { key, operator: "!", values: [] }
  const next = tokens.list[tokens.at]
  if (next === undefined || next === ",") return { key, operator: "exists", values: [] }
  const operator = take()
  if (operator === "in" || operator === "notin") return parseSet(key, operator, tokens)
  if (operator === ">" || operator === "<") return parseNumber(key, operator, take())
  if (operator !== "=" && operator !== "==" && operator !== "!=")
    return { error: `found '${operator}', expected: in, notin, =, ==, !=, gt, lt` }
  const at = tokens.list[tokens.at]
  const value = at === undefined || at === "," ? "" : take()
  const bad = labelValueErrors(value)[0]
  if (bad !== undefined) return { error: `values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${bad}` }
  return { key, operator: operator === "!=" ? "notin" : "in", values: [value] }
}

function parseNumber(key: string, operator: ">" | "<", value: string): Requirement | { error: string } {
  if (!/^[+-]?\d+$/.test(value))
    return {
      error: `values[0][${key}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    }
  return { key, operator: operator === ">" ? "gt" : "lt", values: [value] }
}

function parseSet(key: string, operator: "in" | "notin", tokens: Tokens): Requirement | { error: string } {
  const open = tokens.list[tokens.at++] ?? ""
  if (open !== "(") return { error: `found '${open}', expected: '('` }
  const values: string[] = []
  for (;;) {
    const token = tokens.list[tokens.at++]
    if (token === undefined) return { error: "found '', expected: ',', or ')'" }
    if (token === ")") return { key, operator, values }
    if (token !== ",") values.push(token)
  }
}

/** A selector as the server prints it: `app=web,tier in (a,b)`. */
export function formatSelector(selector: LabelSelector): string {
  return [...selector]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, operator, values }) => {
      if (operator === "exists") return key
      if (operator === "!") return `!${key}`
      if (operator === "gt" || operator === "lt") return `${key}${operator === "gt" ? ">" : "<"}${values[0]}`
      if (operator === "in" && values.length === 1) return `${key}=${values[0]}`
      return `${key} ${operator} (${[...values].sort().join(",")})`
    })
    .join(",")
}

export interface FieldTerm {
  readonly field: string
  readonly equals: boolean
  readonly value: string
}

/** `status.phase!=Failed,spec.nodeName=worker-1`. */
export function parseFieldSelector(text: string): FieldTerm[] | { error: string } {
  const terms: FieldTerm[] = []
  // A backslash takes what follows as it is, a comma too.
  for (const part of text.match(/(?:\\.|[^,])+/g) ?? []) {
    const match = /^([^=!]*)(==|!=|=)(.*)$/.exec(part)
    if (match === null) return { error: `invalid selector: '${text}'; can't understand '${part}'` }
    terms.push({
      field: match[1] as string,
      equals: match[2] !== "!=",
      value: (match[3] as string).replace(/\\([\\,=])/g, "$1"),
    })
  }
  return terms
}
