/** Volumes of pods: emptyDir, hostPath, configMap, secret, projected, downwardAPI. Models pkg/volume. */
import type {
  ConfigMapVolumeSource,
  Container,
  KeyToPath,
  ProjectedVolumeSource,
  SecretVolumeSource,
  Volume,
} from "kubernetes-types/core/v1.js"
import type { Kernel } from "../../linux/kernel.ts"
import { Vfs } from "../../linux/task/vfs.ts"
import { fromBase64 } from "../api/defaults.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { Pod } from "../api/types.ts"
import type { Mount } from "../cri/container.ts"
import { podField } from "./env.ts"

/** Where a volume's content is. */
export interface MountedVolume {
  readonly fs: Vfs
  readonly path: string
}

export interface VolumeContext {
  readonly registry: Registry
  readonly kernel: Kernel
  readonly node: { name: string; ip: string }
}

const encoder = new TextEncoder()

/** All volumes of a pod by name, or the text of a FailedMount event. */
export function mountVolumes(context: VolumeContext, pod: Pod): Map<string, MountedVolume> | string {
  const mounted = new Map<string, MountedVolume>()
  for (const volume of pod.spec.volumes ?? []) {
    const result = mountVolume(context, pod, volume)
    if (typeof result === "string")
      return `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${result}`
    mounted.set(volume.name, result)
  }
  return mounted
}

function mountVolume(context: VolumeContext, pod: Pod, volume: Volume): MountedVolume | string {
  if (volume.hostPath !== undefined)
    return hostPath(context.kernel.root, volume.hostPath.path, volume.hostPath.type ?? "")
  const fs = new Vfs(context.kernel.sim)
  fs.mkdir("/volume")
  const at = { fs, path: "/volume" }
  const files = volumeFiles(context, pod, volume)
  if (typeof files === "string") return files
  for (const [name, data] of files) {
    const path = `/volume/${name}`
    fs.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true })
    fs.writeFile(path, data)
  }
  return at
}

function hostPath(root: Vfs, path: string, type: string): MountedVolume | string {
  const stat = root.stat(path)
  if (typeof stat !== "string") {
    if (type.startsWith("Directory") && stat.type !== "directory")
      return `hostPath type check failed: ${path} is not a directory`
    if (type.startsWith("File") && stat.type !== "file") return `hostPath type check failed: ${path} is not a file`
    return { fs: root, path }
  }
  if (type === "Directory" || type === "File")
    return `hostPath type check failed: ${path} is not a ${type.toLowerCase()}`
  if (type === "FileOrCreate") {
    root.mkdir(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true })
    root.writeFile(path, "")
  } else root.mkdir(path, { recursive: true })
  return { fs: root, path }
}

type Files = [name: string, data: Uint8Array][]

function volumeFiles(context: VolumeContext, pod: Pod, volume: Volume): Files | string {
  if (volume.configMap !== undefined) return configMapFiles(context, pod, volume.configMap)
  if (volume.secret !== undefined)
    return secretFiles(context, pod, { ...volume.secret, name: volume.secret.secretName ?? "" })
  if (volume.projected !== undefined) return projectedFiles(context, pod, volume.projected)
  if (volume.downwardAPI !== undefined) return downwardFiles(context, pod, volume.downwardAPI.items ?? [])
  return volume.emptyDir !== undefined
    ? []
    : `podwire does not support this kind of volume: ${Object.keys(volume)
        .filter((key) => key !== "name")
        .join(", ")}`
}

function chosen(
  data: Readonly<Record<string, Uint8Array>>,
  items: readonly KeyToPath[] | undefined,
  what: string,
): Files | string {
  if (items === undefined) return Object.entries(data)
  const files: Files = []
  for (const { key, path } of items) {
    const value = data[key]
    if (value === undefined) return `references non-existent ${what} key: ${key}`
    files.push([path, value])
  }
  return files
}

function configMapFiles({ registry }: VolumeContext, pod: Pod, source: ConfigMapVolumeSource): Files | string {
  const object = registry.get(registry.resource("configmaps"), pod.metadata.namespace, source.name ?? "")
  if (isStatus(object)) return source.optional === true ? [] : `configmap ${JSON.stringify(source.name)} not found`
  const data: Record<string, Uint8Array> = Object.fromEntries(
    Object.entries((object["data"] ?? {}) as Record<string, string>).map(([key, text]) => [key, encoder.encode(text)]),
  )
  for (const [key, text] of Object.entries((object["binaryData"] ?? {}) as Record<string, string>))
    data[key] = fromBase64(text) ?? new Uint8Array(0)
  return chosen(data, source.items, "config")
}

function secretFiles(
  { registry }: VolumeContext,
  pod: Pod,
  source: SecretVolumeSource & { name: string },
): Files | string {
  const object = registry.get(registry.resource("secrets"), pod.metadata.namespace, source.name)
  if (isStatus(object)) return source.optional === true ? [] : `secret ${JSON.stringify(source.name)} not found`
  const data = Object.fromEntries(
    Object.entries((object["data"] ?? {}) as Record<string, string>).map(([key, text]) => [
      key,
      fromBase64(text) ?? new Uint8Array(0),
    ]),
  )
  return chosen(data, source.items, "secret")
}

function downwardFiles(
  { node }: VolumeContext,
  pod: Pod,
  items: readonly { path: string; fieldRef?: { fieldPath: string } }[],
): Files {
  return items.map((item) => [
    item.path,
    encoder.encode(podField(pod, item.fieldRef?.fieldPath ?? "", node, pod.status.podIP ?? "")),
  ])
}

function projectedFiles(context: VolumeContext, pod: Pod, source: ProjectedVolumeSource): Files | string {
  const files: Files = []
  for (const part of source.sources ?? []) {
    let more: Files | string = []
    if (part.configMap !== undefined) more = configMapFiles(context, pod, part.configMap as ConfigMapVolumeSource)
    else if (part.secret !== undefined)
      more = secretFiles(context, pod, { ...part.secret, name: part.secret.name ?? "" } as SecretVolumeSource & {
        name: string
      })
    else if (part.downwardAPI !== undefined) more = downwardFiles(context, pod, part.downwardAPI.items ?? [])
    else if (part.serviceAccountToken !== undefined)
      more = [
        [
          part.serviceAccountToken.path,
          encoder.encode(`podwire.${pod.metadata.namespace}.${pod.spec.serviceAccountName}`),
        ],
      ]
    if (typeof more === "string") return more
    files.push(...more)
  }
  return files
}

/** The mounts of one container; the text of an error when a subPath leads nowhere. */
export function containerMounts(container: Container, volumes: ReadonlyMap<string, MountedVolume>): Mount[] {
  return (container.volumeMounts ?? []).flatMap((mount) => {
    const volume = volumes.get(mount.name)
    if (volume === undefined) return []
    const sourcePath = (mount.subPath ?? "") === "" ? volume.path : `${volume.path}/${mount.subPath}`
    if (!volume.fs.exists(sourcePath)) volume.fs.mkdir(sourcePath, { recursive: true })
    return [{ path: mount.mountPath.replace(/\/+$/, "") || "/", source: volume.fs, sourcePath }]
  })
}
