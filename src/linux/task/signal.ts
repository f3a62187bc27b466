/** Signals podwire delivers, by number (x86-64). */
export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
} as const
export type Signal = keyof typeof Signal

/** What the shell prints when a job ends by it. */
export const SIGNAL_TEXT: Readonly<Record<Signal, string>> = {
  SIGHUP: "Hangup",
  SIGINT: "Interrupt",
  SIGQUIT: "Quit",
  SIGKILL: "Killed",
  SIGUSR1: "User defined signal 1",
  SIGUSR2: "User defined signal 2",
  SIGPIPE: "Broken pipe",
  SIGALRM: "Alarm clock",
  SIGTERM: "Terminated",
  SIGCHLD: "Child exited",
  SIGCONT: "Continued",
}

/** `TERM`, `SIGTERM` and `15` alike. */
export function parseSignal(text: string): Signal | undefined {
  const upper = text.toUpperCase()
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`
  if (name in Signal) return name as Signal
  for (const [known, number] of Object.entries(Signal)) if (String(number) === text) return known as Signal
  return undefined
}
