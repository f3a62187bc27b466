/** Whether a port is among those a rule names. */
import type { NamedPorts } from "./api.ts"
import { IPPROTO, type PortSpec } from "./rule.ts"

/** `server` has the named ports: of the destination, on both sides. Undefined specs are every port. */
export function portsMatch(
  specs: readonly PortSpec[] | undefined,
  server: NamedPorts | undefined,
  protocol: number,
  port: number,
): boolean {
  return specs === undefined || specs.some((spec) => portMatches(spec, server, protocol, port))
}

export function portMatches(spec: PortSpec, server: NamedPorts | undefined, protocol: number, port: number): boolean {
  if (spec.protocol === IPPROTO.ANY) return true
  if (spec.protocol !== protocol) return false
  if (spec.name !== undefined) return (server?.get(`${spec.name}/${protocol}`) ?? []).includes(port)
  return (spec.port === 0 && spec.endPort === 0) || (port >= spec.port && port <= spec.endPort)
}
