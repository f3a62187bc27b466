/** One query that was redirected: may it pass, what is told of it, and where it goes. Models ServeDNS of pkg/fqdn/dnsproxy and daemon/cmd/fqdn.go. */
import { dnsAllowed } from "../../../policy/l7/dns.ts"
import type { RuleRef } from "../../../policy/rule.ts"
import type { Prng } from "../../../sim/prng.ts"
import { SECOND } from "../../../sim/simulation.ts"
import { type DnsMessage, DnsType, dnsAnswer, emitDns, Rcode } from "../../../wire/dns.ts"
import { IpProtocol } from "../../../wire/ipv4.ts"
import type { Agent } from "../agent/agent.ts"
import type { Endpoint } from "../agent/endpoint.ts"
import { Identity } from "../datapath/identity.ts"
import { identityMark, Mark } from "../datapath/mark.ts"
import type { AccessLog, L7Peer } from "../monitor/event.ts"
import { type Details, detailsOf, recordOf } from "./details.ts"
import type { Way } from "./shared-client.ts"

/** How long a server may take (ProxyForwardTimeout). */
export const FORWARD_TIMEOUT: number = 10 * SECOND

/** Opcodes. */
const QUERY = 0
const NOTIFY = 4
/** Answers longer than a datagram without EDNS are compressed. */
const COMPRESSED_FROM = 512
/** Local identities begin here: they are outside the cluster. */
const FIRST_LOCAL = 1 << 24

/** Who asks whom. */
export interface Asking {
  readonly client: number
  readonly clientPort: number
  readonly server: number
  readonly serverPort: number
  readonly protocol: number
}

export class DnsJudge {
  readonly #agent: Agent
  readonly #port: number
  readonly #rejectCode: number
  readonly #transparent: boolean
  readonly #compress: boolean
  readonly #prng: Prng

  constructor(agent: Agent, port: number) {
    this.#agent = agent
    this.#port = port
    const { all } = agent.options
    this.#rejectCode = all.get("tofqdns-dns-reject-response-code") === "nameError" ? Rcode.NXDOMAIN : Rcode.REFUSED
    this.#compress = all.get("tofqdns-enable-dns-compression") !== "false"
    this.#prng = agent.prng.fork("dns/ids")
    this.#transparent = all.get("dnsproxy-enable-transparent-mode") === "true"
  }

  /** A query passes (`undefined`), or this is its answer. */
  request(asking: Asking, query: DnsMessage): Uint8Array | undefined {
    const fault = faultOf(query)
    if (fault !== undefined) return emitDns({ ...dnsAnswer(query, { rcode: fault }), questions: [] })
    const details = detailsOf(query)
    const endpoint = this.#agent.endpoints.byAddress(asking.client)
    if (endpoint === undefined || details === undefined) return this.#rejection(query)
    const { allowed, rule } = this.#allowed(endpoint, asking, details.name)
    this.#log("request", allowed ? "Forwarded" : "Denied", endpoint, asking, details, rule)
    return allowed ? undefined : this.#rejection(query)
  }

  #rejection(query: DnsMessage): Uint8Array {
    return emitDns(dnsAnswer(query, { rcode: this.#rejectCode }))
  }

  /** The query as it goes on: under an id of the proxy's own. */
  forward(query: Uint8Array): { readonly bytes: Uint8Array; readonly id: number } {
    const id = this.#prng.below(65_536)
    return { bytes: withId(query, id), id }
  }

  #allowed(
    endpoint: Endpoint,
    { server, serverPort, protocol }: Asking,
    name: string,
  ): { allowed: boolean; rule: RuleRef | undefined } {
    const l7 = endpoint.policy?.l7(this.#identity(server), "egress", protocol, serverPort)
    return { allowed: l7 !== undefined && (l7.wildcard || dnsAllowed(l7.dns, name)), rule: l7?.rules[0] }
  }

  /** An answer has come: its addresses are known before the pod reads it. Returns what the pod gets. */
  response(asking: Asking, query: DnsMessage, answer: DnsMessage, bytes: Uint8Array): Uint8Array {
    const details = detailsOf(answer)
    const endpoint = this.#agent.endpoints.byAddress(asking.client)
    if (endpoint !== undefined && details !== undefined) {
      const { name, addresses, ttl, rcode } = details
      if (rcode === Rcode.NOERROR && addresses.length > 0) this.#agent.names.learn(endpoint.id, name, addresses, ttl)
      this.#log("response", "Forwarded", endpoint, asking, details, undefined)
    }
    return this.#rewritten(query, answer, bytes)
  }

  /** The proxy writes messages anew, and saves no room in small ones. Models shouldCompressResponse. */
  #rewritten(query: DnsMessage, answer: DnsMessage, bytes: Uint8Array): Uint8Array {
    // What the codec does not know of EDNS would be lost.
    if (answer.additional.some(({ type }) => type === DnsType.OPT)) return withId(bytes, query.id)
    const whole = emitDns({ ...answer, id: query.id }, false)
    return whole.length > COMPRESSED_FROM && this.#compress ? emitDns({ ...answer, id: query.id }) : whole
  }

  /** The server could not be asked (the pod gets what is returned), or did not answer in time (it hears nothing). */
  failed(asking: Asking, query: DnsMessage): Uint8Array {
    const details = detailsOf(query)
    const endpoint = this.#agent.endpoints.byAddress(asking.client)
    if (endpoint !== undefined && details !== undefined)
      this.#log("request", "Error", endpoint, asking, details, undefined)
    return this.#rejection(query)
  }

  /** In the client's name to servers of the cluster; others know the machine only. */
  way({ client, clientPort, server, serverPort }: Asking): Way {
    const endpoint = this.#agent.endpoints.byAddress(client)
    const identity = this.#identity(server)
    const outside = identity === Identity.HOST || identity === Identity.WORLD || identity >= FIRST_LOCAL
    const own = this.#transparent && endpoint?.kind === "pod" && !outside
    return {
      source: own ? client : 0,
      sourcePort: own ? clientPort : 0,
      server,
      serverPort,
      mark: identityMark(endpoint?.identity ?? 0, Mark.PROXY_EGRESS),
    }
  }

  #identity(address: number): number {
    return this.#agent.datapath.ipcache.lookup(address)?.identity || Identity.WORLD
  }

  #log(
    type: AccessLog["type"],
    verdict: AccessLog["verdict"],
    endpoint: Endpoint,
    { client, clientPort, server, serverPort, protocol }: Asking,
    details: Details,
    object: unknown,
  ): void {
    const { datapath, sim, endpoints } = this.#agent
    const source: L7Peer = { address: client, port: clientPort, identity: endpoint.identity, endpoint: endpoint.id }
    const destination: L7Peer = {
      address: server,
      port: serverPort,
      identity: this.#identity(server),
      endpoint: endpoints.byAddress(server)?.id ?? 0,
    }
    const dns = recordOf(details, protocol === IpProtocol.TCP ? "TCP" : "UDP", type === "response")
    datapath.events.write({
      kind: "l7",
      time: sim.now,
      type,
      verdict,
      ingress: false,
      source,
      destination,
      proxyPort: this.#port,
      dns,
      object,
    })
  }
}

/** What the server in front of the proxy takes. Models miekg/dns DefaultMsgAcceptFunc. */
function faultOf({ opcode, questions }: DnsMessage): number | undefined {
  if (opcode !== QUERY && opcode !== NOTIFY) return Rcode.NOTIMP
  return questions.length === 1 ? undefined : Rcode.FORMERR
}

function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = message.slice()
  copy[0] = id >>> 8
  copy[1] = id & 255
  return copy
}
