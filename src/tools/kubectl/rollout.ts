/** kubectl rollout restart and status. Models pkg/cmd/rollout. */
import type { Resource } from "../../kube/api/resource.ts"
import { timestamp } from "../../kube/api/time.ts"
import type { ApiObject } from "../../kube/api/types.ts"
import { parseDuration } from "../../shell/pflag.ts"
import type { Client } from "./client.ts"
import { each, found, send } from "./edit.ts"
import { fail } from "./failure.ts"

export async function rolloutRestart(client: Client): Promise<number> {
  return each(client, await found(client, client.flags.words), async (item) => {
    const { kind } = item.resource
    if (kind !== "Deployment" && kind !== "DaemonSet")
      fail(`${item.resource.plural} ${JSON.stringify(item.object.metadata.name)} restarting is not supported`)
    const restartedAt = timestamp(client.proc.kernel.sim)
    const metadata = { annotations: { "kubectl.kubernetes.io/restartedAt": restartedAt } }
    const object = await send(client, item, "strategic", { spec: { template: { metadata } } }, "kubectl-rollout")
    return { object, verb: "restarted" }
  })
}

export async function rolloutStatus(client: Client): Promise<number> {
  const { flags, proc } = client
  const timeout = parseDuration(flags.value("timeout") ?? "0s") as number
  const limit = timeout > 0 ? proc.kernel.sim.now + timeout : Number.POSITIVE_INFINITY
  for (const { resource, object } of await found(client, client.flags.words)) {
    let said = ""
    for (;;) {
      const { text, done } = progress(resource, client.get(resource, object.metadata.name, object.metadata.namespace))
      if (text !== said) await proc.out(`${text}\n`)
      said = text
      if (done || (flags.value("watch") !== undefined && !flags.has("watch"))) break
      if (proc.kernel.sim.now >= limit) fail("timed out waiting for the condition")
      await proc.sleep(Math.min(20e6, limit - proc.kernel.sim.now))
    }
  }
  return 0
}

/** Models polymorphichelpers/rollout_status.go. */
function progress(resource: Resource, object: ApiObject): { text: string; done: boolean } {
  const spec = object["spec"] as Record<string, number>
  const status = object["status"] as Record<string, number>
  const name = JSON.stringify(object.metadata.name)
  const number = (key: string): number => status[key] ?? 0
  const waiting = (text: string): { text: string; done: boolean } => ({ text, done: false })
  const observed = number("observedGeneration") >= (object.metadata.generation ?? 0)
  if (resource.kind === "Deployment") {
    if (!observed) return waiting("Waiting for deployment spec update to be observed...")
    const head = `Waiting for deployment ${name} rollout to finish: `
    const replicas = spec["replicas"] ?? 1
    const [updated, all, available] = [number("updatedReplicas"), number("replicas"), number("availableReplicas")]
    if (updated < replicas) return waiting(`${head}${updated} out of ${replicas} new replicas have been updated...`)
    if (all > updated) return waiting(`${head}${all - updated} old replicas are pending termination...`)
    if (available < updated) return waiting(`${head}${available} of ${updated} updated replicas are available...`)
    return { text: `deployment ${name} successfully rolled out`, done: true }
  }
  if (resource.kind !== "DaemonSet") return fail(`no status viewer has been implemented for ${resource.kind}`)
  if (!observed) return waiting("Waiting for daemon set spec update to be observed...")
  const head = `Waiting for daemon set ${name} rollout to finish: `
  const [updated, desired, available] = [
    number("updatedNumberScheduled"),
    number("desiredNumberScheduled"),
    number("numberAvailable"),
  ]
  if (updated < desired) return waiting(`${head}${updated} out of ${desired} new pods have been updated...`)
  if (available < desired) return waiting(`${head}${available} of ${desired} updated pods are available...`)
  return { text: `daemon set ${name} successfully rolled out`, done: true }
}
