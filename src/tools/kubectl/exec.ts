/** kubectl exec. Models pkg/cmd/exec. */
import { formatQuery } from "../../kube/api/request.ts"
import { isFailure, type Status } from "../../kube/api/status.ts"
import { PipedFile } from "../../linux/task/file.ts"
import type { Client } from "./client.ts"
import { fail, Stop, statusFailure, usage } from "./failure.ts"
import { containerOf, podOf } from "./pods.ts"

/** With -t, when there is no terminal, as from a script. */
const NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file\n"

export async function exec(client: Client): Promise<number> {
  const { flags, proc } = client
  const before = flags.words.slice(0, flags.dash)
  const command = flags.dash === undefined ? [] : flags.words.slice(flags.dash)
  const [target] = before
  if (target === undefined) return fail("pod, type/name or --filename must be specified")
  if (before.length > 1)
    usage("exec", "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
  if (command.length === 0) fail("you must specify at least one command for the container")
  const pod = await podOf(client, target)
  const { phase } = pod.status
  if (phase === "Succeeded" || phase === "Failed")
    fail(`cannot exec into a container in a completed pod; current phase is ${phase}`)
  const container = await containerOf(client, pod)
  const tty = await useTerminal(client)
  const input = flags.has("stdin")
  const query = formatQuery({
    command,
    container,
    ...(input ? { stdin: "true" } : {}),
    stdout: "true",
    ...(tty ? { tty: "true" } : { stderr: "true" }),
  })
  // With -t the terminal is raw: Ctrl-C is the remote program's.
  if (tty) proc.ignore("SIGINT")
  const typed = input ? proc.fds.get(0) : undefined
  const stdin = typed?.isTty === true && !tty ? new PipedFile(typed) : typed
  const answer = client.request({
    method: "POST",
    path: `${client.path(client.resource("pods"), pod.metadata.name, pod.metadata.namespace)}/exec?${query}`,
    streams: { stdin, stdout: proc.fds.get(1), stderr: proc.fds.get(tty ? 1 : 2) },
  })
  const { session, body } = answer
  if (session === undefined) return isFailure(body) ? refused(body) : fail("the server did not start the command")
  while (session.status === undefined) await proc.task.wait(session.done)
  const code = Number(session.status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message ?? 0)
  if (code !== 0) await proc.err(`command terminated with exit code ${code}\n`)
  return code
}

async function useTerminal({ flags, proc }: Client): Promise<boolean> {
  if (!flags.has("tty") || !flags.has("stdin")) return false
  if (proc.fds.get(0)?.isTty === true) return true
  if (!flags.has("quiet")) await proc.err(NO_TERMINAL)
  return false
}

/** What the runtime refuses comes over the open stream, as an internal error without a Status around it. */
function refused(status: Status): never {
  if (status.reason !== "InternalError") throw new Stop(statusFailure(status))
  return fail(`Internal error occurred: ${(status.message ?? "").replace(/^Internal error occurred: /, "")}`)
}
