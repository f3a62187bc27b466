/** How cells are checked. */
import ts from "typescript"

/** What cells may import: tslab's own, and what site/kernel/worker.ts loads. */
export const PACKAGES: readonly string[] = ["tslab", "podwire", "@observablehq/plot", "linkedom"]

/** tslab's (createConverter in its converter.js), without those that are about what it emits. */
export const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  ignoreDeprecations: "6.0",
  esModuleInterop: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts"],
  experimentalDecorators: true,
  skipLibCheck: true,
  // TypeScript 5's defaults, where 6 has others.
  strict: false,
  types: [],
  noEmit: true,
}
