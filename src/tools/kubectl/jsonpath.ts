/** JSONPath templates as kubectl takes them: its errors end the command. */
import { goSyntax, goText } from "../../kube/api/go-text.ts"
import { goJson } from "../../kube/api/json.ts"
import { findResults } from "../../kube/api/jsonpath/evaluate.ts"
import { JsonPathError, type Node, parseJsonPath } from "../../kube/api/jsonpath/parse.ts"
import { fail } from "./failure.ts"

/** A parsed template. Ends the command with kubectl's words when it cannot be parsed or does not fit the object. */
export class JsonPath {
  readonly text: string
  readonly #nodes: Node[]

  constructor(text: string) {
    this.text = text
    try {
      this.#nodes = parseJsonPath(text)
    } catch (thrown) {
      if (!(thrown instanceof JsonPathError)) throw thrown
      fail(`error parsing jsonpath ${text}, ${thrown.message}`)
    }
  }

  /** What each piece of the template finds. */
  results(root: unknown): unknown[][] {
    return findResults(this.#nodes, root)
  }

  /** The template filled in. */
  render(root: unknown): string {
    try {
      return this.results(root)
        .map((values) => values.map(printed).join(" "))
        .join("")
    } catch (thrown) {
      if (!(thrown instanceof JsonPathError)) throw thrown
      return fail(
        `error executing jsonpath ${JSON.stringify(this.text)}: Error executing template: ${thrown.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${this.text}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(root)}\n\n`,
      )
    }
  }
}

/** `{.a}`, `.a`, `a`: the forms that custom columns and --sort-by take. */
export function relaxedJsonPath(text: string): JsonPath {
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(text)
  if (match === null)
    return fail(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    )
  return new JsonPath(`{.${match[1] ?? match[2]}}`)
}

const printed = (value: unknown): string => (typeof value === "object" ? goJson(value) : goText(value))
