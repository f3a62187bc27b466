/** kubectl delete. Models pkg/cmd/delete. */
import type { Resource } from "../../kube/api/resource.ts"
import { isFailure, isStatus, type Status, success } from "../../kube/api/status.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { type Client, printedName, qualifiedKind } from "./client.ts"
import { type Failure, fail, Stop, statusFailure } from "./failure.ts"
import { readManifests } from "./manifest.ts"
import { dryRunMode, dryRunNote } from "./print.ts"
import { readTargets } from "./targets.ts"

interface Doomed {
  resource: Resource
  name: string
  namespace: string
  /** The file that names it. */
  source: string | undefined
  uid?: string
}

const IMMEDIATE =
  "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n"

export async function remove(client: Client): Promise<number> {
  const { flags, proc } = client
  const output = flags.value("output")
  if (output !== undefined && output !== "name") fail(`unexpected -o output mode: ${output}. We only support '-o name'`)
  const dryRun = dryRunMode(client)
  const body = {
    propagationPolicy: policy(client),
    ...gracePeriod(client),
    ...(dryRun === "server" ? { dryRun: ["All"] } : {}),
  }
  const targets = await doomed(client)
  if (flags.has("force")) await proc.err(IMMEDIATE)
  const failures: Failure[] = []
  const waiting: Doomed[] = []
  for (const target of targets) {
    const { resource, name, namespace, source } = target
    const path = client.path(resource, name, namespace)
    // A client's dry run does not even look.
    const answer =
      dryRun === "client" ? success() : ((await client.ask({ method: "DELETE", path, body })) as ApiObject | Status)
    if (isFailure(answer)) {
      if (!(ignoresMissing(client) && answer.reason === "NotFound"))
        failures.push(
          statusFailure(answer, (text) =>
            source === undefined ? text : `error when deleting ${JSON.stringify(source)}: ${text}`,
          ),
        )
      continue
    }
    await proc.out(
      output === "name"
        ? `${printedName(resource, name)}\n`
        : `${qualifiedKind(resource)} ${JSON.stringify(name)} ${flags.has("force") ? "force deleted" : "deleted"}${dryRunNote(client)}\n`,
    )
    if (dryRun === "none" && !isStatus(answer)) waiting.push({ ...target, uid: (answer as ApiObject).metadata.uid })
  }
  if (flags.value("wait") === undefined || flags.has("wait")) for (const target of waiting) await gone(client, target)
  if (failures.length > 0) throw new Stop(...failures)
  if (targets.length === 0) await proc.out("No resources found\n")
  return 0
}

const ignoresMissing = ({ flags }: Client): boolean => flags.has("ignore-not-found") || flags.has("all")

function policy({ flags }: Client): string {
  const cascade = flags.value("cascade") ?? "background"
  const known: Readonly<Record<string, string>> = {
    background: "Background",
    foreground: "Foreground",
    orphan: "Orphan",
  }
  return known[cascade] ?? fail(`invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan".`)
}

function gracePeriod({ flags }: Client): { gracePeriodSeconds?: number } {
  const given = flags.number("grace-period")
  if (flags.has("now")) {
    if (given !== undefined && given !== -1) fail("--now and --grace-period cannot be specified together")
    return { gracePeriodSeconds: 1 }
  }
  if (flags.has("force") && (given ?? -1) < 0) return { gracePeriodSeconds: 0 }
  if (flags.has("force") && (given ?? 0) > 0)
    fail("--force and --grace-period greater than 0 cannot be specified together")
  // Zero without --force is one, so that nobody loses a pod's last words by accident.
  if (given === 0 && !flags.has("force")) return { gracePeriodSeconds: 1 }
  return given === undefined || given < 0 ? {} : { gracePeriodSeconds: given }
}

async function doomed(client: Client): Promise<Doomed[]> {
  const { flags } = client
  const files = flags.all("filename")
  if (files.length > 0) {
    const { objects, failures } = await readManifests(client, files)
    if (failures.length > 0) throw new Stop(...failures)
    return objects
  }
  const targets = await readTargets(client, flags.words, { needsName: true })
  const query = { labelSelector: flags.value("selector"), fieldSelector: flags.value("field-selector") }
  return targets.flatMap(({ resource, names, namespace }) =>
    names === undefined
      ? client.list(resource, query).map(({ metadata }) => ({
          resource,
          name: metadata.name,
          namespace: metadata.namespace ?? "",
          source: undefined,
        }))
      : names.map((name) => ({ resource, name, namespace, source: undefined })),
  )
}

/** Deleting waits until the object is really gone. */
async function gone(client: Client, { resource, name, namespace, uid }: Doomed): Promise<void> {
  for (;;) {
    const object = client.find(resource, name, namespace)
    if (isStatus(object) || object.metadata.uid !== uid) return
    await client.proc.sleep(20e6)
  }
}
