/** Tokens of YAML, and what goes wrong on the way. Models goyaml.v2 yamlh.go. */

/** A position: both from 0. */
export interface Mark {
  readonly index: number
  readonly line: number
  readonly column: number
}

export type TokenType =
  | "STREAM-START"
  | "STREAM-END"
  | "DIRECTIVE"
  | "DOCUMENT-START"
  | "DOCUMENT-END"
  | "BLOCK-SEQUENCE-START"
  | "BLOCK-MAPPING-START"
  | "BLOCK-END"
  | "FLOW-SEQUENCE-START"
  | "FLOW-SEQUENCE-END"
  | "FLOW-MAPPING-START"
  | "FLOW-MAPPING-END"
  | "BLOCK-ENTRY"
  | "FLOW-ENTRY"
  | "KEY"
  | "VALUE"
  | "ALIAS"
  | "ANCHOR"
  | "TAG"
  | "SCALAR"

export interface Token {
  readonly type: TokenType
  readonly start: Mark
  /** The name of an anchor or alias, the text of a scalar, a tag as written. */
  readonly value: string
  /** A scalar without quotes, which may mean a number or the like. */
  readonly plain: boolean
}

/** Thrown at the first thing that is wrong. */
export class YamlError {
  /** As Go says it: `line 5: did not find expected key`. */
  readonly message: string
  readonly mark: Mark

  constructor(problem: string, mark: Mark, origin: "scanner" | "parser" | "decoder", context?: Mark) {
    this.mark = mark
    // Models decode.go fail(): lines count from 0 but for the scanner's, and line 0 is not told.
    const line = mark.line !== 0 ? mark.line + (origin === "scanner" ? 1 : 0) : (context?.line ?? 0)
    this.message = origin === "decoder" || line === 0 ? problem : `line ${line}: ${problem}`
  }
}
