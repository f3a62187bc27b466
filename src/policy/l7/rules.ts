/** What a `rules:` block asks of the proxy. Models pkg/policy/api/l4.go L7Rules, http.go PortRuleHTTP. */

/** Which proxy parses the traffic of a redirect. */
export type L7Parser = "http" | "dns" | "tls" | "crd"

export interface HttpRule {
  /** RE2, matched against the whole value; undefined matches everything. */
  readonly path?: string
  readonly method?: string
  readonly host?: string
  /** `Name: value` must be equal, `Name` must be there. */
  readonly headers?: readonly string[]
  readonly headerMatches?: readonly HeaderMatch[]
}

export type MismatchAction = "LOG" | "ADD" | "DELETE" | "REPLACE"

export interface HeaderMatch {
  readonly name: string
  /** Undefined: only presence is asked for (or the value is in a Secret). */
  readonly value?: string
  readonly secret?: { readonly namespace?: string; readonly name: string }
  /** What to do with a header that differs; undefined refuses the request. */
  readonly mismatch?: MismatchAction
}

export interface DnsRule {
  readonly matchName?: string
  readonly matchPattern?: string
}

/** Exactly one list, or none (an empty block does not restrict). */
export interface L7Rules {
  readonly http?: readonly HttpRule[]
  readonly dns?: readonly DnsRule[]
}
