/** Why a program drops a packet. Models pkg/monitor/api/drop.go: the code and the text that monitor and Hubble print. */
export const Drop = {
  INVALID_SIP: 132,
  POLICY: 133,
  INVALID: 134,
  CT_INVALID_HDR: 135,
  CT_UNKNOWN_PROTO: 137,
  UNKNOWN_L3: 139,
  UNROUTABLE: 151,
  CT_CREATE_FAILED: 155,
  NO_SERVICE: 158,
  UNKNOWN_CT: 163,
  UNSUPPORTED_L2: 166,
  ENCAP_PROHIBITED: 170,
  INVALID_IDENTITY: 171,
  FRAG_NOT_FOUND: 175,
  POLICY_DENY: 181,
  POLICY_AUTH_REQUIRED: 189,
  TTL_EXCEEDED: 196,
  EP_NOT_READY: 203,
} as const

const TEXTS: ReadonlyMap<number, string> = new Map([
  [132, "Invalid source ip"],
  [133, "Policy denied"],
  [134, "Invalid packet"],
  [135, "CT: Truncated or invalid header"],
  [137, "CT: Unknown L4 protocol"],
  [139, "Unsupported L3 protocol"],
  [151, "Stale or unroutable IP"],
  [155, "CT: Map insertion failed"],
  [158, "Service backend not found"],
  [163, "Unknown connection tracking state"],
  [166, "Unsupported L2 protocol"],
  [170, "Encapsulation traffic is prohibited"],
  [171, "Invalid identity"],
  [175, "First logical datagram fragment not found"],
  [181, "Policy denied by denylist"],
  [189, "Authentication required"],
  [196, "TTL exceeded"],
  [203, "Endpoint policy program not available"],
])

/** `Policy denied` for 133. */
export const dropText = (reason: number): string => TEXTS.get(reason) ?? String(reason)
