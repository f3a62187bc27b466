/** Linux's signals by number, as `kill -l` and `trap -l` list them. */

const NAMES: readonly string[] =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  )

/** `SIGTERM` for 15. */
export function signalName(number: number): string | undefined {
  if (number >= 34 && number <= 49) return `SIGRTMIN${number === 34 ? "" : `+${number - 34}`}`
  if (number >= 50 && number <= 64) return `SIGRTMAX${number === 64 ? "" : `-${64 - number}`}`
  const name = NAMES[number - 1]
  return name === undefined ? undefined : `SIG${name}`
}

/** 15 for `TERM`, `SIGTERM`, `term` and `15`. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return signalName(Number(text)) === undefined ? undefined : Number(text)
  const upper = text.toUpperCase()
  const at = NAMES.indexOf(upper.startsWith("SIG") ? upper.slice(3) : upper)
  return at < 0 ? undefined : at + 1
}

/** Five to a line. */
export function signalListing(): string {
  const all = Array.from({ length: 64 }, (_, i) => i + 1).filter((number) => signalName(number) !== undefined)
  return all
    .map(
      (number, i) =>
        `${String(number).padStart(2)}) ${signalName(number)}${i % 5 === 4 || i === all.length - 1 ? "\n" : "\t"}`,
    )
    .join("")
}
