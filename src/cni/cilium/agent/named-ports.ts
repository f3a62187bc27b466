/** What ports the pods of an identity call by name, anywhere in the cluster. Models pkg/policy NamedPortMultiMap. */
import type { NamedPorts } from "../../../policy/api.ts"
import { IPPROTO } from "../../../policy/rule.ts"

/** As a CiliumEndpoint's status lists them. */
export interface NamedPort {
  readonly name: string
  readonly port: number
  readonly protocol?: string
}

export class IdentityPorts {
  readonly #byOwner = new Map<string, { identity: number; ports: NamedPorts }>()

  /** A pod's ports; without an identity it is gone. Returns the identities whose ports are others now. */
  set(owner: string, identity: number | undefined, list: readonly NamedPort[]): number[] {
    const old = this.#byOwner.get(owner)
    const touched = [...new Set([old?.identity, identity])].filter((id) => id !== undefined)
    const before = touched.map((id) => text(this.of(id)))
    if (identity === undefined) this.#byOwner.delete(owner)
    else this.#byOwner.set(owner, { identity, ports: portsOf(list) })
    return touched.filter((id, i) => text(this.of(id)) !== before[i])
  }

  /** All of an identity's pods together: a name that two of them give to different ports is ambiguous. */
  of(identity: number): NamedPorts {
    const union = new Map<string, number[]>()
    for (const { identity: own, ports } of this.#byOwner.values())
      if (own === identity)
        for (const [name, numbers] of ports) union.set(name, [...new Set([...(union.get(name) ?? []), ...numbers])])
    return union
  }
}

function portsOf(list: readonly NamedPort[]): NamedPorts {
  const ports = new Map<string, number[]>()
  for (const { name, port, protocol = "TCP" } of list) {
    const key = `${name}/${IPPROTO[protocol as keyof typeof IPPROTO]}`
    ports.set(key, [...(ports.get(key) ?? []), port])
  }
  return ports
}

const text = (ports: NamedPorts): string => JSON.stringify([...ports].sort())
