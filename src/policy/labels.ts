/**
 * Security labels, `source:key=value`, and the sets identities are made of. Models pkg/labels and pkg/labelsfilter (Cilium 1.18).
 */
import { type Prefix, parsePrefix, prefixCovers } from "./cidr.ts"

export interface Label {
  readonly source: string
  readonly key: string
  readonly value: string
}

/** `k8s:app=web`, `reserved:host`, `cidr:10.0.0.0/8`; a text without a source is `unspec`. */
export function parseLabel(text: string): Label {
  const equals = text.indexOf("=")
  const name = equals < 0 ? text : text.slice(0, equals)
  const value = equals < 0 ? "" : text.slice(equals + 1)
  const colon = name.indexOf(":")
  if (colon < 0) return { source: "unspec", key: name, value }
  return { source: name.slice(0, colon), key: name.slice(colon + 1), value }
}

export function formatLabel({ source, key, value }: Label): string {
  return value === "" ? `${source}:${key}` : `${source}:${key}=${value}`
}

/** An immutable set of labels, asked by key. Equal sets have equal `text`: it is what an identity is allocated for. */
export class LabelSet {
  /** Sorted bytewise, as every table prints them. */
  readonly labels: readonly string[]
  /** The sorted labels with `;` after each, as the kvstore key of an identity has them. */
  readonly text: string
  /** The prefixes of `cidr:` labels: an address lies in every prefix that covers one of them. */
  readonly prefixes: readonly Prefix[]
  readonly #byKey = new Map<string, Label[]>()

  constructor(labels: Iterable<string>) {
    this.labels = [...new Set(labels)].sort(compareBytes)
    this.text = this.labels.map((label) => `${label};`).join("")
    const prefixes: Prefix[] = []
    for (const text of this.labels) {
      // A CIDR's key holds colons of its own (IPv6), never an equals sign.
      const label = parseLabel(text)
      const same = this.#byKey.get(label.key)
      if (same === undefined) this.#byKey.set(label.key, [label])
      else same.push(label)
      const prefix = label.source === "cidr" ? parsePrefix(label.key) : undefined
      if (prefix !== undefined) prefixes.push(prefix)
    }
    this.prefixes = prefixes
  }

  /** The value of a key of this source (`any`: of the first source that has it), or undefined. */
  get(source: string, key: string): string | undefined {
    const labels = this.#byKey.get(key)
    if (labels === undefined) return undefined
    for (const label of labels) if (source === "any" || label.source === source) return label.value
    return undefined
  }

  has(source: string, key: string): boolean {
    return this.get(source, key) !== undefined
  }

  /** Whether the identity lies inside a prefix: `cidr:` labels are hierarchical. */
  within(prefix: Prefix): boolean {
    for (const own of this.prefixes) if (prefixCovers(prefix, own)) return true
    return false
  }

  toString(): string {
    return this.labels.join(",")
  }
}

/** Code units order ASCII as bytes do, and labels are ASCII. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
