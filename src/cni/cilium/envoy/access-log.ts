/** What the proxy reports of a request or an answer. Models PROXY:cilium/accesslog.cc with pkg/proxy/logger. */
import type { AccessLog, HttpRecord, L7Peer } from "../monitor/event.ts"
import type { Redirected } from "./upstream.ts"
import type { ProxyListener, ProxyMaps } from "./xds.ts"

export function accessLog(
  time: number,
  type: "request" | "response",
  verdict: AccessLog["verdict"],
  listener: ProxyListener,
  flow: Redirected,
  maps: ProxyMaps,
  http: HttpRecord,
  object: unknown,
): AccessLog {
  const source = peer(maps, flow.client, flow.clientPort, flow.clientIdentity)
  const destination = peer(maps, flow.server, flow.serverPort, maps.identity(flow.server))
  const { ingress, port: proxyPort } = listener
  return { kind: "l7", time, type, verdict, ingress, source, destination, proxyPort, http, object }
}

const peer = (maps: ProxyMaps, address: number, port: number, identity: number): L7Peer => ({
  address,
  port,
  identity,
  endpoint: maps.endpoint(address)?.id ?? 0,
})
