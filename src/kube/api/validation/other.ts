/** Services, workloads, configuration, nodes. Models the validation packages of each API group. */
import { parsePrefix } from "../../../wire/address.ts"
import { fromBase64 } from "../defaults.ts"
import { duplicate, type FieldError, forbiddenField, invalidValue, notSupported, required } from "../field-error.ts"
import { equal, peek, strings } from "../json.ts"
import { configKeyErrors, isPort, PORT_RANGE, portNameErrors } from "../names.ts"
import { matchesLabels, selectorOf } from "../selector.ts"
import type { ApiObject, DaemonSet, Deployment, Namespace, Node, ReplicaSet, Service } from "../types.ts"
import { duplicates, validateLabels, validateSelector } from "./meta.ts"
import { validateTemplate } from "./pod.ts"

const SERVICE_TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
const PROTOCOLS = ["SCTP", "TCP", "UDP"]
const IMMUTABLE = "field is immutable"

export function validateService(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const { spec } = object as Service
  const errors: FieldError[] = []
  const ports = spec.ports ?? []
  if (ports.length === 0 && spec.type !== "ExternalName" && spec.clusterIP !== "None")
    errors.push(required("spec.ports"))
  const names: string[] = []
  for (const [i, port] of ports.entries()) {
    const at = `spec.ports[${i}]`
    if ((port.name ?? "") === "") {
      if (ports.length > 1) errors.push(required(`${at}.name`))
    } else {
      errors.push(...portNameErrors(port.name as string).map((text) => invalidValue(`${at}.name`, port.name, text)))
      if (names.includes(port.name as string)) errors.push(duplicate(`${at}.name`, port.name))
      names.push(port.name as string)
    }
    if (!isPort(port.port)) errors.push(invalidValue(`${at}.port`, port.port ?? 0, PORT_RANGE))
    if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol))
      errors.push(notSupported(`${at}.protocol`, port.protocol, PROTOCOLS))
    if (typeof port.targetPort === "number" && !isPort(port.targetPort))
      errors.push(invalidValue(`${at}.targetPort`, port.targetPort, PORT_RANGE))
    if (typeof port.targetPort === "string")
      errors.push(
        ...portNameErrors(port.targetPort).map((text) => invalidValue(`${at}.targetPort`, port.targetPort, text)),
      )
  }
  errors.push(...validateLabels(spec.selector, "spec.selector"))
  if (!["None", "ClientIP"].includes(spec.sessionAffinity ?? "None"))
    errors.push(notSupported("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]))
  if (!SERVICE_TYPES.includes(spec.type ?? "")) errors.push(notSupported("spec.type", spec.type, SERVICE_TYPES))
  if (spec.type === "ExternalName" && (spec.externalName ?? "") === "") errors.push(required("spec.externalName"))
  const before = old as Service | undefined
  if (
    before?.spec.clusterIP !== undefined &&
    before.spec.type !== "ExternalName" &&
    spec.type !== "ExternalName" &&
    spec.clusterIP !== before.spec.clusterIP
  )
    errors.push(invalidValue("spec.clusterIPs[0]", [spec.clusterIP ?? ""], "may not change once set"))
  return errors
}

function validateWorkload(
  spec: { selector?: unknown; template?: unknown; replicas?: number },
  oldSelector: unknown,
): FieldError[] {
  const errors: FieldError[] = []
  if (spec.replicas !== undefined && spec.replicas < 0)
    errors.push(invalidValue("spec.replicas", spec.replicas, "must be greater than or equal to 0"))
  const selector = selectorOf(spec.selector)
  if (spec.selector === undefined) errors.push(required("spec.selector"))
  else {
    errors.push(...validateSelector(spec.selector, "spec.selector"))
    if (selector.length === 0)
      errors.push(invalidValue("spec.selector", spec.selector, "empty selector is invalid for deployment"))
  }
  const labels = strings(peek(spec.template, "metadata"), "labels")
  if (spec.selector !== undefined && selector.length > 0 && !matchesLabels(selector, labels))
    errors.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
  errors.push(...validateTemplate(spec.template, "spec.template", ["Always"]))
  if (oldSelector !== undefined && !equal(oldSelector, spec.selector))
    errors.push(invalidValue("spec.selector", spec.selector, IMMUTABLE))
  return errors
}

export function validateDeployment(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  return validateWorkload((object as Deployment).spec, (old as Deployment | undefined)?.spec.selector)
}
export function validateReplicaSet(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  return validateWorkload((object as ReplicaSet).spec, (old as ReplicaSet | undefined)?.spec.selector)
}
export function validateDaemonSet(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  return validateWorkload((object as DaemonSet).spec, (old as DaemonSet | undefined)?.spec.selector)
}

export function validateConfigMap(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const data = strings(object, "data")
  const binary = strings(object, "binaryData")
  const errors = Object.keys(data).flatMap((key) =>
    configKeyErrors(key).map((text) => invalidValue(`data[${key}]`, key, text)),
  )
  for (const key of Object.keys(data))
    if (Object.hasOwn(binary, key)) errors.push(invalidValue("data", key, "duplicate of key present in binaryData"))
  for (const key of Object.keys(binary))
    errors.push(...configKeyErrors(key).map((text) => invalidValue(`binaryData[${key}]`, key, text)))
  if (old?.["immutable"] === true) {
    if (object["immutable"] !== true)
      errors.push(forbiddenField("immutable", "field is immutable when `immutable` is set"))
    if (!equal(object["data"], old["data"]))
      errors.push(forbiddenField("data", "field is immutable when `immutable` is set"))
  }
  return errors
}

export function validateSecret(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(strings(object, "data"))) {
    errors.push(...configKeyErrors(key).map((text) => invalidValue(`data[${key}]`, key, text)))
    if (fromBase64(value) === undefined)
      errors.push(invalidValue(`data[${key}]`, "<secret contents redacted>", "illegal base64 data"))
  }
  if (old !== undefined && old["type"] !== object["type"]) errors.push(invalidValue("type", object["type"], IMMUTABLE))
  return errors
}

export function validateNamespace(object: ApiObject): FieldError[] {
  const finalizers = (object as Namespace).spec?.finalizers ?? []
  return finalizers.flatMap((name, i) =>
    name.includes("/") || name === "kubernetes"
      ? []
      : [
          invalidValue(
            `spec.finalizers[${i}]`,
            name,
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ],
  )
}

/** A podCIDR is set once. Models ValidateNodeUpdate. */
export function validateNode(object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const { spec } = object as Node
  const before = old as Node | undefined
  const errors: FieldError[] = []
  for (const [i, cidr] of (spec.podCIDRs ?? []).entries())
    if (parsePrefix(cidr) === undefined || !cidr.includes("/"))
      errors.push(
        invalidValue(`spec.podCIDRs[${i}]`, cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
      )
  const keys = (spec.taints ?? []).map((taint) => `${taint.key}:${taint.effect}`)
  errors.push(...duplicates(keys, (i) => `spec.taints[${i}]`))
  for (const [i, taint] of (spec.taints ?? []).entries())
    if (!["NoSchedule", "PreferNoSchedule", "NoExecute"].includes(taint.effect))
      errors.push(
        notSupported(`spec.taints[${i}].effect`, taint.effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
      )
  const was = before?.spec.podCIDRs ?? []
  if (was.length > 0 && !equal(was, spec.podCIDRs ?? []))
    errors.push(forbiddenField("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'))
  return errors
}
