/** The code behind definitions and their objects, which whoever writes a definition loads first; see {@link Resource.load}. */
import type * as Code from "./code.ts"

let code: typeof Code | undefined

export async function loadDefinitions(): Promise<void> {
  code = await import("./code.ts")
}

/** The code. A definition that is written without it is a mistake of ours. */
export function definitionCode(): typeof Code {
  if (code === undefined)
    throw new Error("load what ApiServer.needs() names before you write a CustomResourceDefinition")
  return code
}
