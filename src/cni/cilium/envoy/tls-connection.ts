/**
 * One redirected connection of which policy wants to know the TLS server's name: looked at, then passed on or closed. Models Envoy's
 * tls_inspector with PROXY:cilium/network_filter.cc and tcp_proxy.
 */
import type { TcpSocket } from "../../../linux/inet/tcp-socket.ts"
import type { Process } from "../../../linux/task/process.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { readClientHello } from "../../../wire/tls-hello.ts"
import { dialUpstream, flowOf } from "./upstream.ts"
import type { ProxyListener, ProxyMaps, Xds } from "./xds.ts"

/** listener_filters_timeout. */
const INSPECTION_TIMEOUT = 15 * SECOND
/** What the inspector looks at, at most. */
const INSPECTED_MAX = 16_384

/** Serves a connection until both sides have closed. */
export async function serveTls(
  proc: Process,
  down: TcpSocket,
  xds: Xds,
  maps: ProxyMaps,
  listener: ProxyListener,
): Promise<void> {
  const flow = flowOf(down, maps)
  const first = await inspect(proc, down)
  if (first === undefined || !allowed(xds, maps, listener, flow, first.name)) {
    // What the client has sent was never taken from the socket: closing it is a reset.
    down.sock.abort()
    return
  }
  const up = await dialUpstream(proc, listener, maps, flow)
  if (typeof up === "string") {
    down.sock.abort()
    return
  }
  if ((await up.write(proc, first.bytes)) === undefined) {
    const back = proc.spawn(proc.argv, {
      tool: {
        name: "cilium-envoy",
        async main(child) {
          await pass(child, up, down)
          return 0
        },
      },
    })
    await pass(proc, down, up)
    if (typeof back !== "string") await proc.wait(back)
  }
  up.close()
  down.close()
}

/** What the client said first, and whom it named; undefined when it left. */
async function inspect(proc: Process, socket: TcpSocket): Promise<{ bytes: Uint8Array; name: string } | undefined> {
  const deadline = proc.kernel.sim.now + INSPECTION_TIMEOUT
  let bytes: Uint8Array = new Uint8Array(0)
  for (;;) {
    const hello = readClientHello(bytes)
    if (hello !== undefined || bytes.length > INSPECTED_MAX) return { bytes, name: hello?.name ?? "" }
    const more = await socket.read(proc, 65536, deadline - proc.kernel.sim.now)
    if (typeof more === "string" || more.length === 0) return undefined
    bytes = Uint8Array.from([...bytes, ...more])
  }
}

function allowed(
  xds: Xds,
  maps: ProxyMaps,
  { ingress }: ProxyListener,
  { client, server, serverPort, clientIdentity }: ReturnType<typeof flowOf>,
  name: string,
): boolean {
  const endpoint = maps.endpoint(ingress ? server : client)
  const policy = endpoint === undefined ? undefined : xds.policies.get(endpoint.id)
  const remote = ingress ? clientIdentity : maps.identity(server)
  return policy?.decideName(ingress, serverPort, remote, name) === true
}

/** Bytes of one direction, to their end. */
async function pass(proc: Process, from: TcpSocket, to: TcpSocket): Promise<void> {
  for (;;) {
    const data = await from.read(proc)
    if (typeof data === "string") {
      to.sock.abort()
      return
    }
    if (data.length === 0) {
      to.shutdownWrite()
      return
    }
    if ((await to.write(proc, data)) !== undefined) {
      from.sock.abort()
      return
    }
  }
}
