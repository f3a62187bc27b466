/** What Ctrl-C at a terminal reaches. */
import type { Process } from "./process.ts"

/** These and what they started, jobs with `&` apart; innermost first: a shell decides by its children. */
export function foregroundOf(programs: Iterable<Process>): Process[] {
  const found = new Set<Process>()
  const visit = (proc: Process): void => {
    if (inBackground(proc)) return
    for (const child of proc.children) if (child.status === undefined) visit(child)
    found.add(proc)
  }
  for (const proc of programs) visit(proc)
  return [...found].sort((a, b) => depth(b) - depth(a))
}

/** A job that a shell started with `&`, or a part of one. */
function inBackground(proc: Process): boolean {
  const { parent } = proc
  return parent !== undefined && (proc.group !== parent.group || inBackground(parent))
}

const depth = (proc: Process): number => (proc.parent === undefined ? 0 : 1 + depth(proc.parent))
