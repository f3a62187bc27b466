/** A captured frame. */
export interface Frame {
  /** Seconds since 1970. */
  seconds: number
  /** 0 to 999,999,999. */
  nanos: number
  /** The captured bytes. */
  bytes: Uint8Array
  /** The frame's own length, which the bytes may fall short of. */
  length: number
  /** Where it was seen, when the capture says so. */
  interface?: string
  /** "In", "Out", "B" (broadcast), "M" (multicast), "P" (for another host). */
  direction?: string
  /** A note, as pcapng carries. */
  comment?: string
}

/** Link types of the tcpdump.org registry. */
export const LinkType = { ETHERNET: 1, RAW: 101, IPV4: 228, LINUX_SLL2: 276 } as const
