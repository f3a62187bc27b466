/** The status of a pod from the states of its containers. Models pkg/kubelet/status/generate.go and kubelet_pods.go getPhase. */
import type { ContainerState, ContainerStatus, PodCondition, PodStatus } from "kubernetes-types/core/v1.js"
import type { Pod } from "../api/types.ts"

/** What a container's runner knows. */
export interface ContainerRecord {
  readonly name: string
  readonly image: string
  readonly status: {
    containerID: string
    image: string
    imageID: string
    state: ContainerState
    lastState: ContainerState
    ready: boolean
    started: boolean
    restartCount: number
  }
}

export interface PodRecord {
  readonly pod: Pod
  readonly inits: readonly ContainerRecord[]
  readonly containers: readonly ContainerRecord[]
  readonly hostIp: string
  readonly podIp: string
  readonly startTime: string
  readonly sandboxReady: boolean
}

export function podStatus(record: PodRecord, now: string): PodStatus {
  const { pod, inits, containers, podIp, hostIp } = record
  const phase = podPhase(record)
  return {
    ...pod.status,
    phase,
    conditions: conditions(record, phase, now),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp === "" ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: record.startTime,
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits.map((init) => containerStatus(pod, init)) }),
    containerStatuses: containers
      .map((container) => containerStatus(pod, container))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function containerStatus(pod: Pod, record: ContainerRecord): ContainerStatus {
  const { containerID, ...rest } = record.status
  const spec = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (container) => container.name === record.name,
  )
  const mounts = (spec?.volumeMounts ?? []).map((mount) => ({
    mountPath: mount.mountPath,
    name: mount.name,
    ...(mount.readOnly === true ? { readOnly: true, recursiveReadOnly: "Disabled" } : {}),
  }))
  // volumeMounts came with 1.31; kubernetes-types is at 1.30.
  const more: Record<string, unknown> = mounts.length === 0 ? {} : { volumeMounts: mounts }
  return { ...(containerID === "" ? {} : { containerID }), ...rest, ...more, name: record.name }
}

const exitCodes = (records: readonly ContainerRecord[]): number[] =>
  records.flatMap(({ status }) => (status.state.terminated === undefined ? [] : [status.state.terminated.exitCode]))

function podPhase({ pod, inits, containers }: PodRecord): string {
  const policy = pod.spec.restartPolicy ?? "Always"
  if (policy === "Never" && exitCodes(inits).some((code) => code !== 0)) return "Failed"
  if (!initialized(inits)) return "Pending"
  const ended = exitCodes(containers)
  if (containers.length > 0 && ended.length === containers.length && policy !== "Always") {
    if (ended.every((code) => code === 0)) return "Succeeded"
    if (policy === "Never") return "Failed"
  }
  const unborn = ({ status }: ContainerRecord): boolean =>
    status.state.waiting !== undefined && status.lastState.terminated === undefined
  return containers.some(unborn) ? "Pending" : "Running"
}

const initialized = (inits: readonly ContainerRecord[]): boolean =>
  inits.every(({ status }) => status.state.terminated?.exitCode === 0)

function conditions(record: PodRecord, phase: string, now: string): PodCondition[] {
  const old = record.pod.status.conditions ?? []
  const make = (type: string, status: boolean, reason = "", message = ""): PodCondition => {
    const before = old.find((condition) => condition.type === type)
    const text = status ? "True" : "False"
    return {
      type,
      status: text,
      lastProbeTime: null as unknown as string,
      lastTransitionTime:
        before?.status === text && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now,
      ...(reason === "" ? {} : { reason }),
      ...(message === "" ? {} : { message }),
    }
  }
  const scheduled = old.find((condition) => condition.type === "PodScheduled")
  return [
    make("PodReadyToStartContainers", record.sandboxReady),
    initCondition(record, phase, make),
    readyCondition("Ready", record, phase, make),
    readyCondition("ContainersReady", record, phase, make),
    scheduled ?? make("PodScheduled", true),
  ]
}

type Make = (type: string, status: boolean, reason?: string, message?: string) => PodCondition

function initCondition({ inits }: PodRecord, phase: string, make: Make): PodCondition {
  const waiting = inits.filter(({ status }) => status.state.terminated?.exitCode !== 0).map((init) => init.name)
  if (waiting.length > 0)
    return make(
      "Initialized",
      false,
      "ContainersNotInitialized",
      `containers with incomplete status: [${waiting.join(" ")}]`,
    )
  return make("Initialized", true, phase === "Succeeded" ? "PodCompleted" : "")
}

function readyCondition(type: string, { containers }: PodRecord, phase: string, make: Make): PodCondition {
  if (phase === "Succeeded") return make(type, false, "PodCompleted")
  if (phase === "Failed") return make(type, false, "PodFailed")
  const unready = containers.filter(({ status }) => !status.ready).map((container) => container.name)
  if (unready.length === 0) return make(type, true)
  return make(type, false, "ContainersNotReady", `containers with unready status: [${unready.join(" ")}]`)
}
