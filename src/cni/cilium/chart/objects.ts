/** Words the chart's objects have in common. */
import type { Manifest } from "../../../kube/api/types.ts"
import { NAMESPACE } from "./release.ts"

export const PART_OF: Readonly<Record<string, string>> = { "app.kubernetes.io/part-of": "cilium" }

export const fieldEnv = (name: string, fieldPath: string): object => ({
  name,
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
})

/** The environment of everything that talks to the API. */
export const NODE_ENV: readonly object[] = [
  fieldEnv("K8S_NODE_NAME", "spec.nodeName"),
  fieldEnv("CILIUM_K8S_NAMESPACE", "metadata.namespace"),
]

export const configEnv = (name: string, key: string): object => ({
  name,
  valueFrom: { configMapKeyRef: { name: "cilium-config", key, optional: true } },
})

export const hostVolume = (name: string, path: string, type?: string): object => ({
  name,
  hostPath: { path, ...(type === undefined ? {} : { type }) },
})

export const DIRECTORY = "DirectoryOrCreate"

/** SELinux level and capabilities of a container. */
export const security = (add: readonly string[]): object => ({
  seLinuxOptions: { level: "s0", type: "spc_t" },
  capabilities: { ...(add.length === 0 ? {} : { add }), drop: ["ALL"] },
})

export function serviceAccount(name: string, automount?: boolean): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: NAMESPACE },
    ...(automount === undefined ? {} : { automountServiceAccountToken: automount }),
  }
}

/** One affinity term: with, or apart from, the pods of these labels on a node. */
export const onNodeOf = (matchLabels: Readonly<Record<string, string>>): object => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { labelSelector: { matchLabels }, topologyKey: "kubernetes.io/hostname" },
  ],
})

export const probeOf = (port: number, path: string, more: object): object => ({
  httpGet: { host: "127.0.0.1", path, port, scheme: "HTTP" },
  ...more,
})
