/** A policy test: a cluster, steps that change it, and who must reach whom. The format of the conformance corpus (schema/case.schema.json). */

export type Profile = "kubernetes" | "cilium" | "network-policy-api"
export type CaseProtocol = "TCP" | "UDP" | "SCTP" | "ICMP"

export interface CaseNode {
  readonly name: string
  readonly ips: readonly string[]
  readonly podCIDRs?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
}

export interface CaseNamespace {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export interface CasePort {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: CaseProtocol
}

export interface CasePod {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly node?: string
  readonly ips: readonly string[]
  readonly hostNetwork?: boolean
  readonly serviceAccount?: string
  /** The cluster that owns it, when it is another one. */
  readonly cluster?: string
  readonly containers?: readonly { readonly name?: string; readonly ports: readonly CasePort[] }[]
}

export interface CaseService {
  readonly namespace: string
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly selector?: Readonly<Record<string, string>>
  readonly ports?: readonly {
    readonly name?: string
    readonly port: number
    readonly targetPort?: number | string
    readonly protocol?: string
  }[]
  readonly [key: string]: unknown
}

/** An address outside, or one of Cilium's reserved entities. */
export interface CaseExternal {
  readonly name: string
  readonly ips?: readonly string[]
  /** Names that have been resolved to it already. */
  readonly dns?: readonly string[]
  readonly entity?: string
  readonly range?: string
}

export interface CaseCluster {
  readonly nodes?: readonly CaseNode[]
  readonly namespaces: readonly CaseNamespace[]
  readonly pods: readonly CasePod[]
  readonly services?: readonly CaseService[]
  readonly externals?: readonly CaseExternal[]
}

/** A Kubernetes object as given. */
export interface CaseObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown }
  readonly [key: string]: unknown
}

/** A change of the cluster, before the step's questions. */
export type CaseAction =
  | { readonly op: "create" | "update"; readonly object: CaseObject; readonly source?: ObjectSource }
  | { readonly op: "delete"; readonly kind: string; readonly namespace?: string; readonly name: string }
  | { readonly op: "deleteAllPolicies" }
  | {
      readonly op: "setLabels"
      readonly target: { readonly kind: string; readonly namespace?: string; readonly name: string }
      readonly labels: Readonly<Record<string, string>>
    }
  | { readonly op: "createNamespace"; readonly namespace: CaseNamespace }
  | { readonly op: "createPod"; readonly pod: CasePod }

/** Where an object was written. */
export interface ObjectSource {
  readonly file: string
  readonly text: string
  /** Which document of the file, from 0. */
  readonly document: number
}

/** `.` allowed, `X` denied, `7` allowed and judged by request, `-` not asserted. */
export type CellMark = "." | "X" | "7" | "-"

export interface CaseTable {
  readonly protocol: CaseProtocol
  readonly port: number
  readonly basis: string
  readonly direction?: "ingress" | "egress"
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  /** A row a sender, a {@link CellMark} a receiver. */
  readonly rows: readonly string[]
  readonly rowsByEngine?: { readonly cilium?: readonly string[] }
}

/** One request over an allowed connection. */
export interface CaseHttp {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly host?: string
    readonly headers?: Readonly<Record<string, string>>
  }
  readonly verdict: "allow" | "deny"
  readonly status?: number
  /** What the server must see. */
  readonly upstreamHeaders?: Readonly<Record<string, string>>
}

/** One side's merged L7 rules. */
export interface CaseL7Side {
  readonly parser: string
  /** An L3/L4 rule covers the pair: every request passes. */
  readonly wildcard: boolean
  readonly http?: readonly Readonly<Record<string, unknown>>[]
  readonly dns?: readonly Readonly<Record<string, unknown>>[]
}

export interface CaseL7 {
  readonly pairs: readonly (readonly [string, string])[]
  readonly protocol: CaseProtocol
  readonly port: number
  readonly basis: string
  readonly ingress?: CaseL7Side
  readonly egress?: CaseL7Side
  readonly requests?: readonly CaseHttp[]
}

export interface CaseFlow {
  readonly from: string
  readonly to: string
  readonly protocol: CaseProtocol
  readonly port: number
  readonly verdict: "allow" | "deny"
  readonly basis: string
  readonly drop?: { readonly direction: string; readonly reason: string }
  readonly http?: readonly CaseHttp[]
  readonly tls?: readonly { readonly serverName: string; readonly verdict: "allow" | "deny" }[]
  readonly note?: string
  /** The line of the short form that says so. */
  readonly line?: number
}

export interface CaseExpect {
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  readonly flows?: readonly CaseFlow[]
  readonly tables?: readonly CaseTable[]
  readonly l7?: readonly CaseL7[]
}

export interface CaseStep {
  readonly name: string
  readonly actions: readonly CaseAction[]
  readonly expect: CaseExpect
}

/** A policy test; see the format of the conformance corpus. */
export interface Case {
  readonly id: string
  readonly suite: string
  /** For people. */
  readonly title?: string
  readonly profile: Profile
  readonly config: Readonly<Record<string, unknown>>
  readonly cluster: CaseCluster
  readonly steps: readonly CaseStep[]
  /** Remarks of whoever wrote it. */
  readonly notes?: readonly string[]
  /** What it is about. */
  readonly tags?: readonly string[]
}
