/** Ports of the node's proxies: one a direction and parser. Models pkg/proxy/proxyports. */
import type { Prng } from "../../../sim/prng.ts"

export interface ProxyPort {
  /** `cilium-http-ingress`, `cilium-dns-egress`. */
  readonly name: string
  readonly port: number
  readonly parser: string
  readonly ingress: boolean
}

export class ProxyPorts {
  readonly #prng: Prng
  readonly #range: readonly [number, number]
  readonly #ports: ProxyPort[] = []
  readonly #onRegister: (port: ProxyPort) => void

  constructor(prng: Prng, range: readonly [number, number], onRegister: (port: ProxyPort) => void = () => undefined) {
    this.#prng = prng
    this.#range = range
    this.#onRegister = onRegister
  }

  /** The port of a listener, drawn when first asked for. */
  register(ingress: boolean, parser: string): ProxyPort {
    const known = this.find(ingress, parser)
    if (known !== undefined) return known
    const [first, last] = this.#range
    // The DNS proxy's is there from the agent's first moment: the others' do not depend on it.
    const prng = parser === "dns" ? this.#prng.fork(parser) : this.#prng
    let port = first + prng.below(last - first + 1)
    while (this.#ports.some((other) => other.port === port)) port = port === last ? first : port + 1
    const made: ProxyPort = { name: `cilium-${parser}-${ingress ? "ingress" : "egress"}`, port, parser, ingress }
    this.#ports.push(made)
    this.#onRegister(made)
    return made
  }

  find(ingress: boolean, parser: string): ProxyPort | undefined {
    return this.#ports.find((other) => other.ingress === ingress && other.parser === parser)
  }

  byPort(port: number): ProxyPort | undefined {
    return this.#ports.find((other) => other.port === port)
  }

  list(): readonly ProxyPort[] {
    return this.#ports
  }
}
