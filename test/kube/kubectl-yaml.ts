/** What podwire's kubectl says about a broken manifest, without what it says around it. */
import { Stop } from "../../src/tools/kubectl/failure.ts"
import { parseManifests } from "../../src/tools/kubectl/manifest.ts"
import { parseSaid } from "../support/broken-yaml.ts"

/** `undefined` when nothing is wrong. */
export function complaint(text: string): string | undefined {
  try {
    parseManifests(text, "d0.yaml")
    return undefined
  } catch (thrown) {
    if (thrown instanceof Stop) return parseSaid(thrown.failures[0]?.message ?? "").get(0)
    throw thrown
  }
}
