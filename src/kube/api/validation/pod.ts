/** Pods and pod templates. Models pkg/apis/core/validation/validation.go ValidatePodSpec. */
import type { Container, PodSpec, Toleration, Volume } from "kubernetes-types/core/v1.js"
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from "../field-error.ts"
import { equal, isDict } from "../json.ts"
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  envNameErrors,
  isPort,
  PORT_RANGE,
  portNameErrors,
  qualifiedNameErrors,
} from "../names.ts"
import { parseQuantity } from "../quantity.ts"
import type { ApiObject, Pod } from "../types.ts"
import { validateLabels } from "./meta.ts"

const PROTOCOLS = ["SCTP", "TCP", "UDP"]
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"]
const RESTART_POLICIES = ["Always", "Never", "OnFailure"]
const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]
const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"]

export function validatePod(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const pod = object as Pod
  return old === undefined ? validatePodSpec(pod.spec, "spec") : validatePodUpdate(pod, old as Pod)
}

const UPDATABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

/** Models ValidatePodUpdate: nearly all of a running pod's spec is fixed. */
function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const fixed = (spec: PodSpec): unknown => ({
    ...spec,
    containers: spec.containers.map((c) => ({ ...c, image: "" })),
    initContainers: (spec.initContainers ?? []).map((c) => ({ ...c, image: "" })),
    activeDeadlineSeconds: 0,
    tolerations: [],
    nodeName: "",
  })
  if (pod.spec.containers.length !== old.spec.containers.length)
    return [forbiddenField("spec.containers", "pod updates may not add or remove containers")]
  const errors = equal(fixed(pod.spec), fixed(old.spec)) ? [] : [forbiddenField("spec", UPDATABLE)]
  if ((old.spec.nodeName ?? "") !== "" && pod.spec.nodeName !== old.spec.nodeName)
    errors.push(forbiddenField("spec", UPDATABLE))
  return [...errors, ...validatePodSpec(pod.spec, "spec")]
}

export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  const volumes = spec.volumes ?? []
  errors.push(...validateVolumes(volumes, `${path}.volumes`))
  const names = new Set(volumes.map((volume) => volume.name))
  if ((spec.containers ?? []).length === 0) errors.push(required(`${path}.containers`))
  errors.push(...validateContainers(spec.containers ?? [], `${path}.containers`, names, spec, []))
  errors.push(
    ...validateContainers(spec.initContainers ?? [], `${path}.initContainers`, names, spec, spec.containers ?? []),
  )
  errors.push(
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
  )
  errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`))
  if (spec.hostname !== undefined && spec.hostname !== "")
    errors.push(...dnsLabelErrors(spec.hostname).map((text) => invalidValue(`${path}.hostname`, spec.hostname, text)))
  if (spec.serviceAccountName !== undefined && spec.serviceAccountName !== "")
    errors.push(
      ...dnsSubdomainErrors(spec.serviceAccountName).map((text) =>
        invalidValue(`${path}.serviceAccountName`, spec.serviceAccountName, text),
      ),
    )
  if (spec.nodeName !== undefined && spec.nodeName !== "")
    errors.push(
      ...dnsSubdomainErrors(spec.nodeName).map((text) => invalidValue(`${path}.nodeName`, spec.nodeName, text)),
    )
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds !== -1)
    errors.push(
      invalidValue(
        `${path}.terminationGracePeriodSeconds`,
        spec.terminationGracePeriodSeconds,
        "must be greater than or equal to 0",
      ),
    )
  for (const [i, toleration] of (spec.tolerations ?? []).entries())
    errors.push(...validateToleration(toleration, `${path}.tolerations[${i}]`))
  return errors
}

function oneOf(path: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined || value === "") return [required(path)]
  return supported.includes(value) ? [] : [notSupported(path, value, supported)]
}

function validateVolumes(volumes: readonly Volume[], path: string): FieldError[] {
  return volumes.flatMap((volume, i) => {
    const at = `${path}[${i}]`
    const errors: FieldError[] = []
    if (volume.name === undefined || volume.name === "") errors.push(required(`${at}.name`))
    else if (volumes.findIndex((other) => other.name === volume.name) < i)
      errors.push(duplicate(`${at}.name`, volume.name))
    else errors.push(...dnsLabelErrors(volume.name).map((text) => invalidValue(`${at}.name`, volume.name, text)))
    const sources = Object.keys(volume).filter((key) => key !== "name")
    for (const source of sources.slice(1))
      errors.push(forbiddenField(`${at}.${source}`, "may not specify more than 1 volume type"))
    if (volume.hostPath !== undefined && volume.hostPath.path === "") errors.push(required(`${at}.hostPath.path`))
    if (volume.configMap !== undefined && (volume.configMap.name ?? "") === "")
      errors.push(required(`${at}.configMap.name`))
    if (volume.secret !== undefined && (volume.secret.secretName ?? "") === "")
      errors.push(required(`${at}.secret.secretName`))
    return errors
  })
}

function validateContainers(
  list: readonly Container[],
  path: string,
  volumes: ReadonlySet<string>,
  spec: PodSpec,
  others: readonly Container[],
): FieldError[] {
  const hostPorts = new Set<string>()
  return list.flatMap((container, i) => {
    const at = `${path}[${i}]`
    const errors: FieldError[] = []
    if (container.name === undefined || container.name === "") errors.push(required(`${at}.name`))
    else errors.push(...dnsLabelErrors(container.name).map((text) => invalidValue(`${at}.name`, container.name, text)))
    const before = [...others, ...list.slice(0, i)]
    if (container.name !== undefined && container.name !== "" && before.some((other) => other.name === container.name))
      errors.push(duplicate(`${at}.name`, container.name))
    if (container.image === undefined || container.image === "") errors.push(required(`${at}.image`))
    else if (container.image.trim() !== container.image)
      errors.push(invalidValue(`${at}.image`, container.image, "must not have leading or trailing whitespace"))
    if (
      container.terminationMessagePolicy !== undefined &&
      !["File", "FallbackToLogsOnError"].includes(container.terminationMessagePolicy)
    )
      errors.push(
        notSupported(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, [
          "FallbackToLogsOnError",
          "File",
        ]),
      )
    errors.push(
      ...validatePorts(container, at, spec.hostNetwork === true, hostPorts),
      ...validateEnv(container, at),
      ...validateMounts(container, at, volumes),
    )
    errors.push(
      ...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
      ...validateResources(container, at),
    )
    return errors
  })
}

function validatePorts(container: Container, path: string, hostNetwork: boolean, hostPorts: Set<string>): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, port] of (container.ports ?? []).entries()) {
    const at = `${path}.ports[${i}]`
    if (port.name !== undefined && port.name !== "") {
      const wrong = portNameErrors(port.name)
      errors.push(...wrong.map((text) => invalidValue(`${at}.name`, port.name, text)))
      if (wrong.length === 0 && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (port.containerPort === undefined || port.containerPort === 0) errors.push(required(`${at}.containerPort`))
    else if (!isPort(port.containerPort))
      errors.push(invalidValue(`${at}.containerPort`, port.containerPort, PORT_RANGE))
    if ((port.hostPort ?? 0) !== 0 && !isPort(port.hostPort))
      errors.push(invalidValue(`${at}.hostPort`, port.hostPort, PORT_RANGE))
    if (hostNetwork && (port.hostPort ?? 0) !== 0 && port.hostPort !== port.containerPort)
      errors.push(
        invalidValue(`${at}.hostPort`, port.hostPort, "must match `containerPort` when `hostNetwork` is true"),
      )
    if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol))
      errors.push(notSupported(`${at}.protocol`, port.protocol, PROTOCOLS))
    if ((port.hostPort ?? 0) === 0) continue
    const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`
    if (hostPorts.has(key)) errors.push(duplicate(`${at}.hostPort`, key))
    hostPorts.add(key)
  }
  return errors
}

function validateEnv(container: Container, path: string): FieldError[] {
  return (container.env ?? []).flatMap((env, i) => {
    const at = `${path}.env[${i}]`
    if (env.name === undefined || env.name === "") return [required(`${at}.name`)]
    const errors = envNameErrors(env.name).map((text) => invalidValue(`${at}.name`, env.name, text))
    if ((env.value ?? "") !== "" && env.valueFrom !== undefined)
      errors.push(invalidValue(`${at}.valueFrom`, "", "may not be specified when `value` is not empty"))
    return errors
  })
}

function validateMounts(container: Container, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const paths: string[] = []
  return (container.volumeMounts ?? []).flatMap((mount, i) => {
    const at = `${path}.volumeMounts[${i}]`
    const errors: FieldError[] = []
    if (mount.name === undefined || mount.name === "") errors.push(required(`${at}.name`))
    else if (!volumes.has(mount.name)) errors.push(notFoundValue(`${at}.name`, mount.name))
    if (mount.mountPath === undefined || mount.mountPath === "") errors.push(required(`${at}.mountPath`))
    else if (paths.includes(mount.mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, "must be unique"))
    paths.push(mount.mountPath)
    return errors
  })
}

const QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function validateResources(container: Container, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { limits = {}, requests = {} } = container.resources ?? {}
  for (const [which, map] of [
    ["limits", limits],
    ["requests", requests],
  ] as const)
    for (const [name, quantity] of Object.entries(map)) {
      const at = `${path}.resources.${which}[${name}]`
      const value = parseQuantity(quantity)
      if (value === undefined) errors.push(invalidValue(at, quantity, QUANTITY))
      else if (value < 0) errors.push(invalidValue(at, quantity, "must be greater than or equal to 0"))
    }
  for (const [name, quantity] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit !== undefined && (parseQuantity(quantity) ?? 0) > (parseQuantity(limit) ?? 0))
      errors.push(
        invalidValue(`${path}.resources.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`),
      )
  }
  return errors
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { key = "", operator = "", effect = "" } = toleration
  if (key !== "") errors.push(...qualifiedNameErrors(key).map((text) => invalidValue(`${path}.key`, key, text)))
  else if (operator !== "Exists")
    errors.push(
      invalidValue(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute")
    errors.push(invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  if (!["", "Equal", "Exists"].includes(operator))
    errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"]))
  if (operator === "Exists" && (toleration.value ?? "") !== "")
    errors.push(invalidValue(`${path}.operator`, toleration.value, "value must be empty when `operator` is 'Exists'"))
  if (effect !== "" && !EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS))
  return errors
}

/** A template of a workload: its labels must meet the selector. */
export function validateTemplate(template: unknown, path: string, restartPolicies: readonly string[]): FieldError[] {
  if (!isDict(template) || !isDict(template["spec"])) return [required(path)]
  const metadata = isDict(template["metadata"]) ? template["metadata"] : {}
  const spec = template["spec"] as unknown as PodSpec
  const errors = [
    ...validateLabels(metadata["labels"] as Record<string, string> | undefined, `${path}.metadata.labels`),
    ...validatePodSpec(spec, `${path}.spec`),
  ]
  if (
    spec.restartPolicy !== undefined &&
    RESTART_POLICIES.includes(spec.restartPolicy) &&
    !restartPolicies.includes(spec.restartPolicy)
  )
    errors.push(notSupported(`${path}.spec.restartPolicy`, spec.restartPolicy, restartPolicies))
  return errors
}
