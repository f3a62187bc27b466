import type { Errno } from "../errno.ts"

/** What the kernel answers when it refuses: an errno and, where it has one, a sentence (netlink extended ack). */
export interface NetlinkError {
  readonly errno: Errno
  /** Shown by iproute2 as `Error: <message>`; without one it prints `RTNETLINK answers: <strerror>`. */
  readonly message?: string
}

export function refuse(errno: Errno, message?: string): NetlinkError {
  return message === undefined ? { errno } : { errno, message }
}
