/** kubectl logs. Models pkg/cmd/logs. */
import { formatQuery } from "../../kube/api/request.ts"
import { isFailure } from "../../kube/api/status.ts"
import type { Pod } from "../../kube/api/types.ts"
import { parseDuration } from "../../shell/pflag.ts"
import type { Client } from "./client.ts"
import { fail, Stop, statusFailure, usage } from "./failure.ts"
import { containerOf, podOf } from "./pods.ts"

export async function logs(client: Client): Promise<number> {
  const { flags } = client
  const [target, container] = flags.words
  const selector = flags.value("selector")
  if (target === undefined && selector === undefined)
    usage(
      "logs",
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
    )
  if (flags.words.length > 2 || (target !== undefined && selector !== undefined))
    usage("logs", "only a selector (-l) or a POD name is allowed")
  if (container !== undefined && flags.has("container")) fail("only one of -c or an inline [CONTAINER] arg is allowed")
  if (flags.has("container") && flags.has("all-containers"))
    fail(`--all-containers=true should not be specified with container name ${flags.value("container")}`)
  const pods =
    target === undefined
      ? (client.list(client.resource("pods"), { labelSelector: selector }) as Pod[])
      : [await findPod(client, target)]
  if (pods.length === 0) await client.proc.err(`No resources found in ${client.namespace} namespace.\n`)
  // A selector means less of each.
  const tail = flags.number("tail") ?? (selector === undefined ? -1 : 10)
  const chosen: { pod: Pod; name: string }[] = []
  for (const pod of pods) for (const name of await containers(client, pod, container)) chosen.push({ pod, name })
  for (const { pod, name } of chosen) await show(client, pod, name, tail)
  return 0
}

/** Other commands leave a missing pod to the server's words; this one puts its own around them. */
async function findPod(client: Client, word: string): Promise<Pod> {
  if (word.includes("/")) return podOf(client, word, true)
  const found = client.find(client.resource("pods"), word)
  if (!isFailure(found)) return found as Pod
  if (found.reason !== "NotFound") throw new Stop(statusFailure(found))
  return fail(`error from server (NotFound): ${found.message ?? ""} in namespace ${JSON.stringify(client.namespace)}`)
}

async function containers(client: Client, pod: Pod, given: string | undefined): Promise<string[]> {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ name }) => name)
  if (client.flags.has("all-containers")) return all
  const name = await containerOf(client, pod, given)
  return all.includes(name) ? [name] : fail(`container ${name} is not valid for pod ${pod.metadata.name}`)
}

async function show(client: Client, pod: Pod, container: string, tail: number): Promise<void> {
  const { flags, proc } = client
  const since = parseDuration(flags.value("since") ?? "0") as number
  const query = formatQuery({
    container,
    ...(flags.has("follow") ? { follow: "true" } : {}),
    ...(flags.has("previous") ? { previous: "true" } : {}),
    ...(flags.has("timestamps") ? { timestamps: "true" } : {}),
    ...(since > 0 ? { sinceSeconds: String(Math.ceil(since / 1e9)) } : {}),
    ...(tail >= 0 ? { tailLines: String(tail) } : {}),
    limitBytes: flags.value("limit-bytes"),
  })
  const { name, namespace } = pod.metadata
  const answer = client.request({
    method: "GET",
    path: `${client.path(client.resource("pods"), name, namespace)}/log?${query}`,
  })
  if (isFailure(answer.body)) throw new Stop(statusFailure(answer.body))
  const prefix = flags.has("prefix") ? `[pod/${name}/${container}] ` : ""
  const prefixed = (text: string): string => (prefix === "" ? text : text.replace(/^(?=[\s\S])/gm, prefix))
  const { textStream } = answer
  if (textStream === undefined) return proc.out(prefixed(answer.text ?? ""))
  for (;;) {
    for (let text = textStream.take(); text !== undefined; text = textStream.take()) await proc.out(prefixed(text))
    if (textStream.ended) return
    await proc.task.wait(textStream.changed)
  }
}
