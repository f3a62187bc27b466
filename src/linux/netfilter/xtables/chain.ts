/** Chains: lists of rules, those of a hook with a policy. */
import type { NfHook } from "../hook.ts"
import type { Rule } from "./rule.ts"

export interface BaseChain {
  readonly name: string
  readonly hook: NfHook
  readonly priority: number
}

export class Chain {
  name: string
  rules: readonly Rule[] = []
  /** Of a hook's own chain. */
  readonly base: BaseChain | undefined
  policy: "ACCEPT" | "DROP" = "ACCEPT"
  /** Rules that jump here. */
  references = 0
  /** Its policy was set: only then does the kernel count what meets it (an nft chain's own counter). */
  counting = false
  packets = 0
  bytes = 0

  constructor(name: string, base?: BaseChain) {
    this.name = name
    this.base = base
  }
}
