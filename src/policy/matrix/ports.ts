/** Ports that stand for all others: what rules say changes at these and nowhere in between. */
import { IPPROTO, type Rule } from "../rule.ts"
import type { FlowPort } from "../verdict.ts"
import type { MatrixPod } from "./classes.ts"

const { ICMP, SCTP, TCP, UDP } = IPPROTO
const LAST = 65535

/** Where a range of any rule begins, what comes after one, the numbers behind names, and one port of each protocol that nobody mentions. */
export function representativePorts(rules: readonly Rule[], pods: readonly MatrixPod[] = []): FlowPort[] {
  const protocols = [TCP, UDP, SCTP, ICMP].map((protocol) => ({ protocol, ports: new Set<number>() }))
  const note = (protocol: number, port: number): void => {
    for (const one of protocols) if ((protocol === 0 || protocol === one.protocol) && port <= LAST) one.ports.add(port)
  }
  const names = new Set<string>()
  for (const { entries } of rules)
    for (const { ports = [] } of entries)
      for (const spec of ports.flatMap((rule) => rule.ports)) {
        if (spec.name !== undefined) names.add(`${spec.name}/${spec.protocol}`)
        else if (spec.port !== 0 || spec.protocol === ICMP) {
          note(spec.protocol, spec.port)
          note(spec.protocol, Math.max(spec.port, spec.endPort) + 1)
        }
      }
  for (const { namedPorts } of pods)
    for (const [name, numbers] of namedPorts ?? [])
      if (names.has(name)) for (const number of numbers) note(Number(name.slice(name.indexOf("/") + 1)), number)
  return protocols.flatMap(({ protocol, ports }) => {
    let unmentioned = 1
    while (ports.has(unmentioned)) unmentioned++
    return [...ports.add(unmentioned)].sort((a, b) => a - b).map((port) => ({ protocol, port }))
  })
}
