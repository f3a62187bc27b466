/** What programs and proxies write on packets between their hooks. Models bpf/lib/common.h MARK_MAGIC_*. */

/** The bits that say which of them it is. */
export const MARK_HOST_MASK = 0x0f00
export const Mark = {
  /** The upper half is the proxy's port, in network byte order. */
  TO_PROXY: 0x0200,
  SNAT_DONE: 0x0300,
  OVERLAY: 0x0400,
  /** Kept away from the TPROXY rules. */
  SKIP_TPROXY: 0x0800,
  PROXY_INGRESS: 0x0a00,
  PROXY_EGRESS: 0x0b00,
  HOST: 0x0c00,
  IDENTITY: 0x0f00,
} as const

/** The mark that carries an identity: its low 16 bits in the upper half, the cluster in the lowest byte. Models set_identity_mark. */
export const identityMark = (identity: number, magic: number): number =>
  (((identity & 0xffff) << 16) | ((identity >>> 16) & 0xff) | magic) >>> 0

/** Models get_identity. */
export const markIdentity = (mark: number): number => ((mark & 0xff) << 16) | (mark >>> 16)

/** The mark of a packet on its way to a proxy: iptables matches it whole. */
export const proxyMark = (port: number): number => ((swap16(port) << 16) | Mark.TO_PROXY) >>> 0

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >>> 8)
