/** Virtual eXtensible Local Area Network (RFC 7348): an Ethernet frame behind eight bytes in UDP. */

export const LENGTH = 8
/** The port the IANA assigned. */
export const IANA_PORT = 4789
/** The Linux kernel's own default, which Flannel keeps. */
export const LINUX_PORT = 8472
/** Bytes VXLAN over IPv4 costs the inner MTU: IPv4 20, UDP 8, VXLAN 8 and the inner Ethernet header 14. */
export const IPV4_OVERHEAD = 50
/** The I flag: the VNI is valid. */
export const FLAG_VNI = 0x08

export const flags = (view: DataView, at: number): number => view.getUint8(at)
export const vni = (view: DataView, at: number): number => view.getUint32(at + 4) >>> 8

export function emit(view: DataView, at: number, vni: number): void {
  view.setUint32(at, 0x08000000)
  view.setUint32(at + 4, vni << 8)
}
