/** Who may talk to whom on one port, by policy: every pair of pods. */
import { printable } from "../../shell/exec-result.ts"
import type { MatrixCell, MatrixVerdict } from "../../view/matrix.ts"

/** The answer of `cluster.reachability`. Prints as a grid; its {@link cells} are what `matrix()` draws. */
export class Reachability {
  /** `80/TCP`. */
  readonly port: string
  /** Pods, `namespace/name` outside of default. */
  readonly pods: readonly string[]
  readonly cells: readonly MatrixCell[]

  constructor(port: string, pods: readonly string[], cells: readonly MatrixCell[]) {
    this.port = port
    this.pods = pods
    this.cells = cells
  }

  /** The verdict of a pair. */
  get(from: string, to: string): MatrixVerdict {
    return this.cells.find((cell) => cell.from === from && cell.to === to)?.verdict ?? "none"
  }

  /** The same with what each pair was in `before`: what `matrix()` marks, and what {@link changes} lists. */
  since(before: Reachability): Reachability {
    const cells = this.cells.map((cell) => ({ ...cell, before: before.get(cell.from, cell.to) }))
    return new Reachability(this.port, this.pods, cells)
  }

  /** The pairs that are not what they were; empty without {@link since}. */
  get changes(): readonly MatrixCell[] {
    return this.cells.filter(({ verdict, before }) => before !== undefined && before !== verdict)
  }

  toString(): string {
    const marks = { allow: ".", deny: "X", l7: "7", none: "-" } as const
    const left = Math.max(this.port.length, ...this.pods.map((name) => name.length))
    const head = `${this.port.padEnd(left)}  ${this.pods.join("  ")}`
    const rows = this.pods.map((from) =>
      `${from.padEnd(left)}  ${this.pods.map((to) => marks[this.get(from, to)].padEnd(to.length)).join("  ")}`.trimEnd(),
    )
    return [head, ...rows].join("\n")
  }
}

printable(Reachability, (reachability) => reachability.toString())
