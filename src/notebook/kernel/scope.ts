/**
 * What cells share, as tslab shares it. A cell's names are its own variables; later cells see their values of the moment. When a later cell
 * assigns one, that is what cells see from then on, until the first cell writes its variable again: tslab mirrors writes into an object and
 * never reads them back.
 */

interface Own {
  /** The cell's variable; throws before it has a value. */
  readonly read: () => unknown
  /** What a later cell assigned, and what the variable was then. */
  assigned?: { readonly value: unknown; readonly over: unknown }
}

export class Scope {
  readonly #names = new Map<string, Own>()

  /** A cell begins: these are its names, whoever had them before. */
  declare(names: Readonly<Record<string, () => unknown>>): void {
    for (const [name, read] of Object.entries(names)) this.#names.set(name, { read })
  }

  /** In front of a cell's code, for `with`: names of earlier cells, and what the kernel gives itself. */
  object(given: Readonly<Record<string, unknown>>): object {
    return new Proxy(Object.create(null) as Record<string, unknown>, {
      has: (_, name) => typeof name === "string" && (this.#names.has(name) || Object.hasOwn(given, name)),
      get: (_, name) => {
        if (typeof name !== "string") return undefined
        const own = this.#names.get(name)
        return own === undefined ? given[name] : seen(own)
      },
      set: (_, name, value: unknown) => {
        const own = this.#names.get(String(name))
        if (own !== undefined) own.assigned = { value, over: current(own) }
        return own !== undefined
      },
    })
  }
}

function seen(own: Own): unknown {
  const now = current(own)
  if (own.assigned === undefined) return now
  if (Object.is(own.assigned.over, now)) return own.assigned.value
  delete own.assigned
  return now
}

/** A cell that failed before its declaration leaves the name, without a value. */
function current({ read }: Own): unknown {
  try {
    return read()
  } catch {
    return undefined
  }
}
