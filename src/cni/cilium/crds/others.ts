/**
 * The definitions of Cilium's other kinds: names, scopes, versions and printer columns as the release has them. Their schemas are open below the
 * fields named here: what podwire's agent and operator write fits the real schemas, and nobody else's objects of these kinds are acted upon.
 */
import type { PrinterColumn } from "../../../kube/api/crd/columns.ts"
import type { JsonSchema } from "../../../kube/api/crd/json-schema.ts"
import type { Manifest } from "../../../kube/api/types.ts"

interface Kind {
  kind: string
  plural: string
  shortNames?: readonly string[]
  scope: "Cluster" | "Namespaced"
  /** The stored version first. */
  versions: readonly string[]
  fields: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  /** With its own subresource; a status without one is a field like others. */
  status?: boolean
  columns?: readonly PrinterColumn[]
}

const open: JsonSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true }
const openList: JsonSchema = { type: "array", items: open }
const spec: Kind["fields"] = { spec: open }
const specAndStatus: Kind["fields"] = { spec: open, status: open }

const AGE: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }
const text = (name: string, jsonPath: string, priority = 0): PrinterColumn => ({
  name,
  type: "string",
  jsonPath,
  priority,
})

const address = (type: string): string => `.spec.addresses[?(@.type=="${type}")].ip`
const poolCondition = (type: string, field: string): string =>
  `.status.conditions[?(@.type=="cilium.io/${type}")].${field}`

const bgp = (kind: string, short: string, status: boolean): Kind => ({
  kind,
  plural: `${kind.toLowerCase()}s`,
  shortNames: [short],
  scope: "Cluster",
  versions: ["v2", "v2alpha1"],
  fields: status ? specAndStatus : spec,
  required: ["spec"],
  status,
  columns: [AGE],
})

const KINDS: readonly Kind[] = [
  {
    kind: "CiliumEndpoint",
    plural: "ciliumendpoints",
    shortNames: ["cep", "ciliumep"],
    scope: "Namespaced",
    versions: ["v2"],
    fields: { status: open },
    columns: [
      { name: "Security Identity", type: "integer", jsonPath: ".status.identity.id" },
      text("Ingress Enforcement", ".status.policy.ingress.state", 1),
      text("Egress Enforcement", ".status.policy.egress.state", 1),
      text("Endpoint State", ".status.state"),
      text("IPv4", ".status.networking.addressing[0].ipv4"),
      text("IPv6", ".status.networking.addressing[0].ipv6"),
    ],
  },
  {
    kind: "CiliumIdentity",
    plural: "ciliumidentities",
    shortNames: ["ciliumid"],
    scope: "Cluster",
    versions: ["v2"],
    fields: { "security-labels": { type: "object", additionalProperties: { type: "string" } } },
    required: ["security-labels"],
    status: true,
    columns: [text("Namespace", ".metadata.labels.io\\.kubernetes\\.pod\\.namespace"), AGE],
  },
  {
    kind: "CiliumNode",
    plural: "ciliumnodes",
    shortNames: ["cn", "ciliumn"],
    scope: "Cluster",
    versions: ["v2"],
    fields: specAndStatus,
    required: ["spec"],
    status: true,
    columns: [text("CiliumInternalIP", address("CiliumInternalIP")), text("InternalIP", address("InternalIP")), AGE],
  },
  {
    kind: "CiliumEndpointSlice",
    plural: "ciliumendpointslices",
    shortNames: ["ces"],
    scope: "Cluster",
    versions: ["v2alpha1"],
    fields: { namespace: { type: "string" }, endpoints: openList },
    required: ["endpoints"],
  },
  {
    kind: "CiliumNodeConfig",
    plural: "ciliumnodeconfigs",
    scope: "Namespaced",
    versions: ["v2", "v2alpha1"],
    fields: {
      spec: {
        type: "object",
        properties: { defaults: { type: "object", additionalProperties: { type: "string" } }, nodeSelector: open },
        required: ["defaults", "nodeSelector"],
      },
    },
    required: ["spec"],
  },
  {
    kind: "CiliumLoadBalancerIPPool",
    plural: "ciliumloadbalancerippools",
    shortNames: ["ippools", "ippool", "lbippool", "lbippools"],
    scope: "Cluster",
    versions: ["v2", "v2alpha1"],
    fields: specAndStatus,
    required: ["spec"],
    status: true,
    columns: [
      { name: "Disabled", type: "boolean", jsonPath: ".spec.disabled" },
      text("Conflicting", poolCondition("PoolConflict", "status")),
      text("IPs Available", poolCondition("IPsAvailable", "message")),
      AGE,
    ],
  },
  {
    kind: "CiliumPodIPPool",
    plural: "ciliumpodippools",
    shortNames: ["cpip"],
    scope: "Cluster",
    versions: ["v2alpha1"],
    fields: spec,
    required: ["spec"],
  },
  {
    kind: "CiliumEnvoyConfig",
    plural: "ciliumenvoyconfigs",
    shortNames: ["cec"],
    scope: "Namespaced",
    versions: ["v2"],
    fields: spec,
    columns: [AGE],
  },
  {
    kind: "CiliumClusterwideEnvoyConfig",
    plural: "ciliumclusterwideenvoyconfigs",
    shortNames: ["ccec"],
    scope: "Cluster",
    versions: ["v2"],
    fields: spec,
    columns: [AGE],
  },
  {
    kind: "CiliumEgressGatewayPolicy",
    plural: "ciliumegressgatewaypolicies",
    shortNames: ["cegp"],
    scope: "Cluster",
    versions: ["v2"],
    fields: spec,
    columns: [AGE],
  },
  {
    kind: "CiliumLocalRedirectPolicy",
    plural: "ciliumlocalredirectpolicies",
    shortNames: ["clrp"],
    scope: "Namespaced",
    versions: ["v2"],
    fields: specAndStatus,
    columns: [AGE],
  },
  {
    kind: "CiliumL2AnnouncementPolicy",
    plural: "ciliuml2announcementpolicies",
    shortNames: ["l2announcement"],
    scope: "Cluster",
    versions: ["v2alpha1"],
    fields: specAndStatus,
    status: true,
    columns: [AGE],
  },
  bgp("CiliumBGPClusterConfig", "cbgpcluster", true),
  bgp("CiliumBGPPeerConfig", "cbgppeer", true),
  bgp("CiliumBGPAdvertisement", "cbgpadvert", false),
  bgp("CiliumBGPNodeConfig", "cbgpnode", true),
  bgp("CiliumBGPNodeConfigOverride", "cbgpnodeoverride", false),
]

export const otherDefinitions: readonly Manifest[] = KINDS.map(definition)

function definition({ kind, plural, shortNames, scope, versions, fields, required, status, columns }: Kind): Manifest {
  const schema: JsonSchema = {
    type: "object",
    properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, ...fields },
    required: ["metadata", ...(required ?? [])],
  }
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.cilium.io` },
    spec: {
      group: "cilium.io",
      scope,
      names: {
        kind,
        plural,
        singular: kind.toLowerCase(),
        listKind: `${kind}List`,
        categories: ["cilium"],
        ...(shortNames === undefined ? {} : { shortNames }),
      },
      versions: versions.map((name, i) => ({
        name,
        served: true,
        storage: i === 0,
        ...(i === 0 ? {} : { deprecated: true }),
        schema: { openAPIV3Schema: schema },
        ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
        ...(status === true ? { subresources: { status: {} } } : {}),
      })),
    },
  }
}
