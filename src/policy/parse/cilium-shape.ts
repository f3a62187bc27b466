/** The Go structs of pkg/policy/api, as far as podwire knows their fields (Cilium 1.18). */
import { list, named, type Shape, type StructShape } from "./decode.ts"

const STRINGS: Shape = list("string", "[]string")
const ENTITIES: Shape = list(named("api.Entity"), "api.EntitySlice")
const CIDRS: Shape = list(named("api.CIDR"), "api.CIDRSlice")

const SELECTOR: StructShape = {
  struct: "LabelSelector",
  unmarshals: true,
  fields: {
    matchLabels: { map: "string", go: "map[string]string" },
    matchExpressions: list(
      { struct: "LabelSelectorRequirement", fields: { key: "string", operator: "string", values: STRINGS } },
      "[]v1.LabelSelectorRequirement",
    ),
  },
}
const SELECTORS: Shape = list(SELECTOR, "[]api.EndpointSelector")
const SECRET: StructShape = { struct: "Secret", fields: { namespace: "string", name: "string" } }
const TLS: StructShape = {
  struct: "TLSContext",
  fields: { secret: SECRET, trustedCA: "string", certificate: "string", privateKey: "string" },
}
const FQDNS: Shape = list(
  { struct: "FQDNSelector", fields: { matchName: "string", matchPattern: "string" } },
  "api.FQDNSelectorSlice",
)
const CIDR_SET: Shape = list(
  {
    struct: "CIDRRule",
    fields: {
      cidr: named("api.CIDR"),
      cidrGroupRef: named("api.CIDRGroupRef"),
      cidrGroupSelector: SELECTOR,
      except: list(named("api.CIDR"), "[]api.CIDR"),
    },
  },
  "api.CIDRRuleSlice",
)

const HTTP: StructShape = {
  struct: "PortRuleHTTP",
  fields: {
    path: "string",
    method: "string",
    host: "string",
    headers: STRINGS,
    headerMatches: list(
      {
        struct: "HeaderMatch",
        fields: { name: "string", value: "string", mismatch: named("api.MismatchAction"), secret: SECRET },
      },
      "[]*api.HeaderMatch",
    ),
  },
}

const PORTS: Shape = list(
  { struct: "PortProtocol", fields: { port: "string", endPort: "int32", protocol: named("api.L4Proto") } },
  "[]api.PortProtocol",
)

const PORT_RULE: StructShape = {
  struct: "PortRule",
  fields: {
    ports: PORTS,
    terminatingTLS: TLS,
    originatingTLS: TLS,
    serverNames: list(named("api.ServerName"), "[]api.ServerName"),
    listener: {
      struct: "Listener",
      fields: {
        envoyConfig: { struct: "EnvoyConfig", fields: { kind: "string", name: "string" } },
        name: "string",
        priority: "uint16",
      },
    },
    rules: { struct: "L7Rules", fields: { http: list(HTTP, "[]api.PortRuleHTTP"), dns: FQDNS } },
  },
}

const ICMPS: Shape = list(
  {
    struct: "ICMPRule",
    fields: { fields: list({ struct: "ICMPField", fields: { family: "string", type: "any" } }, "[]api.ICMPField") },
  },
  "api.ICMPRules",
)
const AUTH: StructShape = { struct: "Authentication", fields: { mode: named("api.AuthenticationMode") } }

const FROM: Readonly<Record<string, Shape>> = {
  fromEndpoints: SELECTORS,
  fromRequires: SELECTORS,
  fromCIDR: CIDRS,
  fromCIDRSet: CIDR_SET,
  fromEntities: ENTITIES,
  fromGroups: list("any", "[]api.Groups"),
  fromNodes: SELECTORS,
}

const SERVICES: Shape = list(
  {
    struct: "Service",
    fields: {
      k8sService: { struct: "K8sServiceNamespace", fields: { serviceName: "string", namespace: "string" } },
      k8sServiceSelector: {
        struct: "K8sServiceSelectorNamespace",
        fields: { selector: SELECTOR, namespace: "string" },
      },
    },
  },
  "[]api.Service",
)

const TO: Readonly<Record<string, Shape>> = {
  toEndpoints: SELECTORS,
  toRequires: SELECTORS,
  toCIDR: CIDRS,
  toCIDRSet: CIDR_SET,
  toEntities: ENTITIES,
  toServices: SERVICES,
  toGroups: list("any", "[]api.Groups"),
  toNodes: SELECTORS,
}

const DENY_PORTS: Shape = list({ struct: "PortDenyRule", fields: { ports: PORTS } }, "api.PortDenyRules")
const ALLOW_PORTS: Shape = list(PORT_RULE, "api.PortRules")

function direction(
  struct: string,
  common: string,
  peers: Readonly<Record<string, Shape>>,
  own: Record<string, Shape>,
): Shape {
  const shape: StructShape = {
    struct,
    fields: { ...peers, ...own },
    embedded: { name: common, fields: Object.keys(peers) },
  }
  return list(shape, `[]api.${struct}`)
}

export const CILIUM_RULE: StructShape = {
  struct: "Rule",
  fields: {
    endpointSelector: SELECTOR,
    nodeSelector: SELECTOR,
    ingress: direction("IngressRule", "IngressCommonRule", FROM, {
      toPorts: ALLOW_PORTS,
      icmps: ICMPS,
      authentication: AUTH,
    }),
    ingressDeny: direction("IngressDenyRule", "IngressCommonRule", FROM, { toPorts: DENY_PORTS, icmps: ICMPS }),
    egress: direction("EgressRule", "EgressCommonRule", TO, {
      toFQDNs: FQDNS,
      toPorts: ALLOW_PORTS,
      icmps: ICMPS,
      authentication: AUTH,
    }),
    egressDeny: direction("EgressDenyRule", "EgressCommonRule", TO, { toPorts: DENY_PORTS, icmps: ICMPS }),
    labels: "any",
    enableDefaultDeny: { struct: "DefaultDenyConfig", fields: { ingress: "bool", egress: "bool" } },
    description: "string",
    log: { struct: "LogConfig", fields: { value: "string" } },
  },
}
