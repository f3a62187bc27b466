/** Who may talk to whom on one port, by policy: every pair of pods. */
import { printable } from "../../shell/exec-result.ts"
import type { MatrixCell, MatrixVerdict } from "../../view/matrix.ts"

/** What the cluster's policies as a whole are good for, on all ports. */
export interface Findings {
  readonly redundant: readonly string[]
  readonly unselected: readonly string[]
  readonly conflicts: ReadonlyMap<string, string>
}

/** The answer of `cluster.reachability`. Prints as a grid; its {@link cells} are what `matrix()` draws. */
export class Reachability {
  /** `80/TCP`. */
  readonly port: string
  /** Pods, `namespace/name` outside of default. */
  readonly pods: readonly string[]
  readonly cells: readonly MatrixCell[]
  readonly #findings: Findings

  constructor(port: string, pods: readonly string[], cells: readonly MatrixCell[], findings: Findings) {
    this.port = port
    this.pods = pods
    this.cells = cells
    this.#findings = findings
  }

  /**
   * Policies without which every verdict would be the same, on this port and on all others, each taken away alone:
   * `NetworkPolicy default/allow-client`. Policies with L7 rules, addresses or names are never called redundant.
   */
  get redundant(): readonly string[] {
    return this.#findings.redundant
  }

  /** Pods of any namespace that no policy selects. */
  get unselected(): readonly string[] {
    return this.#findings.unselected
  }

  /**
   * Pods whose rules cannot be merged, and why. Their agent keeps the policy that they had before, so the rules alone do not say who reaches
   * them, or whom they reach: these pairs have the verdict `none`, and a `?` in print.
   */
  get conflicts(): ReadonlyMap<string, string> {
    return this.#findings.conflicts
  }

  /** The verdict of a pair. */
  get(from: string, to: string): MatrixVerdict {
    const row = this.pods.indexOf(from)
    const column = this.pods.indexOf(to)
    return row < 0 || column < 0 ? "none" : (this.cells[row * this.pods.length + column]?.verdict ?? "none")
  }

  /** The same with what each pair was in `before`: what `matrix()` marks, and what {@link changes} lists. */
  since(before: Reachability): Reachability {
    const cells = this.cells.map((cell): MatrixCell => {
      if (cell.verdict === "none") return cell
      const { from, to, verdict } = cell
      return {
        from,
        to,
        verdict,
        before: before.get(from, to),
        get reason() {
          return cell.reason ?? ""
        },
      }
    })
    return new Reachability(this.port, this.pods, cells, this.#findings)
  }

  /** The pairs that are not what they were, each a packet that shows it; empty without {@link since}. */
  get changes(): readonly MatrixCell[] {
    return this.cells.filter(({ verdict, before }) => before !== undefined && before !== verdict)
  }

  toString(): string {
    const marks = { allow: ".", deny: "X", l7: "7", none: "-" } as const
    const left = Math.max(this.port.length, ...this.pods.map((name) => name.length))
    const head = `${this.port.padEnd(left)}  ${this.pods.join("  ")}`
    const { conflicts } = this
    const mark = (from: string, to: string): string =>
      from !== to && (conflicts.has(from) || conflicts.has(to)) ? "?" : marks[this.get(from, to)]
    const rows = this.pods.map((from) =>
      `${from.padEnd(left)}  ${this.pods.map((to) => mark(from, to).padEnd(to.length)).join("  ")}`.trimEnd(),
    )
    return [head, ...rows, ...[...conflicts].map(([pod, why]) => `? ${pod}: ${why}`)].join("\n")
  }
}

printable(Reachability, (reachability) => reachability.toString())
