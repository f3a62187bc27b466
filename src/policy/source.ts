/**
 * From a place inside an object to the line of the manifest that wrote it, so that a verdict names `policy.yaml:12`.
 * The YAML parser is large: who needs lines imports this file by itself.
 */
import { isCollection, isMap, isScalar, LineCounter, type Node, type Pair, parseAllDocuments } from "yaml"

/** The 1-based line of a path such as `spec.ingress[0].toPorts[1]`, or of its nearest part that is there. `document` counts from 0. */
export function manifestLine(text: string, document: number, path: string): number | undefined {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })
  const parsed = Array.isArray(documents) ? documents[document] : undefined
  const root = parsed?.contents as Node | null | undefined
  if (root?.range == null) return undefined
  let node: Node = root
  let offset = root.range[0]
  for (const step of pathSteps(path)) {
    const found = child(node, step)
    if (found === undefined) break
    offset = found.offset
    if (found.node === undefined) break
    node = found.node
  }
  return lines.linePos(offset).line
}

function pathSteps(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) =>
    match[1] === undefined ? match[0] : Number(match[1]),
  )
}

interface Found {
  readonly offset: number
  /** Undefined when there is nothing below. */
  readonly node: Node | undefined
}

/** A key stands where it is written, an element of a list where its value begins. */
function child(node: Node, step: string | number): Found | undefined {
  if (typeof step === "number") {
    const item = isCollection(node) ? (node.items[step] as Node | undefined) : undefined
    return item?.range == null ? undefined : { offset: item.range[0], node: item }
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step) as Pair<Node, Node | null> | undefined
  if (pair?.key.range == null) return undefined
  return { offset: pair.key.range[0], node: pair.value ?? undefined }
}
