/** Services, workloads, configuration, nodes, policies. Models the validation packages of each API group. */
import type { NetworkPolicySpec } from "kubernetes-types/networking/v1.js"
import { parseIpv4, parsePrefix } from "../../../wire/address.ts"
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

export function validateNetworkPolicy(object: ApiObject): FieldError[] {
  const spec = object["spec"] as NetworkPolicySpec
  const errors = validateSelector(spec.podSelector, "spec.podSelector")
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const)
    for (const [i, rule] of ((spec[direction] ?? []) as Record<string, unknown>[]).entries()) {
      const at = `spec.${direction}[${i}]`
      errors.push(...validatePolicyPorts(rule, at))
      for (const [j, peer] of ((rule[peers] ?? []) as Record<string, unknown>[]).entries())
        errors.push(...validatePeer(peer, `${at}.${peers}[${j}]`))
    }
  const types = spec.policyTypes ?? []
  if (types.length > 2)
    return [...errors, invalidValue("spec.policyTypes", types, "may not specify more than two policyTypes")]
  for (const [i, type] of types.entries())
    if (type !== "Ingress" && type !== "Egress")
      errors.push(notSupported(`spec.policyTypes[${i}]`, type, ["Egress", "Ingress"]))
  return errors
}

function validatePolicyPorts(rule: Record<string, unknown>, path: string): FieldError[] {
  return ((rule["ports"] ?? []) as { protocol?: string; port?: number | string; endPort?: number }[]).flatMap(
    (port, i) => {
      const at = `${path}.ports[${i}]`
      const errors: FieldError[] = []
      if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol))
        errors.push(notSupported(`${at}.protocol`, port.protocol, PROTOCOLS))
      if (typeof port.port === "number") {
        if (!isPort(port.port)) errors.push(invalidValue(`${at}.port`, port.port, PORT_RANGE))
        if (port.endPort !== undefined && port.endPort < port.port)
          errors.push(invalidValue(`${at}.endPort`, port.endPort, "must be greater than or equal to `port`"))
        if (port.endPort !== undefined && !isPort(port.endPort))
          errors.push(invalidValue(`${at}.endPort`, port.endPort, PORT_RANGE))
      } else if (typeof port.port === "string") {
        if (port.endPort !== undefined)
          errors.push(invalidValue(`${at}.endPort`, port.endPort, "may not be specified when `port` is non-numeric"))
        errors.push(...portNameErrors(port.port).map((text) => invalidValue(`${at}.port`, port.port, text)))
      } else if (port.endPort !== undefined)
        errors.push(invalidValue(`${at}.endPort`, port.endPort, "may not be specified when `port` is not specified"))
      return errors
    },
  )
}

function validatePeer(peer: Record<string, unknown>, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { podSelector, namespaceSelector } = peer
  const block = peer["ipBlock"] as { cidr?: string; except?: string[] } | undefined
  errors.push(
    ...validateSelector(podSelector, `${path}.podSelector`),
    ...validateSelector(namespaceSelector, `${path}.namespaceSelector`),
  )
  if (podSelector === undefined && namespaceSelector === undefined && block === undefined)
    return [...errors, required(path, "must specify a peer")]
  if (block === undefined) return errors
  if (podSelector !== undefined || namespaceSelector !== undefined)
    errors.push(forbiddenField(path, "may not specify both ipBlock and another peer"))
  if ((block.cidr ?? "") === "") return [...errors, required(`${path}.ipBlock.cidr`)]
  const cidr = cidrOf(block.cidr as string)
  if (cidr === undefined) return [...errors, invalidValue(`${path}.ipBlock.cidr`, block.cidr, CIDR)]
  for (const [i, text] of (block.except ?? []).entries()) {
    const except = cidrOf(text)
    if (except === undefined) errors.push(invalidValue(`${path}.ipBlock.except[${i}]`, text, CIDR))
    else if (except !== "ipv6" && cidr !== "ipv6" && !(except.length > cidr.length && within(except.address, cidr)))
      errors.push(invalidValue(`${path}.ipBlock.except[${i}]`, text, "must be a strict subset of `cidr`"))
  }
  return errors
}

const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

function cidrOf(text: string): { address: number; length: number } | "ipv6" | undefined {
  if (/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/\d{1,3}$/.test(text)) return "ipv6"
  const prefix = text.includes("/") ? parsePrefix(text) : undefined
  return prefix !== undefined && parseIpv4(text.slice(0, text.indexOf("/"))) !== undefined ? prefix : undefined
}

const within = (address: number, network: { address: number; length: number }): boolean =>
  Math.floor(address / 2 ** (32 - network.length)) === Math.floor(network.address / 2 ** (32 - network.length))
