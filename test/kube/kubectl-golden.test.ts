/** podwire's own kubectl, in the simulated shell, prints what the real one printed against the same API: the same text, the same exit code. */
import { beforeAll, describe, expect, test } from "vitest"
import { type GoldenBlock, readGolden } from "../support/golden.ts"
import { type Answer, askOwn, GOLDEN_FOLDER, readPlan } from "../support/kubectl-plan.ts"
import { normaliseKubectl } from "../support/normalise.ts"

for (const group of readPlan())
  describe(`kubectl ${group.name}`, () => {
    const golden = readGolden(`${GOLDEN_FOLDER}/${group.name}.txt`)
    let answers: Answer[] = []

    beforeAll(async () => {
      answers = await askOwn(group)
    })

    test("the recording is of this plan", () => {
      expect(golden.map(({ command }) => command)).toEqual(group.steps.map(({ command }) => command))
    })

    for (const [i, step] of group.steps.entries())
      test(`${i + 1}: ${step.command}`, () => {
        const { output, code } = answers[i] as Answer
        if (step.refused) {
          expect(output).toMatch(/podwire's kubectl (does not|cannot)/)
          expect(code).not.toBe(0)
        } else {
          const { output: recorded, code: recordedCode } = golden[i] as GoldenBlock
          expect(normaliseKubectl(output)).toBe(normaliseKubectl(recorded))
          expect(code).toBe(recordedCode)
        }
      })
  })
