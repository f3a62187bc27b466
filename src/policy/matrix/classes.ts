/** Pods that no rule can tell apart are one class: by the labels that any selector mentions, and by addresses and port names where rules do. */
import type { NamedPorts } from "../api.ts"
import { type Prefix, prefixCovers } from "../cidr.ts"
import type { LabelSet } from "../labels.ts"
import type { CidrRange, Requirement, Selector } from "../selector.ts"
import { andInto, andNotInto, type BitRow, fullRow, orInto, setBit, wordsFor } from "./bit-row.ts"

/** What of a pod matters here. */
export interface MatrixPod {
  /** `default/web-1`. */
  readonly name: string
  /** Those that rules select by: of its identity for Cilium, all of them for the plain API. */
  readonly labels: LabelSet
  readonly addresses?: readonly Prefix[]
  readonly namedPorts?: NamedPorts
}

/** What rules can tell pods apart by. */
export interface Distinctions {
  /** `source:key`. */
  readonly keys: readonly string[]
  /** Address blocks that select pods (the plain API). */
  readonly ranges: readonly CidrRange[]
  readonly namedPorts: boolean
}

interface KeyIndex {
  readonly has: BitRow
  readonly byValue: Map<string, BitRow>
}

export class PodClasses {
  readonly pods: readonly MatrixPod[]
  /** The class of each pod. */
  readonly of: Int32Array
  /** Pods of each class. */
  readonly sizes: Int32Array
  /** One pod of each class. */
  readonly example: Int32Array
  readonly full: BitRow
  readonly #distinctions: Distinctions
  readonly #byKey = new Map<string, number>()
  readonly #keyOf = new Map<LabelSet, string>()
  readonly #index = new Map<string, KeyIndex>()
  readonly #rows = new Map<string, BitRow>()

  constructor(pods: readonly MatrixPod[], distinctions: Distinctions) {
    this.pods = pods
    this.#distinctions = distinctions
    this.of = new Int32Array(pods.length)
    const examples: number[] = []
    for (const [i, pod] of pods.entries()) {
      const key = this.#key(pod)
      let id = this.#byKey.get(key)
      if (id === undefined) {
        id = examples.length
        this.#byKey.set(key, id)
        examples.push(i)
      }
      this.of[i] = id
    }
    this.example = Int32Array.from(examples)
    this.sizes = new Int32Array(examples.length)
    for (const id of this.of) this.sizes[id] = (this.sizes[id] as number) + 1
    this.full = fullRow(examples.length)
  }

  /** Whether classes are fine enough for rules that tell pods apart by these. */
  tell({ keys, ranges, namedPorts }: Distinctions): boolean {
    const own = this.#distinctions
    return (
      keys.every((key) => own.keys.includes(key)) &&
      ranges.every((range) => own.ranges.includes(range)) &&
      (own.namedPorts || !namedPorts)
    )
  }

  /** What a class calls its ports; empty where no rule goes by names. */
  namesOf(id: number): string {
    return this.#distinctions.namedPorts ? portsText(this.exampleOf(id).namedPorts) : ""
  }

  /** Whether a class calls a port by a name (`web/6`). */
  calls(id: number, name: string, port: number): boolean {
    return this.exampleOf(id).namedPorts?.get(name)?.includes(port) === true
  }

  /** One of its pods. */
  exampleOf(id: number): MatrixPod {
    return this.pods[this.example[id] as number] as MatrixPod
  }

  get count(): number {
    return this.sizes.length
  }

  /** The class a pod with these labels would be of; undefined: none is like it yet. */
  find(pod: MatrixPod): number | undefined {
    return this.#byKey.get(this.#key(pod))
  }

  move(pod: number, to: number): void {
    const from = this.of[pod] as number
    this.sizes[from] = (this.sizes[from] as number) - 1
    this.sizes[to] = (this.sizes[to] as number) + 1
    this.of[pod] = to
  }

  #key(pod: MatrixPod): string {
    const { keys, ranges, namedPorts } = this.#distinctions
    let key = this.#keyOf.get(pod.labels)
    if (key === undefined) {
      key = keys.map((name) => labelValue(pod.labels, name) ?? "\u0001").join("\u0000")
      this.#keyOf.set(pod.labels, key)
    }
    if (ranges.length > 0) key += `\u0002${ranges.map((range) => (inRange(pod, range) ? 1 : 0)).join("")}`
    return namedPorts ? `${key}\u0002${portsText(pod.namedPorts)}` : key
  }

  /** The classes a selector selects. */
  row(selector: Selector, byAddress: boolean): BitRow {
    const key = byAddress && selector.cidr !== undefined ? `cidr ${selector.text}` : selector.text
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = this.#rowOf(selector, byAddress)
      this.#rows.set(key, row)
    }
    return row
  }

  #rowOf(selector: Selector, byAddress: boolean): BitRow {
    const { cidr, requirements } = selector
    if (byAddress && cidr !== undefined) return this.#where((pod) => inRange(pod, cidr))
    if (requirements === undefined) return this.#where((pod) => selector.matches(pod.labels))
    const row = this.full.slice()
    for (const requirement of requirements) this.#restrict(row, requirement)
    return row
  }

  /** Classes whose pods call one of these ports by a name; the row of `name/protocol`. */
  named(name: string, port: number): BitRow {
    const key = `named ${name} ${port}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = this.#where((pod) => pod.namedPorts?.get(name)?.includes(port) === true)
      this.#rows.set(key, row)
    }
    return row
  }

  #where(test: (pod: MatrixPod) => boolean): BitRow {
    const row = new Uint32Array(wordsFor(this.count))
    for (let id = 0; id < this.count; id++) if (test(this.exampleOf(id))) setBit(row, id)
    return row
  }

  #restrict(row: BitRow, { source, key, operator, values }: Requirement): void {
    const { has, byValue } = this.#indexOf(`${source}:${key}`)
    if (operator === "Exists") andInto(row, has)
    else if (operator === "DoesNotExist") andNotInto(row, has)
    if (operator === "Exists" || operator === "DoesNotExist") return
    const any = new Uint32Array(row.length)
    for (const value of values) {
      const known = byValue.get(value)
      if (known !== undefined) orInto(any, known)
    }
    if (operator === "In") andInto(row, any)
    else andNotInto(row, any)
  }

  #indexOf(name: string): KeyIndex {
    let index = this.#index.get(name)
    if (index === undefined) {
      const words = wordsFor(this.count)
      index = { has: new Uint32Array(words), byValue: new Map() }
      for (const [id, pod] of this.example.entries()) {
        const value = labelValue((this.pods[pod] as MatrixPod).labels, name)
        if (value === undefined) continue
        setBit(index.has, id)
        let row = index.byValue.get(value)
        if (row === undefined) index.byValue.set(value, (row = new Uint32Array(words)))
        setBit(row, id)
      }
      this.#index.set(name, index)
    }
    return index
  }
}

function labelValue(labels: LabelSet, name: string): string | undefined {
  const colon = name.indexOf(":")
  return labels.get(name.slice(0, colon), name.slice(colon + 1))
}

const inRange = ({ addresses = [] }: MatrixPod, { prefix, except }: CidrRange): boolean =>
  addresses.some((address) => prefixCovers(prefix, address) && !except.some((cut) => prefixCovers(cut, address)))

const portsText = (ports: NamedPorts | undefined): string =>
  ports === undefined
    ? ""
    : [...ports]
        .map(([name, numbers]) => `${name}=${numbers.join(",")}`)
        .sort()
        .join(" ")
