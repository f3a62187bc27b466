/** A lab file: YAML with the options of createCluster and `manifests:`. What it does not know is an error with line and column. */
import { readFileSync } from "node:fs"
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml"
import {
  type CiliumOptions,
  type ClusterOptions,
  cilium,
  type FlannelOptions,
  flannel,
  type NodeOptions,
} from "../../index.ts"
import { UsageError } from "./arguments.ts"

export interface Lab {
  options: ClusterOptions
  /** What is applied once the nodes are ready. */
  manifests: readonly object[]
}

/** Reads one value of the file; complains at its place. */
type Reader<T> = (node: Node, at: Place) => T
type Fields = Readonly<Record<string, Reader<unknown>>>

class Place {
  readonly #file: string
  readonly #lines: LineCounter
  readonly document: Document
  readonly path: string

  constructor(file: string, lines: LineCounter, document: Document, path = "") {
    this.#file = file
    this.#lines = lines
    this.document = document
    this.path = path
  }

  in(key: string | number): Place {
    const path = typeof key === "number" ? `${this.path}[${key}]` : this.path === "" ? key : `${this.path}.${key}`
    return new Place(this.#file, this.#lines, this.document, path)
  }

  fail(node: Node, message: string): never {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0)
    throw new UsageError(`${this.#file}:${line}:${col}: ${message}`)
  }
}

/** Reads a lab file. Throws {@link UsageError} with `FILE:LINE:COLUMN:` in front. */
export function readLab(file: string): Lab {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`--lab ${file}: ${(error as Error).message}`)
  }
  return parseLab(text, file)
}

export function parseLab(text: string, file: string): Lab {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0])
    throw new UsageError(`${file}:${line}:${col}: ${problem.message}`)
  }
  if (document.contents === null) return { options: {}, manifests: [] }
  const { manifests, ...options } = record(LAB)(
    document.contents as Node,
    new Place(file, lines, document),
  ) as ClusterOptions & {
    manifests?: readonly object[]
  }
  return { options, manifests: manifests ?? [] }
}

const text: Reader<string> = (node, at) =>
  isScalar(node) && typeof node.value === "string" ? node.value : at.fail(node, `${at.path}: expected text`)

const number: Reader<number> = (node, at) =>
  isScalar(node) && typeof node.value === "number" && Number.isInteger(node.value)
    ? node.value
    : at.fail(node, `${at.path}: expected a whole number`)

const flag: Reader<boolean> = (node, at) =>
  isScalar(node) && typeof node.value === "boolean" ? node.value : at.fail(node, `${at.path}: expected true or false`)

const oneOf =
  <T extends string>(...words: T[]): Reader<T> =>
  (node, at) =>
    isScalar(node) && (words as unknown[]).includes(node.value)
      ? (node.value as T)
      : at.fail(node, `${at.path}: expected ${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`)

/** A mapping with known keys. */
function record(fields: Fields): Reader<Record<string, unknown>> {
  return (node, at) => {
    const result: Record<string, unknown> = {}
    for (const { key, name, value } of entries(node, at)) {
      const read = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (read === undefined)
        return at.fail(
          key,
          `unknown key "${at.in(name).path}"; ${at.path === "" ? "there are" : `in ${at.path} there are`}: ${Object.keys(fields).join(", ")}`,
        )
      result[name] = read(value, at.in(name))
    }
    return result
  }
}

function* entries(node: Node, at: Place): Generator<{ key: Node; name: string; value: Node }> {
  if (!isMap(node)) return at.fail(node, `${at.path === "" ? "a lab file" : at.path}: expected a mapping`)
  for (const pair of (node as YAMLMap<Node, Node | null>).items) {
    if (pair.value === null) at.fail(pair.key, `${at.in(String(pair.key)).path}: nothing is given`)
    else yield { key: pair.key, name: String(pair.key), value: pair.value }
  }
}

const list =
  <T>(read: Reader<T>): Reader<T[]> =>
  (node, at) =>
    isSeq(node)
      ? node.items.map((item, i) => read(item as Node, at.in(i)))
      : at.fail(node, `${at.path}: expected a list`)

const macs: Reader<Record<string, string>> = (node, at) =>
  Object.fromEntries([...entries(node, at)].map(({ name, value }) => [name, text(value, at.in(name))]))

const NODE = { name: text, ip: text, macs } satisfies Record<keyof NodeOptions, Reader<unknown>>

const nodes: Reader<number | (string | NodeOptions)[]> = (node, at) => {
  if (!isSeq(node)) return number(node, at)
  return list((item, place) => {
    if (isScalar(item)) return text(item, place)
    const spec = record(NODE)(item, place)
    return spec["name"] === undefined ? place.fail(item, `${place.path}: a node needs a name`) : spec
  })(node, at) as (string | NodeOptions)[]
}

const FLANNEL = {
  network: text,
  backend: oneOf("vxlan", "host-gw"),
  vni: number,
  port: number,
  directRouting: flag,
  learning: flag,
  mtu: number,
  iface: text,
} satisfies Record<Exclude<keyof FlannelOptions, "naming">, Reader<unknown>>

const cni: Reader<ClusterOptions["cni"]> = (node, at) => {
  if (isScalar(node)) {
    const name = oneOf("flannel", "cilium", "none")(node, at)
    return name === "none" ? "none" : name === "cilium" ? cilium() : flannel()
  }
  const options = record({ flannel: record(FLANNEL), cilium: record({ set: list(text) }) })(node, at)
  return options["cilium"] === undefined
    ? flannel(options["flannel"] as FlannelOptions)
    : cilium(options["cilium"] as CiliumOptions)
}

const manifest: Reader<object> = (node, at) =>
  isMap(node) ? (node.toJS(at.document) as object) : at.fail(node, `${at.path}: expected a Kubernetes object`)

const LAB: Fields = {
  preset: oneOf("article"),
  nodes,
  podCIDR: text,
  cni,
  seed: number,
  epoch: number,
  manifests: list(manifest),
}
