/** kubectl wait --for=condition=…|delete. */
import { isStatus } from "../../kube/api/status.ts"
import { type Client, fail, printedName } from "./client.ts"
import type { Flags } from "./flags.ts"
import { readTargets } from "./get.ts"

interface Conditioned {
  status?: { conditions?: { type: string; status: string }[] }
}

/** `30s`, `5m`, `1h` in nanoseconds. */
function duration(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text)
  if (match === null)
    return fail(
      `error: invalid argument ${JSON.stringify(text)} for "--timeout" flag: time: invalid duration ${JSON.stringify(text)}`,
    )
  return Number(match[1]) * { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }[match[2] as "s"]
}

export async function wait(client: Client, words: readonly string[], flags: Flags): Promise<number> {
  const what =
    flags.value("for") ?? fail("error: you must specify a condition to wait for: --for=condition=Ready or --for=delete")
  const condition = /^condition=([^=]+)(?:=(.*))?$/i.exec(what)
  if (condition === null && what !== "delete") fail(`error: podwire's kubectl does not support --for=${what}`)
  const limit = client.proc.kernel.sim.now + duration(flags.value("timeout") ?? "30s")
  let code = 0
  for (const { resource, names } of readTargets(
    client,
    words,
    "error: You must provide one or more resources by argument or filename.",
  ))
    for (const name of names) {
      const met = (): boolean => {
        const object = client.ask({ method: "GET", path: client.path(resource, name) })
        if (what === "delete") return isStatus(object)
        const wanted = condition?.[1]?.toLowerCase()
        return (
          !isStatus(object) &&
          ((object as Conditioned).status?.conditions ?? []).some(
            (c) =>
              c.type.toLowerCase() === wanted && c.status.toLowerCase() === (condition?.[2] ?? "true").toLowerCase(),
          )
        )
      }
      if (what !== "delete") client.get(resource, name)
      while (!met() && client.proc.kernel.sim.now < limit) await client.proc.sleep(50e6)
      if (met()) await client.proc.out(`${printedName(resource, name)} condition met\n`)
      else {
        await client.proc.err(`error: timed out waiting for the condition on ${resource.plural}/${name}\n`)
        code = 1
      }
    }
  return code
}
