/** Rows of the server's Tables as `get` shows them: kinds, namespaces and labels beside the server's own cells. */
import type { Resource } from "../../kube/api/resource.ts"
import type { Table } from "../../kube/api/table.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, printedName } from "./client.ts"
import { TableWriter } from "./table.ts"

/** The Accept header that asks for one. */
export const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

/** A row with what the table's own cells do not say. */
export interface Row {
  cells: Table["rows"][number]["cells"]
  object: ApiObject
}

/** A cell ends with its first line. */
function firstLine(text: string): string {
  const end = text.search(/[\f\n\r]/)
  return end < 0 ? text : `${text.slice(0, end)}...`
}

/** How the rows of a kind are shown. */
export class RowPrinter {
  readonly #client: Client
  readonly #resource: Resource
  readonly #columns: { index: number; name: string }[]
  readonly #showKind: boolean
  readonly #writer = new TableWriter()
  readonly #labels: readonly string[]

  constructor(client: Client, resource: Resource, columns: Table["columnDefinitions"], showKind: boolean) {
    this.#client = client
    this.#resource = resource
    const wide = client.flags.value("output") === "wide"
    this.#columns = columns
      .map(({ name, priority }, index) => ({ index, name, priority }))
      .filter(({ priority }) => wide || priority === 0)
    this.#showKind = showKind || client.flags.has("show-kind")
    this.#labels = client.flags.list("label-columns")
  }

  get #withNamespace(): boolean {
    return this.#client.allNamespaces && this.#resource.namespaced
  }

  #header(): string[] {
    const labels = this.#labels.map((label) => (label.split("/").at(-1) as string).toUpperCase())
    return [
      ...(this.#withNamespace ? ["NAMESPACE"] : []),
      ...this.#columns.map(({ name }) => name.toUpperCase()),
      ...labels,
      ...(this.#client.flags.has("show-labels") ? ["LABELS"] : []),
    ]
  }

  #cells({ cells, object }: Row): string[] {
    const labels = object.metadata.labels ?? {}
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    const own = this.#columns.map(({ index }) => {
      const cell = firstLine(String(cells[index] ?? ""))
      return index === 0 && this.#showKind ? printedName(this.#resource, cell) : cell
    })
    return [
      ...(this.#withNamespace ? [object.metadata.namespace ?? ""] : []),
      ...own,
      ...this.#labels.map((label) => labels[label] ?? ""),
      ...(this.#client.flags.has("show-labels") ? [pairs.sort().join(",") || "<none>"] : []),
    ]
  }

  /** Rows, under the header when `first`. */
  print(rows: readonly Row[], first: boolean): string {
    const header = first && !this.#client.flags.has("no-headers") ? [this.#header()] : []
    return this.#writer.write([...header, ...rows.map((row) => this.#cells(row))])
  }
}
