/** NetworkPolicies. Models pkg/apis/networking/validation/validation.go. */
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "kubernetes-types/networking/v1.js"
import { type FieldError, forbiddenField, invalidValue, notSupported, required, Verbatim } from "../field-error.ts"
import { isStrictSubset, parseCidr } from "../ip.ts"
import { goJson } from "../json.ts"
import { isPort, PORT_RANGE, portNameErrors } from "../names.ts"
import type { ApiObject } from "../types.ts"
import { validateSelector } from "./meta.ts"

const PROTOCOLS: readonly string[] = ["TCP", "UDP", "SCTP"]
const POLICY_TYPES: readonly string[] = ["Ingress", "Egress"]
const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

export function validateNetworkPolicy(object: ApiObject): FieldError[] {
  const spec = object["spec"] as NetworkPolicySpec
  const errors = validateSelector(spec.podSelector, "spec.podSelector")
  for (const [i, { ports = [], from = [] }] of (spec.ingress ?? []).entries())
    errors.push(...validateRule(`spec.ingress[${i}]`, ports, "from", from))
  for (const [i, { ports = [], to = [] }] of (spec.egress ?? []).entries())
    errors.push(...validateRule(`spec.egress[${i}]`, ports, "to", to))
  const types = spec.policyTypes ?? []
  if (types.length > POLICY_TYPES.length) {
    const detail = "may not specify more than two policyTypes"
    return [...errors, invalidValue("spec.policyTypes", new Verbatim(goJson(types)), detail)]
  }
  for (const [i, type] of types.entries())
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`spec.policyTypes[${i}]`, type, POLICY_TYPES))
  return errors
}

function validateRule(
  path: string,
  ports: readonly NetworkPolicyPort[],
  side: "from" | "to",
  peers: readonly NetworkPolicyPeer[],
): FieldError[] {
  return [
    ...ports.flatMap((port, i) => validatePort(port, `${path}.ports[${i}]`)),
    ...peers.flatMap((peer, i) => validatePeer(peer, `${path}.${side}[${i}]`)),
  ]
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = []
  const end = (detail: string): void => void errors.push(invalidValue(`${path}.endPort`, endPort, detail))
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS))
  if (typeof port === "number") {
    if (!isPort(port)) errors.push(invalidValue(`${path}.port`, port, PORT_RANGE))
    if (endPort !== undefined && endPort < port) end("must be greater than or equal to `port`")
    if (endPort !== undefined && !isPort(endPort)) end(PORT_RANGE)
  } else if (typeof port === "string") {
    if (endPort !== undefined) end("may not be specified when `port` is non-numeric")
    errors.push(...portNameErrors(port).map((text) => invalidValue(`${path}.port`, port, text)))
  } else if (endPort !== undefined) end("may not be specified when `port` is not specified")
  return errors
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string): FieldError[] {
  const errors = [
    ...validateSelector(podSelector, `${path}.podSelector`),
    ...validateSelector(namespaceSelector, `${path}.namespaceSelector`),
  ]
  const selects = podSelector !== undefined || namespaceSelector !== undefined
  if (!selects && ipBlock === undefined) errors.push(required(path, "must specify a peer"))
  if (selects && ipBlock !== undefined)
    errors.push(forbiddenField(path, "may not specify both ipBlock and another peer"))
  if (ipBlock !== undefined) errors.push(...validateBlock(ipBlock, `${path}.ipBlock`))
  return errors
}

/** Leading zeros and host bits are taken as they are. */
function validateBlock({ cidr, except = [] }: IPBlock, path: string): FieldError[] {
  if ((cidr ?? "") === "") return [required(`${path}.cidr`)]
  const block = parseCidr(cidr, "sloppy")
  if (block === undefined) return [invalidValue(`${path}.cidr`, cidr, CIDR)]
  return except.flatMap((text, i) => {
    const at = `${path}.except[${i}]`
    const inner = parseCidr(text, "sloppy")
    if (inner === undefined) return [invalidValue(at, text, CIDR)]
    return isStrictSubset(inner, block) ? [] : [invalidValue(at, text, "must be a strict subset of `cidr`")]
  })
}
