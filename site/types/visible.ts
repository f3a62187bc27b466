/**
 * What a cell sees of those before it. Each cell is a module; in front of its text, in a line of its own, stand declarations of the names of
 * earlier cells that it does not declare itself, and behind it everything is exported. The latest declaration wins, as in tslab.
 */
import { type DeclaredName, declaredNames, type ValueKind } from "./names.ts"
import type { CellText } from "./protocol.ts"

/** Which cell a name is from: its place among the cells. */
interface Value {
  readonly cell: number
  readonly kind: ValueKind
}
interface Type {
  readonly cell: number
  readonly whole: boolean
}

/** A cell as TypeScript reads it: `before`, the cell's own text, `after`. */
export interface CellModule {
  readonly path: string
  readonly before: string
  readonly source: string
  readonly after: string
  /** Variables of earlier cells that it sees: where in `before` each is named as that cell's. */
  readonly origins: ReadonlyMap<string, number>
}

const modulePath = (id: string): string => `/cell/${id}`

export function cellModules(cells: readonly CellText[]): readonly CellModule[] {
  const values = new Map<string, Value>()
  const types = new Map<string, Type>()
  return cells.map(({ id, source }, at) => {
    const own = declaredNames(source)
    const origins = new Map<string, number>()
    let before = ""
    for (const name of new Set([...values.keys(), ...types.keys()])) {
      const mine = own.get(name)
      const value = mine?.value === undefined ? leftValue(values.get(name), types.get(name), mine) : undefined
      const type = mine?.type === true ? undefined : leftType(types.get(name), mine)
      if (value === undefined && type === undefined) continue
      const from = modulePath(cells[Math.max(value?.cell ?? 0, type?.cell ?? 0)]?.id ?? "")
      before += `${declaration(name, from, value, type)} `
      if (before.endsWith(`${typeOf(name, from)}; `)) origins.set(name, before.length - 2 - name.length)
    }
    for (const [name, declared] of own) declare(name, declared, at, values, types)
    const after = `\nexport { ${[...own.keys()].join(", ")} };`
    return { path: `${modulePath(id)}.ts`, before: `${before}\n`, source, after, origins }
  })
}

/** A class of which only the type is declared anew leaves a value of unknown type. */
function leftValue(value: Value | undefined, type: Type | undefined, own: DeclaredName | undefined): Value | undefined {
  if (value === undefined || own === undefined) return value
  return value.kind === "whole" && type?.whole === true ? { ...value, kind: "any" } : value
}

/** A class of which only the value is declared anew is forgotten. */
function leftType(type: Type | undefined, own: DeclaredName | undefined): Type | undefined {
  return own?.value !== undefined && type?.whole === true ? undefined : type
}

function declaration(name: string, from: string, value: Value | undefined, type: Type | undefined): string {
  if (value === undefined) return `import type { ${name} } from "${from}";`
  // An import cannot be assigned, but only it has both: what the later cell declares, and what it sees of the earlier one.
  if (type !== undefined || value.kind === "function") return `import { ${name} } from "${from}";`
  if (value.kind === "any") return `declare let ${name}: any;`
  return `declare ${value.kind} ${name}: ${typeOf(name, from)};`
}

const typeOf = (name: string, from: string): string => `typeof import("${from}").${name}`

function declare(
  name: string,
  declared: DeclaredName,
  cell: number,
  values: Map<string, Value>,
  types: Map<string, Type>,
): void {
  const whole = declared.value === "whole"
  const [value, type] = [values.get(name), types.get(name)]
  const keptValue = declared.value === undefined ? leftValue(value, type, declared) : { cell, kind: declared.value }
  const keptType = declared.type ? { cell, whole } : leftType(type, declared)
  values.delete(name)
  types.delete(name)
  if (keptValue !== undefined) values.set(name, keptValue)
  if (keptType !== undefined) types.set(name, keptType)
}
