/** What the options of tcpdump ask for. */
export interface PrintOptions {
  /** -n given: ports and makers as numbers. */
  numeric?: boolean
  /** -e */
  linkHeader?: boolean
  /** -v, -vv, -vvv: 0 to 3. */
  verbose?: number
  /** -q */
  quiet?: boolean
  /** -S */
  absolute?: boolean
  /** -K: checksums are not looked at. */
  unchecked?: boolean
  /** How often -t was given: 0 to 5. */
  time?: number
  /** --nano */
  nano?: boolean
  /** -x, -xx, -X, -XX, -A, -AA */
  hex?: "x" | "xx" | "X" | "XX" | "A" | "AA"
  /** -T vxlan */
  tunnel?: "vxlan"
  /** -# */
  number?: boolean
  /** Names devices of a cooked capture (`any`) by their index. */
  deviceName?: (ifindex: number) => string | undefined
}

/** Whether -q, -x or -X keep unknown payloads from being dumped. */
export const suppressDump = (options: PrintOptions): boolean =>
  options.quiet === true || (options.hex !== undefined && !options.hex.startsWith("A"))
