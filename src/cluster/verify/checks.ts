/** A report made of single checks, for the tests that are not about pairs. */
import { type Answer, type CaseReport, type Method, noCounts, type TestCase } from "./answer.ts"

export class Checks {
  readonly #case: TestCase
  readonly #method: Method
  readonly #answers: Answer[] = []
  readonly #notes: string[] = []
  readonly #ambiguous: Record<number, number> = {}

  constructor(test: TestCase, method: Method) {
    this.#case = test
    this.#method = method
  }

  /** Is it as expected? */
  check(subject: string, expected: string, got: string): void {
    this.#answers.push({ subject, method: this.#method, expected, got, ok: expected === got })
  }

  /** Implementations differ here; the number is that of the list. */
  ambiguous(number: number): void {
    this.#ambiguous[number] = (this.#ambiguous[number] ?? 0) + 1
  }

  note(text: string): void {
    this.#notes.push(text)
  }

  report(): CaseReport {
    return {
      case: this.#case,
      method: this.#method,
      counts: { ...noCounts(), checks: this.#answers.length },
      failures: this.#answers.filter(({ ok }) => !ok),
      answers: this.#answers,
      notes: this.#notes,
      ambiguous: this.#ambiguous,
    }
  }
}
