/** Security identities that programs know by number. Models pkg/identity/numericidentity.go. */
export const Identity = {
  UNKNOWN: 0,
  HOST: 1,
  WORLD: 2,
  UNMANAGED: 3,
  HEALTH: 4,
  INIT: 5,
  REMOTE_NODE: 6,
  KUBE_APISERVER: 7,
  INGRESS: 8,
} as const

/** The bits of a local identity that say it stands for a single remote node (nodeSelectorLabels). */
const SCOPE_MASK = 0xff000000
const SCOPE_REMOTE_NODE = 0x02000000

export const isRemoteNode = (identity: number): boolean =>
  identity === Identity.REMOTE_NODE ||
  identity === Identity.KUBE_APISERVER ||
  (identity & SCOPE_MASK) === SCOPE_REMOTE_NODE

/** True for identities that a source address may still refine. Models bpf/lib/identity.h identity_is_reserved. */
export const isReserved = (identity: number): boolean => identity < Identity.UNMANAGED || isRemoteNode(identity)
