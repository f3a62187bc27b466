/**
 * How entries enter a policy map. What a wider entry overrides never decides, so it is left out, as pkg/policy/mapstate.go
 * insertWithChanges does; taking the winners first makes the result the same for every order of rules.
 */
import type { MapEntry, MapState } from "./map-state.ts"

/** Adds all entries of some identities (or of 0) at once. Entries of 0 must be in the map before those of an identity. */
export function insertEntries(map: MapState, entries: MapEntry[]): void {
  entries.sort(winnersFirst)
  const added: MapEntry[] = []
  for (const entry of entries) if (insert(map, entry)) added.push(entry)
  for (const entry of added) deriveAuth(map, entry)
}

function winnersFirst(a: MapEntry, b: MapEntry): number {
  if (a.deny !== b.deny) return a.deny ? -1 : 1
  if (a.proxyPriority !== b.proxyPriority) return b.proxyPriority - a.proxyPriority
  if ((a.identity === 0) !== (b.identity === 0)) return a.identity === 0 ? -1 : 1
  return a.prefixLength - b.prefixLength
}

function insert(map: MapState, entry: MapEntry): boolean {
  for (const other of map.broaderOrEqual(entry)) {
    const equal = other.identity === entry.identity && other.prefixLength === entry.prefixLength
    if (equal && other.deny === entry.deny && other.proxyPriority === entry.proxyPriority) {
      merge(other, entry)
      return false
    }
    // A denial gives way to denials alone: of an identity that comes later it meets allowances that are there already.
    if (other.deny || (!entry.deny && other.proxyPriority > entry.proxyPriority)) return false
  }
  map.add(entry)
  return true
}

/** Two rules asked for one entry: it carries both. */
function merge(same: MapEntry, entry: MapEntry): void {
  same.rules = [...same.rules, ...entry.rules.filter((rule) => !same.rules.includes(rule))]
  same.labels = [...new Set([...same.labels, ...entry.labels])]
  if (entry.explicitAuth && (!same.explicitAuth || same.auth === "disabled")) {
    same.auth = entry.auth
    same.explicitAuth = true
  }
}

/** Entries without an authentication of their own take that of the narrowest entry around them that has one. */
function deriveAuth(map: MapState, entry: MapEntry): void {
  if (entry.deny || entry.explicitAuth) return
  for (const wider of map.broaderOrEqual(entry)) {
    if (!wider.explicitAuth || wider.deny) continue
    entry.auth = wider.auth
    return
  }
}
