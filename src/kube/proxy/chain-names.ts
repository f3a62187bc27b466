/** Names of chains: long ones are hashed, since a name has 28 characters. Models pkg/proxy/iptables/proxier.go portProtoHash. */
import { sha256 } from "../../linux/crypto/sha256.ts"

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const encoder = new TextEncoder()

/** The first 16 letters of a hash in base32: 80 bits. */
function hash(text: string): string {
  const bits = BigInt(`0x${sha256(encoder.encode(text)).slice(0, 20)}`)
  let name = ""
  for (let shift = 75n; shift >= 0n; shift -= 5n) name += BASE32[Number((bits >> shift) & 31n)]
  return name
}

/** @param service `namespace/name:port`, or without `:port` when the port has no name */
export const serviceHash = (service: string, protocol: string): string => hash(service + protocol)
export const endpointHash = (service: string, protocol: string, endpoint: string): string =>
  hash(service + protocol + endpoint)
