/** What a connection may be mapped to. Models struct nf_nat_range2. */

/** Which end of a packet is changed. Models enum nf_nat_manip_type. */
export const NatManip = { SRC: 0, DST: 1 } as const

export interface NatRange {
  /** NF_NAT_RANGE_MAP_IPS. */
  readonly mapAddresses: boolean
  readonly minAddress: number
  readonly maxAddress: number
  /** NF_NAT_RANGE_PROTO_SPECIFIED. */
  readonly mapPorts: boolean
  readonly minPort: number
  readonly maxPort: number
  /** NF_NAT_RANGE_PROTO_OFFSET: the port keeps its distance from this one; `undefined` without. */
  readonly basePort: number | undefined
  /** --random (PROTO_RANDOM) and --random-fully (PROTO_RANDOM_FULLY). */
  readonly random: boolean
  readonly persistent: boolean
}

export const ANY_RANGE: NatRange = {
  mapAddresses: false,
  minAddress: 0,
  maxAddress: 0,
  mapPorts: false,
  minPort: 0,
  maxPort: 0,
  basePort: undefined,
  random: false,
  persistent: false,
}
