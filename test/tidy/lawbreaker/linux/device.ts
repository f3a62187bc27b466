// Breaks the law on purpose: upwards, Node, and a cycle.
import { readFileSync } from "node:fs"
import { kubelet } from "../kube/kubelet.ts"
import { other } from "./other.ts"

export interface Device {
  name: string
}
export const device: unknown = [readFileSync, kubelet, other]
