/** `cilium hubble port-forward`: a port of this machine that leads to Hubble Relay, until it is interrupted. Models cilium-cli/hubble RelayPortForwardCommand. */

import type { Pod, Service } from "../../../kube/api/types.ts"
import { isReady } from "../../../kube/controllers/pods.ts"
import { TcpListener } from "../../../linux/inet/tcp-socket.ts"
import type { Flags } from "../../../shell/pflag.ts"
import { Termination } from "../../../shell/termination.ts"
import { ipv4 } from "../../../wire/address.ts"
import { peersOf } from "../agent/hubble.ts"
import { NAMESPACE } from "../chart/release.ts"
import { forward, Relay } from "../hubble/relay.ts"
import type { Client } from "./client.ts"
import { CliError } from "./install.ts"

const RELAY = "hubble-relay"
const PORT = 4245

export async function portForward(client: Client, flags: Flags): Promise<number> {
  const { proc, registry } = client
  const port = flags.number("port-forward") ?? PORT
  const service = client.get<Service>("services", NAMESPACE, RELAY)
  if (service === undefined)
    throw new CliError(`failed to port forward: failed to get service "${RELAY}": services "${RELAY}" not found`)
  const ready = (): boolean => client.list<Pod>("pods", NAMESPACE, { "k8s-app": RELAY }).some(isReady)
  if (!ready()) throw new CliError(`failed to port forward: no ready pod behind the service "${RELAY}"`)
  const listener = TcpListener.listen(proc.net, ipv4("127.0.0.1"), port)
  if (typeof listener === "string")
    throw new CliError(`failed to port forward: unable to listen on any of the requested ports: [{${port} ${PORT}}]`)
  const stop = forward(proc.net, port, new Relay(() => (ready() ? peersOf(registry) : [])))
  try {
    await proc.out(`ℹ️  Hubble Relay is available at 127.0.0.1:${port}\n`)
    await new Termination(proc).wait()
  } finally {
    stop()
    listener.close()
  }
  return 0
}
