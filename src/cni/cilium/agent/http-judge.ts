/** What the proxy asks of each request. */
import { fromBase64 } from "../../../kube/api/defaults.ts"
import type { Registry } from "../../../kube/api/registry.ts"
import { isStatus } from "../../../kube/api/status.ts"
import { httpVerdict, type SecretValue } from "../../../policy/l7/http.ts"
import type { HttpJudge } from "./redirects.ts"

/** Values that rules keep in Secrets are the cluster's. */
export const judgeHttp =
  (registry: Registry): HttpJudge =>
  ({ wildcard, http, rules }, request) => {
    if (wildcard) return { allowed: true, rule: rules[0] }
    const headers = new Map<string, string>()
    for (const [name, value] of request.headers) {
      const key = name.toLowerCase()
      const known = headers.get(key)
      headers.set(key, known === undefined ? value : `${known},${value}`)
    }
    const { method, path, host } = request
    const asked = { method, path, host, headers: Object.fromEntries(headers) }
    const { allowed, changes } = httpVerdict(http, asked, secretOf(registry))
    if (!allowed) return { allowed: false, rule: rules[0] }
    return { allowed: true, rule: rules[0], ...(changes.length === 0 ? {} : { changes }) }
  }

/** The only entry of a Secret; with several, or without the Secret, there is no value to compare with. */
const secretOf =
  (registry: Registry): SecretValue =>
  ({ namespace = "default", name }) => {
    const found = registry.get(registry.resource("secrets"), namespace, name)
    if (isStatus(found)) return undefined
    const values = Object.values((found["data"] ?? {}) as Record<string, string>)
    const bytes = values.length === 1 ? fromBase64(values[0] as string) : undefined
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
