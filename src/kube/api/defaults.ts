/** What the API server fills in. Models pkg/apis/core/v1/defaults.go and its siblings. */
import { type Dict, dicts, isDict, peek, section, strings } from "./json.ts"

function preset(object: Dict, field: string, value: unknown): void {
  if (object[field] === undefined) object[field] = value
}

/** The tag of an image reference: `latest` when it names none. */
export function imageTag(image: string): string {
  if (image.includes("@")) return ""
  const last = image.slice(image.lastIndexOf("/") + 1)
  const colon = last.indexOf(":")
  return colon < 0 ? "latest" : last.slice(colon + 1)
}

function probe(object: unknown): void {
  if (!isDict(object)) return
  preset(object, "timeoutSeconds", 1)
  preset(object, "periodSeconds", 10)
  preset(object, "successThreshold", 1)
  preset(object, "failureThreshold", 3)
  if (isDict(object["httpGet"])) httpGet(object["httpGet"])
  if (isDict(object["grpc"])) preset(object["grpc"], "service", "")
}

function httpGet(action: Dict): void {
  preset(action, "path", "/")
  preset(action, "scheme", "HTTP")
}

function container(object: Dict, isPod: boolean): void {
  preset(object, "imagePullPolicy", imageTag(String(object["image"] ?? "")) === "latest" ? "Always" : "IfNotPresent")
  preset(object, "terminationMessagePath", "/dev/termination-log")
  preset(object, "terminationMessagePolicy", "File")
  preset(object, "resources", {})
  for (const port of dicts(object, "ports")) preset(port, "protocol", "TCP")
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) probe(object[name])
  for (const hook of Object.values(peek(object, "lifecycle")))
    if (isDict(hook) && isDict(hook["httpGet"])) httpGet(hook["httpGet"])
  for (const env of dicts(object, "env")) {
    const field = peek(env, "valueFrom")["fieldRef"]
    if (isDict(field)) preset(field, "apiVersion", "v1")
  }
  const limits = strings(object["resources"], "limits")
  if (!isPod || Object.keys(limits).length === 0) return
  const requests = section(section(object, "resources"), "requests")
  for (const [name, value] of Object.entries(limits)) preset(requests, name, value)
}

const VOLUME_SOURCES_WITH_MODE = ["configMap", "secret", "downwardAPI", "projected"]

function volume(object: Dict): void {
  if (Object.keys(object).every((key) => key === "name")) object["emptyDir"] = {}
  for (const source of VOLUME_SOURCES_WITH_MODE) if (isDict(object[source])) preset(object[source], "defaultMode", 420)
  if (isDict(object["hostPath"])) preset(object["hostPath"], "type", "")
  for (const source of dicts(object["projected"], "sources")) {
    if (isDict(source["serviceAccountToken"])) preset(source["serviceAccountToken"], "expirationSeconds", 3600)
    for (const item of dicts(source["downwardAPI"], "items"))
      if (isDict(item["fieldRef"])) preset(item["fieldRef"], "apiVersion", "v1")
  }
  for (const item of dicts(object["downwardAPI"], "items"))
    if (isDict(item["fieldRef"])) preset(item["fieldRef"], "apiVersion", "v1")
}

/** A PodSpec, of a Pod (`isPod`) or of a template. */
export function podSpec(spec: Dict, isPod: boolean): void {
  preset(spec, "dnsPolicy", "ClusterFirst")
  preset(spec, "restartPolicy", "Always")
  preset(spec, "securityContext", {})
  preset(spec, "terminationGracePeriodSeconds", 30)
  preset(spec, "schedulerName", "default-scheduler")
  if (isPod) preset(spec, "enableServiceLinks", true)
  // A service account's old name is kept beside the new one.
  if (typeof spec["serviceAccountName"] === "string") preset(spec, "serviceAccount", spec["serviceAccountName"])
  else if (typeof spec["serviceAccount"] === "string") spec["serviceAccountName"] = spec["serviceAccount"]
  for (const name of ["containers", "initContainers", "ephemeralContainers"])
    for (const object of dicts(spec, name)) {
      container(object, isPod)
      if (spec["hostNetwork"] === true)
        for (const port of dicts(object, "ports")) preset(port, "hostPort", port["containerPort"])
    }
  for (const object of dicts(spec, "volumes")) volume(object)
}

export function pod(object: Dict): void {
  podSpec(section(object, "spec"), true)
  preset(section(object, "status"), "phase", "Pending")
}

function template(spec: Dict): void {
  const object = section(spec, "template")
  const metadata = section(object, "metadata")
  preset(metadata, "creationTimestamp", null)
  podSpec(section(object, "spec"), false)
}

export function deployment(object: Dict): void {
  const spec = section(object, "spec")
  preset(spec, "replicas", 1)
  preset(spec, "revisionHistoryLimit", 10)
  preset(spec, "progressDeadlineSeconds", 600)
  const strategy = section(spec, "strategy")
  preset(strategy, "type", "RollingUpdate")
  if (strategy["type"] === "RollingUpdate") {
    const rolling = section(strategy, "rollingUpdate")
    preset(rolling, "maxSurge", "25%")
    preset(rolling, "maxUnavailable", "25%")
  }
  template(spec)
  section(object, "status")
}

export function replicaSet(object: Dict): void {
  const spec = section(object, "spec")
  preset(spec, "replicas", 1)
  if (isDict(spec["template"])) template(spec)
  preset(section(object, "status"), "replicas", 0)
}

export function daemonSet(object: Dict): void {
  const spec = section(object, "spec")
  preset(spec, "revisionHistoryLimit", 10)
  const strategy = section(spec, "updateStrategy")
  preset(strategy, "type", "RollingUpdate")
  if (strategy["type"] === "RollingUpdate") {
    const rolling = section(strategy, "rollingUpdate")
    preset(rolling, "maxSurge", 0)
    preset(rolling, "maxUnavailable", 1)
  }
  template(spec)
  const status = section(object, "status")
  for (const field of ["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"])
    preset(status, field, 0)
}

export function service(object: Dict): void {
  const spec = section(object, "spec")
  preset(spec, "sessionAffinity", "None")
  preset(spec, "type", "ClusterIP")
  for (const port of dicts(spec, "ports")) {
    preset(port, "protocol", "TCP")
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "")
      port["targetPort"] = port["port"]
  }
  const type = spec["type"]
  if (type === "NodePort" || type === "LoadBalancer") preset(spec, "externalTrafficPolicy", "Cluster")
  if (type !== "ExternalName") preset(spec, "internalTrafficPolicy", "Cluster")
  if (type === "LoadBalancer") preset(spec, "allocateLoadBalancerNodePorts", true)
  if (spec["sessionAffinity"] === "ClientIP")
    preset(section(section(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800)
  preset(section(object, "status"), "loadBalancer", {})
}

export function namespace(object: Dict): void {
  const metadata = section(object, "metadata")
  if (typeof metadata["name"] === "string")
    section(metadata, "labels")["kubernetes.io/metadata.name"] = metadata["name"]
  preset(section(object, "spec"), "finalizers", ["kubernetes"])
  preset(section(object, "status"), "phase", "Active")
}

export function node(object: Dict): void {
  section(object, "spec")
  const status = section(object, "status")
  if (isDict(status["capacity"])) preset(status, "allocatable", { ...status["capacity"] })
}

export function secret(object: Dict): void {
  preset(object, "type", "Opaque")
  const plain = object["stringData"]
  if (!isDict(plain)) return
  const data = section(object, "data")
  for (const [key, value] of Object.entries(plain)) data[key] = base64(new TextEncoder().encode(String(value)))
  delete object["stringData"]
}

export function networkPolicy(object: Dict): void {
  const spec = section(object, "spec")
  if (spec["policyTypes"] === undefined)
    spec["policyTypes"] = ["Ingress", ...(dicts(spec, "egress").length > 0 ? ["Egress"] : [])]
  for (const rule of [...dicts(spec, "ingress"), ...dicts(spec, "egress")])
    for (const port of dicts(rule, "ports")) preset(port, "protocol", "TCP")
}

export function roleBinding(object: Dict): void {
  const ref = peek(object, "roleRef")
  if (ref["apiGroup"] === undefined || ref["apiGroup"] === "") ref["apiGroup"] = "rbac.authorization.k8s.io"
  for (const subject of dicts(object, "subjects"))
    if (subject["kind"] !== "ServiceAccount") preset(subject, "apiGroup", "rbac.authorization.k8s.io")
}

export function priorityClass(object: Dict): void {
  preset(object, "preemptionPolicy", "PreemptLowerPriority")
}

export function endpointSlice(object: Dict): void {
  for (const port of dicts(object, "ports")) {
    preset(port, "name", "")
    preset(port, "protocol", "TCP")
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

export function base64(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let k = 0; k < 4; k++) text += i + k > bytes.length ? "=" : ALPHABET[(word >> (18 - 6 * k)) & 63]
  }
  return text
}

/** The bytes of base64 text, or `undefined` when it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes = new Uint8Array((text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0))
  for (let i = 0, at = 0; i < text.length; i += 4) {
    const word = [0, 1, 2, 3].reduce((sum, k) => (sum << 6) | Math.max(0, ALPHABET.indexOf(text[i + k] as string)), 0)
    for (const shift of [16, 8, 0]) if (at < bytes.length) bytes[at++] = (word >> shift) & 255
  }
  return bytes
}
