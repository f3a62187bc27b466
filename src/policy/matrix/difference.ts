/** What two sets of policies make of the same pods, and what a set could do without. */
import { originKey, type Rule } from "../rule.ts"
import type { FlowPort } from "../verdict.ts"
import { type BitRow, sameRow } from "./bit-row.ts"
import type { Effect, MatrixVerdict, ReachabilityMatrix } from "./matrix.ts"
import { representativePorts } from "./ports.ts"

/** Pairs of pods whose verdict on a port is another one; pods that no rule tells apart are told of once. */
export interface Change {
  /** One of the pairs: a packet that shows it. */
  readonly from: string
  readonly to: string
  readonly port: FlowPort
  readonly before: MatrixVerdict
  readonly after: MatrixVerdict
  /** How many pairs of pods it is about. */
  readonly pairs: number
}

/**
 * Both matrices are of the same pods, each built with the other's rules among `others`. A pair of classes costs some bit tests a port: fit for
 * some thousand classes.
 *
 * @param ports (those at which anything can change)
 */
export function differences(
  before: ReachabilityMatrix,
  after: ReachabilityMatrix,
  ports: readonly FlowPort[] = representativePorts([...before.rules, ...after.rules], before.classes.pods),
): Change[] {
  const { classes } = before
  if (after.classes.count !== classes.count || after.classes.pods.length !== classes.pods.length)
    throw new RangeError("the two matrices are not of the same pods, told apart by the same rules")
  const changes: Change[] = []
  for (const port of ports)
    for (let a = 0; a < classes.count; a++)
      for (let b = 0; b < classes.count; b++) {
        const [one, other] = pairOf(before, a, b)
        if (one === undefined || other === undefined) continue
        const old = before.verdictOfClasses(a, b, port)
        const now = after.verdictOfClasses(a, b, port)
        if (old === now) continue
        const size = (id: number): number => classes.sizes[id] as number
        const pairs = a === b ? size(a) * (size(a) - 1) : size(a) * size(b)
        changes.push({ from: one, to: other, port, before: old, after: now, pairs })
      }
  return changes
}

/** Two different pods of two classes, by name; nothing for a class of one with itself. */
function pairOf({ classes }: ReachabilityMatrix, a: number, b: number): [string?, string?] {
  const from = classes.example[a] as number
  let to = classes.example[b] as number
  if (a === b) to = classes.of.findIndex((id, pod) => id === a && pod !== from)
  return to < 0 ? [] : [classes.pods[from]?.name ?? "", classes.pods[to]?.name ?? ""]
}

/**
 * Objects without which everybody would have the same verdict on every port, by `originKey`; each taken away alone. Those are never among them
 * whose effect is not all in verdicts between the matrix's members: requests that a proxy judges, addresses, names, machines.
 */
export function redundant(matrix: ReachabilityMatrix): string[] {
  const { rules } = matrix
  const ports = representativePorts(rules, matrix.classes.pods)
  const byObject = Map.groupBy(rules, ({ ref }) => originKey(ref.origin))
  return [...byObject].flatMap(([key, own]) => (changesNothing(matrix, key, own, ports) ? key : [])).sort()
}

function changesNothing(
  matrix: ReachabilityMatrix,
  key: string,
  own: readonly Rule[],
  ports: readonly FlowPort[],
): boolean {
  if (own.some(hasMoreToSay)) return false
  const classes = matrix.selectedBy(key)
  const before = matrix.effects(classes, ports)
  matrix.update(key, [])
  const after = matrix.effects(classes, ports)
  matrix.update(key, own)
  return before.every((effect, i) => sameEffect(effect, after[i] as Effect))
}

const sameEffect = (a: Effect, b: Effect): boolean =>
  a.isolated === b.isolated && sameRow(a.allow, b.allow) && sameL7(a.l7, b.l7)

const sameL7 = (a: BitRow | undefined, b: BitRow | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameRow(a, b)

const hasMoreToSay = ({ node, entries }: Rule): boolean =>
  node ||
  entries.some(
    ({ peers = [], ports = [] }) =>
      peers.some(({ cidr, fqdn }) => cidr !== undefined || fqdn !== undefined) ||
      ports.some(
        ({ l7, serverNames, listener }) => l7 !== undefined || serverNames !== undefined || listener !== undefined,
      ),
  )
