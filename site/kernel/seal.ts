/** The seal of a page that was run from its beginning, and gave what is published. */
import { sha256 } from "../../src/linux/crypto/sha256.ts"
import { say } from "../i18n/strings.ts"
import type { SeedList } from "../packets/protocol.ts"
import type { KernelCell } from "./protocol.ts"
import type { Runner } from "./runner.ts"

/** Of all published outputs of a page, in their order: SHA-256 over the cells' own. */
export const pageHash = (cells: readonly Pick<KernelCell, "id" | "hash">[]): string =>
  sha256(new TextEncoder().encode(cells.map(({ id, hash }) => `${id} ${hash}\n`).join("")))

/** The seal's text. All cells have just run, and each gave what is published. */
export async function sealText(cells: readonly KernelCell[], runner: Runner, version: string): Promise<string> {
  const { seeds } = (await runner.ask({ cell: cells.at(-1)?.id ?? "", cluster: 0, kind: "seeds" })) as SeedList
  return say("verify.seal", {
    version,
    seeds: [...new Set(seeds)].join(", "),
    count: cells.length,
    hash: pageHash(cells),
  })
}
