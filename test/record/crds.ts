/**
 * Writes src/cni/cilium/crds/policies.ts from the definitions in test/corpus/crds/ (cilium/cilium, Apache-2.0): `node test/record/crds.ts`.
 * Descriptions are left out, and so is the rule "spec or specs must be provided": it came after the release imitated (cilium pull request
 * 45145, 2026). Schemas that stand more than once are written once.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { isDict } from "../../src/kube/api/json.ts"
import { parseManifests } from "../../src/tools/kubectl/manifest.ts"

const OUT = "src/cni/cilium/crds/policies.ts"
const FILES = {
  ciliumNetworkPolicies: "ciliumnetworkpolicies",
  ciliumClusterwideNetworkPolicies: "ciliumclusterwidenetworkpolicies",
  ciliumCidrGroups: "ciliumcidrgroups",
}
/** A schema this short is not worth a name. */
const SHORT = 60

/** A copy without descriptions; in `properties` the keys are names of fields, one of which may be "description". */
function bare(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map((item) => bare(item))
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || (key !== "description" && key !== "x-kubernetes-validations"))
      .map(([key, item]) => [key, bare(item, !names && key === "properties")]),
  )
}

const definitions = Object.entries(FILES).map(([name, file]) => {
  const [definition] = parseManifests(readFileSync(`test/corpus/crds/${file}.yaml`, "utf8"), file)
  const { metadata, ...rest } = bare(definition) as { metadata: { name: string } }
  return { name, definition: { ...rest, metadata: { name: metadata.name } } }
})

const counts = new Map<string, number>()
function count(value: unknown): void {
  if (typeof value !== "object" || value === null) return
  const text = JSON.stringify(value)
  const seen = counts.get(text) ?? 0
  counts.set(text, seen + 1)
  // What is inside of something counted before is counted with it.
  if (seen === 0) for (const item of Object.values(value)) count(item)
}
for (const { definition } of definitions) count(definition)

const names = new Map<string, string>()
const lines: string[] = []
function written(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const text = JSON.stringify(value)
  const known = names.get(text)
  if (known !== undefined) return known
  const parts = Array.isArray(value)
    ? `[${value.map(written).join(",")}]`
    : `{${Object.entries(value)
        .map(([key, item]) => `${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}:${written(item)}`)
        .join(",")}}`
  if ((counts.get(text) ?? 0) < 2 || text.length < SHORT) return parts
  const name = `shared${names.size + 1}`
  names.set(text, name)
  lines.push(`const ${name} = ${parts}`)
  return name
}
const exported = definitions.map(({ name, definition }) => `export const ${name}: Manifest = ${written(definition)}`)
const shared = lines.length
writeFileSync(
  OUT,
  `/**
 * The definitions of Cilium's policies: schemas as the agent's release has them, without descriptions.
 * Written by test/record/crds.ts from test/corpus/crds (cilium/cilium, Apache-2.0); do not edit.
 */
import type { Manifest } from "../../../kube/api/types.ts"

${lines.join("\n")}

${exported.join("\n\n")}
`,
)
process.stderr.write(`${OUT}: ${definitions.length} definitions, ${shared} shared schemas; format it with biome\n`)
