/** kubectl create and run: objects from files or from the command line. Models pkg/cmd/create and pkg/cmd/run. */
import type { Dict } from "../../kube/api/json.ts"
import type { ManifestSource } from "../../kube/api/sources.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { strerror } from "../../linux/errno.ts"
import { fieldValidation } from "./apply.ts"
import type { Client } from "./client.ts"
import { type Failure, fail, Stop, statusFailure, usage } from "./failure.ts"
import { readManifests } from "./manifest.ts"
import { dryRunMode, printDone } from "./print.ts"

export async function create(client: Client): Promise<number> {
  const { flags } = client
  const files = flags.all("filename")
  if (files.length === 0 && flags.words.length === 0) fail("must specify one of -f and -k")
  if (flags.words.length > 0) usage("create", `Unexpected args: [${flags.words.join(" ")}]`)
  const { objects, failures } = await readManifests(client, files)
  const failed: Failure[] = [...failures]
  for (const { object, namespace, source, origin } of objects) {
    const wrap = (text: string): string => `error when creating ${JSON.stringify(source)}: ${text}`
    const failure = await post(client, { ...object }, namespace, "kubectl-create", wrap, origin)
    if (failure !== undefined) failed.push(failure)
  }
  if (failed.length > 0) throw new Stop(...failed)
  return 0
}

/** Sends an object, and says so. Returns what the server said against it. */
async function post(
  client: Client,
  object: Dict,
  namespace: string,
  manager: string,
  wrap: (text: string) => string = (text) => text,
  source?: ManifestSource,
): Promise<Failure | undefined> {
  const resource = client.resourceOf(object) ?? fail(`no matches for kind ${JSON.stringify(object["kind"])}`)
  const dryRun = dryRunMode(client)
  if (dryRun === "client") {
    await printDone(client, resource, object as ApiObject, "created")
    return undefined
  }
  const query = {
    fieldManager: manager,
    fieldValidation: fieldValidation(client),
    ...(dryRun === "server" ? { dryRun: "All" } : {}),
  }
  const path = client.path(resource, undefined, namespace, query)
  const created = (await client.ask({
    method: "POST",
    path,
    body: object,
    ...(source === undefined ? {} : { source }),
  })) as ApiObject | Status
  if (isFailure(created)) return statusFailure(created, wrap)
  await printDone(client, resource, created as ApiObject, "created")
  return undefined
}

async function postOne(client: Client, object: Dict, manager: string): Promise<number> {
  const failure = await post(client, object, client.namespace, manager)
  if (failure !== undefined) throw new Stop(failure)
  return 0
}

function nameOf(client: Client, command: string): string {
  const before = client.flags.words.slice(0, client.flags.dash)
  const [name] = before
  if (name === undefined || before.length > 1)
    return usage(command, `exactly one NAME is required, got ${before.length}`)
  return name
}

/** An explicit namespace is part of the object. */
const metadataOf = (client: Client, name: string, labels?: Dict): Dict => ({
  creationTimestamp: null,
  ...(labels === undefined ? {} : { labels }),
  name,
  ...(client.flags.value("namespace") === undefined ? {} : { namespace: client.namespace }),
})

export function createNamespace(client: Client): Promise<number> {
  const name = nameOf(client, "create namespace")
  const metadata = { creationTimestamp: null, name }
  return postOne(client, { apiVersion: "v1", kind: "Namespace", metadata, spec: {}, status: {} }, "kubectl-create")
}

export function createConfigMap(client: Client): Promise<number> {
  const name = nameOf(client, "create configmap")
  const data: Dict = {}
  const put = (key: string, value: string): void => {
    if (key in data)
      fail(
        `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(name)}`,
      )
    data[key] = value
  }
  for (const literal of client.flags.all("from-literal")) {
    const equals = literal.indexOf("=")
    if (equals < 1) fail(`invalid literal source ${literal}, expected key=value`)
    put(literal.slice(0, equals), literal.slice(equals + 1))
  }
  for (const source of client.flags.all("from-file")) {
    const [first = "", ...rest] = source.split("=")
    const path = rest.length === 0 ? first : rest.join("=")
    const read = client.proc.fs.readText(client.proc.path(path))
    if ("text" in read) put(rest.length === 0 ? (path.split("/").at(-1) as string) : first, read.text)
    else fail(`error reading ${path}: ${strerror(read.errno).toLowerCase()}`)
  }
  const object = {
    apiVersion: "v1",
    ...(Object.keys(data).length > 0 ? { data } : {}),
    kind: "ConfigMap",
    metadata: metadataOf(client, name),
  }
  return postOne(client, object, "kubectl-create")
}

/** `nginx` of `docker.io/library/nginx:1.29@sha256:…`. */
const containerName = (image: string): string => (image.split("/").at(-1) as string).split(/[:@]/)[0] as string

export function createDeployment(client: Client): Promise<number> {
  const { flags } = client
  const images = flags.list("image")
  if (images.length === 0) fail('required flag(s) "image" not set')
  const name = nameOf(client, "create deployment")
  const command = flags.dash === undefined ? [] : flags.words.slice(flags.dash)
  const port = flags.number("port")
  const labels = { app: name }
  const containers = images.map((image) => ({
    ...(command.length > 0 ? { command } : {}),
    image,
    name: containerName(image),
    ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
    resources: {},
  }))
  const template = { metadata: { creationTimestamp: null, labels }, spec: { containers } }
  const spec = { replicas: flags.number("replicas") ?? 1, selector: { matchLabels: labels }, strategy: {}, template }
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(client, name, labels),
    spec,
    status: {},
  }
  return postOne(client, object, "kubectl-create")
}

function pairs(texts: readonly string[], what: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=")
      return equals < 1 ? fail(`unexpected ${what}: ${text}`) : [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}

export function run(client: Client): Promise<number> {
  const { flags } = client
  const image = flags.value("image") ?? fail('required flag(s) "image" not set')
  const [name, ...more] = flags.words
  if (name === undefined || flags.dash === 0) return usage("run", "NAME is required for run")
  const restart = flags.value("restart") ?? "Always"
  if (!["Always", "OnFailure", "Never"].includes(restart))
    fail(`invalid restart policy: ${restart}\nSee 'kubectl run -h' for help and examples`)
  const labels = flags.value("labels") === undefined ? { run: name } : pairs(flags.list("labels"), "label")
  const env = Object.entries(pairs(flags.all("env"), "env")).map(([key, value]) => ({ name: key, value }))
  const port = flags.number("port")
  const container = {
    ...(more.length > 0 ? { [flags.has("command") ? "command" : "args"]: more } : {}),
    ...(env.length > 0 ? { env } : {}),
    image,
    ...(flags.value("image-pull-policy") === undefined ? {} : { imagePullPolicy: flags.value("image-pull-policy") }),
    name,
    ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
    resources: {},
  }
  const spec = { containers: [container], dnsPolicy: "ClusterFirst", restartPolicy: restart }
  return postOne(
    client,
    { apiVersion: "v1", kind: "Pod", metadata: metadataOf(client, name, labels), spec, status: {} },
    "kubectl-run",
  )
}
