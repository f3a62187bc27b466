/** The real kubectl 1.31, live: it still says what was recorded, so that the recording cannot rot. */
import { isDeepStrictEqual } from "node:util"
import { expect, test } from "vitest"
import { parseManifests } from "../../src/tools/kubectl/manifest.ts"
import { brokenManifests, wrapped } from "../support/broken-yaml.ts"
import { readGolden } from "../support/golden.ts"
import { GOLDEN_FOLDER, readPlan } from "../support/kubectl-plan.ts"
import { needs } from "../support/needs.ts"
import { askGroup, findKubectl, RealKubectl } from "../support/real-kubectl.ts"
import { complaint } from "./kubectl-yaml.ts"

const kubectl = findKubectl()

/** The two groups that have everything that goes over the wire: apply, get, watch, describe, delete, exec over WebSocket, logs. */
const LIVE = ["delete", "exec"]

/**
 * It reckons ages by this machine's clock and prints its last words when it gets a turn: where others keep the machine busy, an answer may be a second
 * off. What has really become another answer is so every time.
 */
const TRIES = 3

const fieldOf = (object: unknown): unknown => (object as { value?: unknown }).value

needs({ "kubectl 1.31": kubectl !== undefined })("the real kubectl", () => {
  for (const group of readPlan().filter(({ name }) => LIVE.includes(name)))
    test(`${group.name}: ${group.steps.length} commands, as recorded`, async () => {
      const shown = (where: { command: string; code: number; output: string }[]): string[] =>
        where.map(({ command, code, output }) => `$ ${command} [${code}]\n${output}`)
      const recorded = shown(readGolden(`${GOLDEN_FOLDER}/${group.name}.txt`))
      let live: string[] = []
      for (let tries = 0; tries < TRIES && !isDeepStrictEqual(live, recorded); tries++) {
        const answers = await askGroup(kubectl?.path ?? "", group)
        live = shown(group.steps.map(({ command }, i) => ({ command, ...(answers[i] as (typeof answers)[number]) })))
      }
      expect(live).toEqual(recorded)
    })

  test("broken manifests: the same words as podwire's kubectl, for texts that nobody recorded", async () => {
    const seed = 20251018
    const texts = brokenManifests(seed, 600)
    const real = await RealKubectl.start(kubectl?.path ?? "")
    const said = await real.readBroken(texts)
    await real.close()
    expect(said.size).toBeGreaterThan(300)
    for (const [i, text] of texts.entries())
      expect({ seed, text, said: complaint(text) }).toEqual({ seed, text, said: said.get(i) })
  })

  test("and what is well-formed means the same to both", async () => {
    const seed = 7
    const texts = brokenManifests(seed, 500).map(wrapped)
    const real = await RealKubectl.start(kubectl?.path ?? "")
    const read = await real.readGood(texts)
    await real.close()
    expect(read.size).toBeGreaterThan(150)
    for (const [i, text] of texts.entries()) {
      const object = read.get(`d${i}`)
      if (object !== undefined)
        expect({ seed, text, value: fieldOf(parseManifests(text, "x")[0]) }).toEqual({
          seed,
          text,
          value: fieldOf(object),
        })
    }
  })
})
