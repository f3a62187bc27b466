/** The first error of a list, as a Go loop that returns at the first one. */
export function firstError<T>(
  items: readonly T[],
  check: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const error = check(item, index)
    if (error !== undefined) return error
  }
  return undefined
}
