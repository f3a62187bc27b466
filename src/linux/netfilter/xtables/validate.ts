/** What only shows when chains are put together. Models nft_table_validate and nft_chain_validate. */
import type { Chain } from "./chain.ts"
import type { Rule } from "./rule.ts"

/** NFT_JUMP_STACK_SIZE. */
const MAX_DEPTH = 16

/** The kernel's error, or `undefined` when all is well: no loop and no jump too deep, and every part called from hooks it may be called from. */
export function validate(chains: readonly Chain[], rulesOf: (chain: Chain) => readonly Rule[]): string | undefined {
  const heights = new Map<Chain, number>()
  for (const chain of chains) {
    if (chain.base === undefined) continue
    if (height(chain, rulesOf, heights) >= MAX_DEPTH) return "Too many links"
    if (!callable(chain, chain.base.hook, rulesOf, new Set())) return "Invalid argument"
  }
  return undefined
}

/** Jumps below a chain; a loop is higher than everything. */
function height(chain: Chain, rulesOf: (chain: Chain) => readonly Rule[], known: Map<Chain, number>): number {
  const found = known.get(chain)
  if (found !== undefined) return found
  known.set(chain, MAX_DEPTH)
  let most = 0
  for (const { action } of rulesOf(chain))
    if (action.kind === "jump") most = Math.max(most, 1 + height(action.chain, rulesOf, known))
  known.set(chain, most)
  return most
}

function callable(chain: Chain, hook: number, rulesOf: (chain: Chain) => readonly Rule[], seen: Set<Chain>): boolean {
  if (seen.has(chain)) return true
  seen.add(chain)
  for (const { action, matches } of rulesOf(chain)) {
    for (const { hooks } of matches) if (hooks !== undefined && (hooks & (1 << hook)) === 0) return false
    if (action.kind === "target" && action.target.hooks !== undefined && (action.target.hooks & (1 << hook)) === 0)
      return false
    if (action.kind === "jump" && !callable(action.chain, hook, rulesOf, seen)) return false
  }
  return true
}
