/** Whether two sides' L7 rules say the same: in any order, each once, only what a rule says. */

interface Rules {
  readonly wildcard: boolean
  readonly http?: readonly object[]
  readonly dns?: readonly object[]
  readonly serverNames?: readonly string[]
}

export const sameRules = (a: Rules, b: Rules): boolean => text(a) === text(b)

function text({ wildcard, http = [], dns = [], serverNames = [] }: Rules): string {
  const sorted = (list: readonly object[]): string[] =>
    [...new Set(list.map((rule) => JSON.stringify(ordered(rule))))].sort()
  return JSON.stringify({ wildcard, http: sorted(http), dns: sorted(dns), serverNames: [...serverNames].sort() })
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}
