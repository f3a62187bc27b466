/** kubectl exec and logs. */
import { formatQuery } from "../../kube/api/request.ts"
import { isFailure } from "../../kube/api/status.ts"
import { type Client, fail, statusText } from "./client.ts"
import type { Flags } from "./flags.ts"

interface PodSpec {
  spec: { containers: { name: string }[] }
}

/** The container to use; says so when there is a choice. */
async function containerOf(client: Client, pod: string, flags: Flags): Promise<string> {
  const object = client.get(client.resource("pods"), pod) as unknown as PodSpec
  const names = object.spec.containers.map((container) => container.name)
  const wanted = flags.value("container")
  if (wanted !== undefined)
    return names.includes(wanted)
      ? wanted
      : fail(`Error from server (BadRequest): container ${wanted} is not valid for pod ${pod}`)
  if (names.length > 1)
    await client.proc.err(`Defaulted container ${JSON.stringify(names[0])} out of: ${names.join(", ")}\n`)
  return names[0] ?? ""
}

const podName = (word: string): string => word.replace(/^(pods?|po)\//, "")

export async function exec(client: Client, words: readonly string[], flags: Flags): Promise<number> {
  const [target, ...inline] = words
  if (target === undefined) return fail("error: pod, type/name or --filename must be specified")
  if (inline.length > 0)
    fail(
      "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
    )
  const command = flags.rest ?? []
  if (command.length === 0) fail("error: you must specify at least one command for the container")
  const pod = podName(target)
  const container = await containerOf(client, pod, flags)
  const { proc } = client
  const query = formatQuery({
    command,
    container,
    stdout: "true",
    stderr: "true",
    ...(flags.has("stdin") ? { stdin: "true" } : {}),
    ...(flags.has("tty") ? { tty: "true" } : {}),
  })
  const path = `${client.path(client.resource("pods"), pod)}/exec?${query}`
  // With -t the terminal is raw: Ctrl-C is the remote program's.
  if (flags.has("tty")) proc.ignore("SIGINT")
  const stdin = flags.has("stdin") ? proc.fds.get(0) : undefined
  const answer = client.request({
    method: "POST",
    path,
    streams: { stdin, stdout: proc.fds.get(1), stderr: proc.fds.get(2) },
  })
  const { session } = answer
  if (session === undefined)
    return fail(
      isFailure(answer.body)
        ? execError(answer.body.reason ?? "", answer.body.message ?? "", statusText(answer.body))
        : "error: the server did not start the command",
    )
  while (session.status === undefined) await proc.task.wait(session.done)
  const code = Number(session.status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message ?? 0)
  if (code !== 0) await proc.err(`command terminated with exit code ${code}\n`)
  return code
}

/** A command that cannot be started comes back as an internal error. */
const execError = (reason: string, message: string, otherwise: string): string =>
  reason === "InternalError"
    ? `error: Internal error occurred: ${message.replace(/^Internal error occurred: /, "")}`
    : otherwise

export async function logs(client: Client, words: readonly string[], flags: Flags): Promise<number> {
  const [target] = words
  if (target === undefined)
    return fail(
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    )
  const pod = podName(target)
  const container = await containerOf(client, pod, flags)
  const query = formatQuery({
    container,
    ...(flags.has("previous") ? { previous: "true" } : {}),
    ...(flags.has("timestamps") ? { timestamps: "true" } : {}),
    tailLines: flags.value("tail"),
  })
  const answer = client.request({ method: "GET", path: `${client.path(client.resource("pods"), pod)}/log?${query}` })
  if (isFailure(answer.body)) return fail(statusText(answer.body))
  await client.proc.out(answer.text ?? "")
  return 0
}
