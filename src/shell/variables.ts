/** A shell's variables with their attributes: plain, arrays, exported, read-only, integer; and the scopes of `local`. Models variables.c. */

export interface Variable {
  /** Undefined: declared, never set. */
  value: string | undefined
  /** An indexed array's items. */
  items: Map<number, string> | undefined
  exported: boolean
  readonly: boolean
  integer: boolean
}

/** Thrown when a read-only variable is assigned: it ends the command line. */
export class ReadOnlyError extends Error {
  readonly variable: string
  constructor(name: string) {
    super(`${name}: readonly variable`)
    this.variable = name
  }
}

const fresh = (): Variable => ({ value: undefined, items: undefined, exported: false, readonly: false, integer: false })

export class VariableTable {
  readonly #variables: Map<string, Variable>
  /** What `local` hides, a map a function call. */
  readonly #scopes: Map<string, Variable | undefined>[] = []
  /** The environment that children get, kept in step. */
  readonly #env: Map<string, string>
  /** `set -a`. */
  exportAll = false

  constructor(env: Map<string, string>, parent?: VariableTable) {
    this.#env = env
    this.#variables = new Map()
    for (const [name, variable] of parent === undefined ? [] : parent.#variables)
      this.#variables.set(name, {
        ...variable,
        items: variable.items === undefined ? undefined : new Map(variable.items),
      })
    if (parent === undefined)
      for (const [name, value] of env) this.#variables.set(name, { ...fresh(), value, exported: true })
    this.exportAll = parent?.exportAll ?? false
    for (const scope of parent === undefined ? [] : parent.#scopes) this.#scopes.push(new Map(scope))
  }

  get(name: string): Variable | undefined {
    return this.#variables.get(name)
  }

  /** The plain value; an array's is its item 0. */
  value(name: string): string | undefined {
    const variable = this.#variables.get(name)
    return variable?.items === undefined ? variable?.value : variable.items.get(0)
  }

  names(): string[] {
    return [...this.#variables.keys()].sort()
  }

  #writable(name: string): Variable {
    let variable = this.#variables.get(name)
    if (variable?.readonly === true) throw new ReadOnlyError(name)
    if (variable === undefined) {
      variable = fresh()
      this.#variables.set(name, variable)
    }
    if (this.exportAll) variable.exported = true
    return variable
  }

  set(name: string, value: string): void {
    const variable = this.#writable(name)
    if (variable.items === undefined) variable.value = value
    else variable.items.set(0, value)
    this.#sync(name, variable)
  }

  setItem(name: string, index: number, value: string): void {
    this.#array(this.#writable(name)).set(index, value)
  }

  setItems(name: string, items: ReadonlyMap<number, string>): void {
    const variable = this.#writable(name)
    variable.value = undefined
    variable.items = new Map([...items].sort(([a], [b]) => a - b))
  }

  /** Turns a plain variable into an array that has it as its first item. */
  #array(variable: Variable): Map<number, string> {
    variable.items ??= new Map(variable.value === undefined ? [] : [[0, variable.value]])
    variable.value = undefined
    return variable.items
  }

  /** The items in the order of their indexes; a plain variable is one item. */
  items(name: string): [number, string][] {
    const variable = this.#variables.get(name)
    if (variable === undefined) return []
    if (variable.items !== undefined) return [...variable.items].sort(([a], [b]) => a - b)
    return variable.value === undefined ? [] : [[0, variable.value]]
  }

  declareArray(name: string): void {
    this.#array(this.#writable(name))
  }

  unset(name: string): void {
    if (this.#variables.get(name)?.readonly === true) throw new ReadOnlyError(name)
    this.#variables.delete(name)
    this.#env.delete(name)
  }

  unsetItem(name: string, index: number): void {
    const variable = this.#variables.get(name)
    if (variable?.readonly === true) throw new ReadOnlyError(name)
    variable?.items?.delete(index)
  }

  /** Gives attributes; the variable need not be set. */
  mark(name: string, attributes: Partial<Pick<Variable, "exported" | "readonly" | "integer">>): void {
    let variable = this.#variables.get(name)
    if (variable === undefined) {
      variable = fresh()
      this.#variables.set(name, variable)
    }
    Object.assign(variable, attributes)
    this.#sync(name, variable)
  }

  #sync(name: string, variable: Variable): void {
    if (variable.exported && variable.value !== undefined) this.#env.set(name, variable.value)
    else this.#env.delete(name)
  }

  // ── scopes ──────────────────────────────────────────────────────────────────────────────────

  get inFunction(): boolean {
    return this.#scopes.length > 0
  }

  enter(): void {
    this.#scopes.push(new Map())
  }

  leave(): void {
    for (const [name, variable] of this.#scopes.pop() ?? []) this.restore(name, variable)
  }

  /** Hides a variable until the function returns. A second `local` of the same name keeps its value. */
  local(name: string): void {
    const scope = this.#scopes[this.#scopes.length - 1]
    if (scope === undefined || scope.has(name)) return
    const old = this.#variables.get(name)
    if (old?.readonly === true) throw new ReadOnlyError(name)
    scope.set(name, old)
    this.#variables.set(name, { ...fresh(), exported: old?.exported ?? false })
    this.#env.delete(name)
  }

  /** Puts a variable back as it was. */
  restore(name: string, variable: Variable | undefined): void {
    if (variable === undefined) {
      this.#variables.delete(name)
      this.#env.delete(name)
      return
    }
    this.#variables.set(name, variable)
    this.#sync(name, variable)
  }

  /** A copy of a variable, for {@link restore}. */
  snapshot(name: string): Variable | undefined {
    const variable = this.#variables.get(name)
    return variable === undefined ? undefined : { ...variable }
  }
}
