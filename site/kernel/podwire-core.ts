/** What most cells import of podwire, without the figures: a first run loads less. */
import { cilium, createCluster, flannel, VERSIONS } from "podwire"

export const CORE: object = { cilium, createCluster, flannel, VERSIONS }
