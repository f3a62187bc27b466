/** What the proxy asks of each request. */
import { httpVerdict } from "../../../policy/l7/http.ts"
import type { HttpJudge } from "./redirects.ts"

export const judgeHttp: HttpJudge = ({ wildcard, http, rules }, request) => {
  if (wildcard) return { allowed: true, rule: rules[0] }
  const headers = new Map<string, string>()
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase()
    const known = headers.get(key)
    headers.set(key, known === undefined ? value : `${known},${value}`)
  }
  const verdict = httpVerdict(http, {
    method: request.method,
    path: request.path,
    host: request.host,
    headers: Object.fromEntries(headers),
  })
  if (!verdict.allowed) return { allowed: false, rule: rules[0] }
  const added = verdict.changes
    .filter(({ action }) => action === "add")
    .map(({ name, value }) => [name, value] as const)
  return { allowed: true, rule: rules[0], ...(added.length === 0 ? {} : { headers: added }) }
}
