/**
 * Writes src/kube/api/schema-table.ts: the fields of every kind podwire's API server knows, from the declarations of the package
 * kubernetes-types (1.30) and what Kubernetes 1.31 added to them. Run: node test/kube/generate-schema.ts
 */
import { readFileSync, writeFileSync } from "node:fs"
import ts from "typescript"

const ROOT = "node_modules/kubernetes-types"
const FILES = [
  "meta/v1",
  "core/v1",
  "apps/v1",
  "networking/v1",
  "rbac/v1",
  "discovery/v1",
  "coordination/v1",
  "scheduling/v1",
  "apiextensions/v1",
]
const KINDS = [
  "core/v1.ConfigMap core/v1.Endpoints core/v1.Event core/v1.Namespace core/v1.Node core/v1.Pod core/v1.Secret core/v1.Service core/v1.ServiceAccount",
  "apps/v1.DaemonSet apps/v1.Deployment apps/v1.ReplicaSet networking/v1.NetworkPolicy discovery/v1.EndpointSlice coordination/v1.Lease",
  "rbac/v1.ClusterRole rbac/v1.ClusterRoleBinding rbac/v1.Role rbac/v1.RoleBinding apiextensions/v1.CustomResourceDefinition",
  "scheduling/v1.PriorityClass",
].flatMap((line) => line.split(" "))

/** Go's int64 fields; all other integers are int32. */
const INT64 = new Set(
  "generation observedGeneration deletionGracePeriodSeconds terminationGracePeriodSeconds activeDeadlineSeconds runAsUser runAsGroup fsGroup supplementalGroups tolerationSeconds expirationSeconds maxItems maxLength maxProperties minItems minLength minProperties".split(
    " ",
  ),
)
const BYTES = new Set(["Secret.data", "ConfigMap.binaryData", "ClientIPConfig.caBundle"])
/** Numbers with a fraction. */
const FLOATS = new Set(["maximum", "minimum", "multipleOf"])
/** Fields of 1.31 that 1.30's declarations lack. */
const ADDED: Readonly<Record<string, string>> = {
  Volume: "image:ImageVolumeSource",
  ImageVolumeSource: "pullPolicy:s reference:s",
  PodSecurityContext: "supplementalGroupsPolicy:s",
  NodeStatus: "features:NodeFeatures",
  NodeFeatures: "supplementalGroupsPolicy:b",
  ContainerStatus: "allocatedResourcesStatus:[ResourceStatus] user:ContainerUser",
  ResourceStatus: "name!:s resources:[ResourceHealth]",
  ResourceHealth: "health:s resourceID!:s",
  ContainerUser: "linux:LinuxContainerUser",
  LinuxContainerUser: "gid!:l supplementalGroups:[l] uid!:l",
  LeaseSpec: "preferredHolder:s strategy:s",
  // Names that are no identifiers, which the declarations leave out.
  JSONSchemaProps: [
    "x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:[s] x-kubernetes-list-type:s",
    "x-kubernetes-map-type:s x-kubernetes-preserve-unknown-fields:b x-kubernetes-validations:[ValidationRule]",
  ].join(" "),
  ValidationRule: "fieldPath:s message:s messageExpression:s optionalOldSelf:b reason:s rule!:s",
}

const declared = new Map<string, Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>>()
for (const file of FILES) {
  const source = ts.createSourceFile(file, readFileSync(`${ROOT}/${file}.d.ts`, "utf8"), ts.ScriptTarget.Latest, true)
  const names = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>()
  for (const node of source.statements)
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) names.set(node.name.text, node)
  declared.set(file, names)
}

const SCALARS: Readonly<Record<string, string>> = {
  Time: "t",
  MicroTime: "m",
  Quantity: "q",
  IntOrString: "x",
  RawExtension: "*",
  FieldsV1: "*",
  JSON: "*",
  JSONSchemaPropsOrArray: "?JSONSchemaProps",
  JSONSchemaPropsOrBool: "?JSONSchemaProps",
  JSONSchemaPropsOrStringArray: "?JSONSchemaProps",
  string: "s",
  boolean: "b",
}
const done = new Map<string, string>()

function find(name: string, near: string): string {
  const file = [near, ...FILES].find((f) => declared.get(f)?.has(name) === true)
  if (file === undefined) throw new Error(`${name} is declared nowhere`)
  return file
}

function typeText(type: ts.TypeNode, owner: string, field: string, file: string): string {
  const text = type.getText()
  if (BYTES.has(`${owner}.${field}`)) return text.startsWith("{") ? "{y}" : "y"
  if (text === "number" && FLOATS.has(field)) return "n"
  if (text === "number") return INT64.has(field) ? "l" : "i"
  if (ts.isUnionTypeNode(type) && type.types.some((t) => t.kind === ts.SyntaxKind.NumberKeyword)) return "x"
  if (ts.isLiteralTypeNode(type) || ts.isUnionTypeNode(type)) return "s"
  if (ts.isArrayTypeNode(type)) return `[${typeText(type.elementType, owner, field, file)}]`
  if (ts.isTypeReferenceNode(type) && type.typeName.getText() === "Array")
    return `[${typeText(type.typeArguments![0]!, owner, field, file)}]`
  if (ts.isTypeLiteralNode(type)) {
    const signature = type.members[0] as ts.IndexSignatureDeclaration
    return `{${typeText(signature.type, owner, field, file)}}`
  }
  const scalar = SCALARS[text]
  if (scalar !== undefined) return scalar
  visit(text, find(text, file))
  return text
}

function visit(name: string, file: string): void {
  if (done.has(name)) return
  done.set(name, "")
  const node = declared.get(file)!.get(name)!
  if (!ts.isInterfaceDeclaration(node)) throw new Error(`${name} is no interface`)
  const fields = node.members.filter(ts.isPropertySignature).map((member) => {
    const field = (member.name as ts.Identifier).text
    return `${field}${member.questionToken === undefined ? "!" : ""}:${typeText(member.type!, name, field, file)}`
  })
  const more = (ADDED[name] ?? "")
    .split(" ")
    .filter((f) => f !== "" && !fields.some((known) => known.split(/[!:]/)[0] === f.split(/[!:]/)[0]))
  done.set(name, [...fields, ...more].sort().join(" "))
}

for (const kind of KINDS) {
  const [file, name] = kind.split(".") as [string, string]
  visit(name, file)
}
for (const [name, fields] of Object.entries(ADDED)) if (!done.has(name)) done.set(name, fields)

const lines = [...done].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, fields]) => `${name} ${fields}`.trim())
writeFileSync(
  "src/kube/api/schema-table.ts",
  `/**
 * The fields of the API's types, one type a line: \`Type field:type field!:type\` (! required). Types: s string, i int32, l int64, b boolean,
 * n number, t Time, m MicroTime, q Quantity, x IntOrString, y bytes, * anything, [T] list, {T} map of strings to T, ?T a T or anything that is no
 * object, or another type's name.
 * Written by test/kube/generate-schema.ts from kubernetes-types (Apache-2.0); do not edit.
 */
export const SCHEMA_TABLE: string = \`
${lines.join("\n")}
\`
`,
)
