/**
 * Reads JSON into the shapes of Go structs as encoding/json does: a value of the wrong kind is an error in Go's words, an unknown field is
 * named as a warning (the agent ignores it; the API server's strict decoding is where a user meets it first).
 */

export type Shape = string | NamedShape | ListShape | StructShape | MapShape | "any"

/** A type of its own for a string: errors say its name. */
interface NamedShape {
  readonly named: string
}

interface ListShape {
  readonly list: Shape
  readonly go: string
}

interface MapShape {
  readonly map: Shape
  readonly go: string
}

export interface StructShape {
  readonly struct: string
  /** The type reads itself: Go's path begins anew inside. */
  readonly unmarshals?: boolean
  readonly fields: Readonly<Record<string, Shape>>
  /** Fields that stand in an embedded struct, whose name Go puts into the path. */
  readonly embedded?: { readonly name: string; readonly fields: readonly string[] }
}

/** `go` is the list's own type, or that of its elements after `[]`. */
export const list = (shape: Shape, go: string): ListShape => ({ list: shape, go })
export const named = (go: string): NamedShape => ({ named: go })

export class Decoder {
  error: string | undefined
  readonly unknown: string[] = []

  /** Checks a value; `goPath` has no indices, `path` has. */
  check(shape: Shape, value: unknown, owner: string, goPath: string, path: string): void {
    if (value === null || value === undefined || shape === "any" || this.error !== undefined) return
    if (typeof shape === "string") this.#scalar(shape, value, owner, goPath)
    else if ("named" in shape) {
      if (typeof value !== "string") this.#fail(value, owner, goPath, shape.named)
    } else if ("list" in shape) this.#list(shape, value, owner, goPath, path)
    else if ("map" in shape) this.#map(shape, value, owner, goPath, path)
    else this.#struct(shape, value, owner, goPath, path)
  }

  #scalar(go: string, value: unknown, owner: string, goPath: string): void {
    const wanted = go === "bool" ? "boolean" : go.startsWith("int") || go.startsWith("uint") ? "number" : "string"
    if (typeof value !== wanted) this.#fail(value, owner, goPath, go)
    else if (wanted === "number" && !Number.isInteger(value)) this.#fail(value, owner, goPath, go, ` ${value}`)
  }

  #list(shape: ListShape, value: unknown, owner: string, goPath: string, path: string): void {
    if (!Array.isArray(value)) this.#fail(value, owner, goPath, shape.go)
    else for (const [index, item] of value.entries()) this.check(shape.list, item, owner, goPath, `${path}[${index}]`)
  }

  #map(shape: MapShape, value: unknown, owner: string, goPath: string, path: string): void {
    if (typeof value !== "object" || Array.isArray(value)) this.#fail(value, owner, goPath, shape.go)
    else
      for (const [key, item] of Object.entries(value as object))
        this.check(shape.map, item, owner, goPath, `${path}.${key}`)
  }

  #struct(shape: StructShape, value: unknown, owner: string, goPath: string, path: string): void {
    if (typeof value !== "object" || Array.isArray(value)) {
      this.#fail(value, owner, goPath, `api.${shape.struct}`)
      return
    }
    const base = shape.unmarshals === true ? "" : `${goPath}.`
    for (const [key, field] of Object.entries(value as object)) {
      const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined
      const embedded = shape.embedded?.fields.includes(key) === true ? `${shape.embedded.name}.` : ""
      if (known === undefined) this.unknown.push(`${path}.${key}`)
      else this.check(known, field, shape.struct, `${base}${embedded}${key}`, `${path}.${key}`)
    }
  }

  #fail(value: unknown, owner: string, goPath: string, go: string, literal = ""): void {
    const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value
    this.error = `json: cannot unmarshal ${kind}${literal} into Go struct field ${owner}.${goPath} of type ${go}`
  }
}
