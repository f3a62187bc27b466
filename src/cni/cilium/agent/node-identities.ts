/** A number for each set of labels that other nodes have, so that fromNodes and toNodes can tell them apart. Models pkg/identity's remote-node scope. */
import { nodeLabels } from "../../../policy/identity-labels.ts"
import { LabelSet } from "../../../policy/labels.ts"
import type { PolicyRepository } from "../../../policy/repository.ts"

/** IdentityScopeRemoteNode: 2 << 24; the first one that is given out is the next. */
const FIRST = 33554433

export class NodeIdentities {
  readonly #repository: PolicyRepository
  readonly #bySet = new Map<string, { readonly id: number; readonly labels: LabelSet; readonly nodes: Set<string> }>()
  readonly #byNode = new Map<string, string>()
  #next = FIRST

  constructor(repository: PolicyRepository) {
    this.#repository = repository
  }

  /** In order of their numbers. */
  get list(): readonly { readonly id: number; readonly labels: LabelSet }[] {
    return [...this.#bySet.values()].sort((a, b) => a.id - b.id)
  }

  labels(id: number): LabelSet | undefined {
    return this.list.find((identity) => identity.id === id)?.labels
  }

  /** The number of a node with these labels of its object; `reserved` ones come with every node. */
  take(node: string, reserved: readonly string[], labels: Readonly<Record<string, string>>): number {
    const set = new LabelSet([...reserved, ...nodeLabels(labels)])
    if (this.#byNode.get(node) !== set.text) this.release(node)
    let identity = this.#bySet.get(set.text)
    if (identity === undefined) {
      identity = { id: this.#next++, labels: set, nodes: new Set() }
      this.#bySet.set(set.text, identity)
      this.#repository.addIdentity(identity.id, set)
    }
    identity.nodes.add(node)
    this.#byNode.set(node, set.text)
    return identity.id
  }

  release(node: string): void {
    const text = this.#byNode.get(node)
    const identity = text === undefined ? undefined : this.#bySet.get(text)
    this.#byNode.delete(node)
    if (identity?.nodes.delete(node) !== true || identity.nodes.size > 0) return
    this.#bySet.delete(identity.labels.text)
    this.#repository.removeIdentity(identity.id)
  }
}
