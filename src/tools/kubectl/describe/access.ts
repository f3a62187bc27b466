/** kubectl describe for secrets, service accounts, roles and their bindings. Models kubectl/pkg/describe. */
import { fromBase64 } from "../../../kube/api/defaults.ts"
import { goText } from "../../../kube/api/go-text.ts"
import { byCodePoint, type Dict, dicts, peek, strings, text } from "../../../kube/api/json.ts"
import { isFailure } from "../../../kube/api/status.ts"
import type { ApiObject } from "../../../kube/api/types.ts"
import type { Client } from "../client.ts"
import { eventLines, metaLines, nameLines } from "./common.ts"
import type { Lines } from "./lines.ts"

const TOKEN_TYPE = "kubernetes.io/service-account-token"

export function describeSecret(_client: Client, lines: Lines, object: ApiObject): void {
  nameLines(lines, object.metadata)
  metaLines(lines, object.metadata)
  const type = text(object, "type")
  lines.add(0, `\nType:\t${type}`)
  lines.add(0, "\nData\n====")
  const data = strings(object, "data")
  for (const key of Object.keys(data).sort(byCodePoint)) {
    const bytes = fromBase64(data[key] as string) ?? new Uint8Array()
    const shown = key === "token" && type === TOKEN_TYPE
    lines.add(0, `${key}:\t${shown ? new TextDecoder().decode(bytes) : `${bytes.length} bytes`}`)
  }
}

/** Headers are as wide as the widest, and stand in the order of their letters. */
export function describeServiceAccount(client: Client, lines: Lines, object: ApiObject): void {
  nameLines(lines, object.metadata)
  metaLines(lines, object.metadata)
  const names = (field: string): string[] => dicts(object, field).map((each) => text(each, "name"))
  const own = { namespace: object.metadata.namespace ?? "" }
  const secrets = client.api.registry.list(client.resource("secrets"), own)
  const tokens = secrets.filter(
    (secret) =>
      secret["type"] === TOKEN_TYPE &&
      secret.metadata.annotations?.["kubernetes.io/service-account.name"] === object.metadata.name &&
      secret.metadata.annotations["kubernetes.io/service-account.uid"] === object.metadata.uid,
  )
  const lists: [string, string[]][] = [
    ["Image pull secrets:", names("imagePullSecrets")],
    ["Mountable secrets: ", names("secrets")],
    ["Tokens:            ", tokens.map(({ metadata }) => metadata.name)],
  ]
  const there = (name: string): boolean => !isFailure(client.find(client.resource("secrets"), name, own.namespace))
  for (const [header, list] of lists) {
    if (list.length === 0) lines.add(0, `${header}\t<none>`)
    for (const [i, name] of list.entries())
      lines.add(0, `${i === 0 ? header : " ".repeat(header.length)}\t${name}${there(name) ? "" : " (not found)"}`)
  }
  eventLines(client, lines, object)
}

/** One line of a role: a resource of a group, or a URL, and what may be done with it. */
interface Permission {
  resource: string
  group: string
  urls: readonly string[]
  names: readonly string[]
  verbs: readonly string[]
}

const listOf = (rule: Dict, field: string): string[] => (Array.isArray(rule[field]) ? (rule[field] as string[]) : [])

/** Rules taken apart by group, resource and name; those about the same are put together again. */
function permissions(rules: readonly Dict[]): Permission[] {
  const found = new Map<string, Permission>()
  for (const rule of rules) {
    const verbs = listOf(rule, "verbs")
    const put = (group: string, resource: string, urls: string[], names: string[]): void => {
      const key = JSON.stringify([group, resource, urls, names])
      const known = found.get(key)
      found.set(key, { group, resource, urls, names, verbs: [...(known?.verbs ?? []), ...verbs] })
    }
    const names = listOf(rule, "resourceNames")
    for (const group of listOf(rule, "apiGroups"))
      for (const resource of listOf(rule, "resources")) {
        if (names.length === 0) put(group, resource, [], [])
        for (const one of names) put(group, resource, [], [one])
      }
    for (const url of listOf(rule, "nonResourceURLs")) put("", "", [url], [])
  }
  return [...found.values()].sort((a, b) => byCodePoint(sortKey(a), sortKey(b)))
}

/** Rules are in the order of what Go prints them as: by verbs first. */
const sortKey = ({ verbs, group, resource, names, urls }: Permission): string =>
  `Verbs:${goText(verbs)},APIGroups:[${group}],Resources:[${resource}],ResourceNames:${goText(names)},NonResourceURLs:${goText(urls)}`

/** `deployments.apps/scale`: the group stands with the resource, not with the subresource. */
function withGroup(resource: string, group: string): string {
  if (group === "") return resource
  const slash = resource.indexOf("/")
  return slash < 0 ? `${resource}.${group}` : `${resource.slice(0, slash)}.${group}${resource.slice(slash)}`
}

export function describeRole(_client: Client, lines: Lines, object: ApiObject): void {
  lines.add(0, `Name:\t${object.metadata.name}`)
  metaLines(lines, object.metadata)
  lines.add(0, "PolicyRule:")
  lines.add(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs")
  lines.add(1, "---------\t-----------------\t--------------\t-----")
  const all = permissions(dicts(object, "rules"))
  for (const { resource, group, urls, names, verbs } of all)
    lines.add(1, `${withGroup(resource, group)}\t${goText(urls)}\t${goText(names)}\t${goText(verbs)}`)
}

export function describeRoleBinding(_client: Client, lines: Lines, object: ApiObject): void {
  lines.add(0, `Name:\t${object.metadata.name}`)
  metaLines(lines, object.metadata)
  const role = peek(object, "roleRef")
  lines.add(0, "Role:")
  lines.add(1, `Kind:\t${text(role, "kind")}`)
  lines.add(1, `Name:\t${text(role, "name")}`)
  lines.add(0, "Subjects:")
  lines.add(1, "Kind\tName\tNamespace")
  lines.add(1, "----\t----\t---------")
  for (const subject of dicts(object, "subjects"))
    lines.add(1, `${text(subject, "kind")}\t${text(subject, "name")}\t${text(subject, "namespace")}`)
}
