/** Containers and volumes in descriptions. Models kubectl/pkg/describe/describe.go describeContainers, describeVolumes. */
import type { Container, ContainerState, ContainerStatus, EnvVar, Probe, Volume } from "kubernetes-types/core/v1.js"
import type { Pod } from "../../../kube/api/types.ts"
import { podField } from "../../../kube/kubelet/env.ts"
import { longTime } from "./common.ts"
import type { Lines } from "./lines.ts"

const orNone = (text: string): string => (text === "" ? "<none>" : text)
const yes = (value: boolean | undefined): string => (value === true ? "True" : "False")

export function containerLines(
  lines: Lines,
  title: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  pod?: Pod,
): void {
  // Without a pod it is a template, which stands one level further in.
  lines.add(pod === undefined ? 1 : 0, `${title}:`)
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name)
    lines.add(1, `${pod === undefined ? " " : ""}${container.name}:`)
    basics(lines, container, status)
    commandLines(lines, "Command", container.command)
    commandLines(lines, "Args", container.args)
    if (status !== undefined) states(lines, status)
    resources(lines, "Limits", container.resources?.limits)
    resources(lines, "Requests", container.resources?.requests)
    probe(lines, "Liveness", container.livenessProbe)
    probe(lines, "Readiness", container.readinessProbe)
    probe(lines, "Startup", container.startupProbe)
    environment(lines, container, pod)
    mounts(lines, container)
  }
}

function basics(lines: Lines, container: Container, status: ContainerStatus | undefined): void {
  if (status !== undefined) lines.add(2, `Container ID:\t${status.containerID ?? ""}`)
  lines.add(2, `Image:\t${container.image ?? ""}`)
  if (status !== undefined) lines.add(2, `Image ID:\t${status.imageID}`)
  const ports = container.ports ?? []
  const list = (pick: (port: (typeof ports)[number]) => number): string =>
    ports.map((port) => `${pick(port)}/${port.protocol ?? "TCP"}`).join(", ")
  const plural = ports.length > 1 ? "s" : ""
  lines.add(2, `Port${plural}:\t${orNone(list((port) => port.containerPort))}`)
  lines.add(2, `Host Port${plural}:\t${orNone(list((port) => port.hostPort ?? 0))}`)
}

function commandLines(lines: Lines, title: string, words: readonly string[] | undefined): void {
  if (words === undefined || words.length === 0) return
  lines.add(2, `${title}:`)
  for (const word of words) for (const line of word.split("\n")) lines.add(3, line)
}

function states(lines: Lines, status: ContainerStatus): void {
  state(lines, "State", status.state ?? {})
  if (status.lastState?.terminated !== undefined) state(lines, "Last State", status.lastState)
  lines.add(2, `Ready:\t${yes(status.ready)}`)
  lines.add(2, `Restart Count:\t${status.restartCount}`)
}

function state(lines: Lines, title: string, { running, waiting, terminated }: ContainerState): void {
  if (running !== undefined) {
    lines.add(2, `${title}:\tRunning`)
    lines.add(3, `Started:\t${longTime(running.startedAt)}`)
  } else if (terminated !== undefined) {
    lines.add(2, `${title}:\tTerminated`)
    if (terminated.reason) lines.add(3, `Reason:\t${terminated.reason}`)
    if (terminated.message) lines.add(3, `Message:\t${terminated.message}`)
    lines.add(3, `Exit Code:\t${terminated.exitCode}`)
    if ((terminated.signal ?? 0) > 0) lines.add(3, `Signal:\t${terminated.signal}`)
    lines.add(3, `Started:\t${longTime(terminated.startedAt)}`)
    lines.add(3, `Finished:\t${longTime(terminated.finishedAt)}`)
  } else {
    lines.add(2, `${title}:\tWaiting`)
    if (waiting?.reason) lines.add(3, `Reason:\t${waiting.reason}`)
  }
}

function resources(lines: Lines, title: string, values: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(values ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length > 0) lines.add(2, `${title}:`)
  for (const [name, value] of entries) lines.add(3, `${name}:\t${value}`)
}

function probe(lines: Lines, title: string, spec: Probe | undefined): void {
  if (spec === undefined) return
  const times = `delay=${spec.initialDelaySeconds ?? 0}s timeout=${spec.timeoutSeconds ?? 1}s period=${spec.periodSeconds ?? 10}s #success=${spec.successThreshold ?? 1} #failure=${spec.failureThreshold ?? 3}`
  const { exec, httpGet, tcpSocket } = spec
  const what =
    exec !== undefined
      ? `exec [${(exec.command ?? []).join(" ")}]`
      : httpGet !== undefined
        ? `http-get ${(httpGet.scheme ?? "HTTP").toLowerCase()}://${httpGet.host ?? ""}:${httpGet.port}${httpGet.path ?? ""}`
        : `tcp-socket ${tcpSocket?.host ?? ""}:${tcpSocket?.port}`
  lines.add(2, `${title}:\t${what} ${times}`)
}

function environment(lines: Lines, container: Container, pod: Pod | undefined): void {
  const from = container.envFrom ?? []
  if (from.length > 0) lines.add(2, "Environment Variables from:")
  for (const { prefix, configMapRef, secretRef } of from) {
    const ref = configMapRef ?? secretRef
    const kind = configMapRef === undefined ? "Secret" : "ConfigMap"
    const note = prefix ? ` with prefix '${prefix}'` : ""
    lines.add(3, `${ref?.name ?? ""}\t${kind}${note}\tOptional: ${ref?.optional ?? false}`)
  }
  const env = container.env ?? []
  lines.add(2, `Environment:${env.length === 0 ? "\t<none>" : ""}`)
  for (const variable of env) variableLines(lines, variable, pod)
}

function variableLines(lines: Lines, { name, value, valueFrom }: EnvVar, pod: Pod | undefined): void {
  if (valueFrom === undefined) {
    for (const [i, line] of (value ?? "").split("\n").entries()) lines.add(3, `${i === 0 ? `${name}:` : ""}\t${line}`)
    return
  }
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom
  if (fieldRef !== undefined) {
    const node = { name: pod?.spec.nodeName ?? "", ip: pod?.status.hostIP ?? "" }
    const found =
      pod === undefined || !/^metadata\./.test(fieldRef.fieldPath) ? "" : podField(pod, fieldRef.fieldPath, node, "")
    lines.add(3, `${name}:\t${found} (${fieldRef.apiVersion ?? "v1"}:${fieldRef.fieldPath})`)
  } else if (secretKeyRef !== undefined)
    lines.add(
      3,
      `${name}:\t<set to the key '${secretKeyRef.key}' in secret '${secretKeyRef.name}'>\tOptional: ${secretKeyRef.optional ?? false}`,
    )
  else if (configMapKeyRef !== undefined)
    lines.add(
      3,
      `${name}:\t<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name}'>\tOptional: ${configMapKeyRef.optional ?? false}`,
    )
  else lines.add(3, `${name}:\t (${resourceFieldRef?.resource ?? ""})`)
}

function mounts(lines: Lines, container: Container): void {
  const all = (container.volumeMounts ?? []).toSorted((a, b) => (a.mountPath < b.mountPath ? -1 : 1))
  lines.add(2, `Mounts:${all.length === 0 ? "\t<none>" : ""}`)
  for (const { mountPath, name, readOnly, subPath } of all) {
    const flags = [readOnly === true ? "ro" : "rw", ...(subPath ? [`path=${JSON.stringify(subPath)}`] : [])]
    lines.add(3, `${mountPath} from ${name} (${flags.join(",")})`)
  }
}

const unset = (value: unknown): string => (value === undefined ? "<nil>" : String(value))

export function volumeLines(lines: Lines, volumes: readonly Volume[], inTemplate = false): void {
  const level = inTemplate ? 1 : 0
  if (volumes.length === 0) {
    lines.add(level, "Volumes:\t<none>")
    return
  }
  lines.add(level, "Volumes:")
  for (const volume of volumes) {
    lines.add(1, `${inTemplate ? " " : ""}${volume.name}:`)
    for (const line of volumeSource(volume)) lines.add(2, line)
  }
}

function volumeSource({ hostPath, emptyDir, configMap, secret, projected, downwardAPI }: Volume): string[] {
  if (hostPath !== undefined)
    return [
      "Type:\tHostPath (bare host directory volume)",
      `Path:\t${hostPath.path}`,
      `HostPathType:\t${hostPath.type ?? ""}`,
    ]
  if (emptyDir !== undefined)
    return [
      "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
      `Medium:\t${emptyDir.medium ?? ""}`,
      `SizeLimit:\t${emptyDir.sizeLimit ?? "<unset>"}`,
    ]
  if (configMap !== undefined)
    return [
      "Type:\tConfigMap (a volume populated by a ConfigMap)",
      `Name:\t${configMap.name ?? ""}`,
      `Optional:\t${configMap.optional ?? false}`,
    ]
  if (secret !== undefined)
    return [
      "Type:\tSecret (a volume populated by a Secret)",
      `SecretName:\t${secret.secretName ?? ""}`,
      `Optional:\t${secret.optional ?? false}`,
    ]
  if (projected !== undefined)
    return [
      "Type:\tProjected (a volume that contains injected data from multiple sources)",
      ...(projected.sources ?? []).flatMap((source) => {
        if (source.secret !== undefined)
          return [`SecretName:\t${source.secret.name ?? ""}`, `SecretOptionalName:\t${unset(source.secret.optional)}`]
        if (source.downwardAPI !== undefined) return ["DownwardAPI:\ttrue"]
        if (source.configMap !== undefined)
          return [
            `ConfigMapName:\t${source.configMap.name ?? ""}`,
            `ConfigMapOptional:\t${unset(source.configMap.optional)}`,
          ]
        return [`TokenExpirationSeconds:\t${source.serviceAccountToken?.expirationSeconds ?? 0}`]
      }),
    ]
  if (downwardAPI !== undefined)
    return [
      "Type:\tDownwardAPI (a volume populated by information about the pod)",
      "Items:",
      ...(downwardAPI.items ?? []).map(({ path, fieldRef }) => `  ${fieldRef?.fieldPath ?? ""} -> ${path}`),
    ]
  return ["<unknown>"]
}
