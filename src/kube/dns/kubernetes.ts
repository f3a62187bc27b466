/** Names of Services and pods. Models coredns/plugin/kubernetes. */
import type { Process } from "../../linux/task/process.ts"
import { formatIpv4, parseIpv4 } from "../../wire/address.ts"
import { type DnsMessage, type DnsRecord, DnsType, Rcode } from "../../wire/dns.ts"
import type { Registry } from "../api/registry.ts"
import { isStatus } from "../api/status.ts"
import type { EndpointSlice, Service } from "../api/types.ts"
import { SERVICE_NAME } from "../controllers/endpoint-slices.ts"
import type { Directive } from "./corefile.ts"
import { answer, aRecord, type DnsPlugin, type DnsRequest, inZone, type Next, negative } from "./plugin.ts"

interface Options {
  readonly zones: readonly string[]
  readonly ttl: number
  readonly pods: "disabled" | "insecure" | "verified"
  /** Reverse zones that go on to the next plugin; `[""]`: all zones do. */
  readonly fallthrough: readonly string[] | undefined
}

/** The plugin, or what its directive asks for in vain. */
export function kubernetesPlugin(registry: Registry, directive: Directive): DnsPlugin | string {
  let options: Options = { zones: directive.args.map(bare), ttl: 5, pods: "disabled", fallthrough: undefined }
  for (const [key = "", ...args] of directive.block) {
    if (key === "ttl") options = { ...options, ttl: Number(args[0]) }
    else if (key === "pods") options = { ...options, pods: args[0] as Options["pods"] }
    else if (key === "fallthrough") options = { ...options, fallthrough: args.length === 0 ? [""] : args.map(bare) }
    else return `plugin/kubernetes: podwire does not support the property '${key}'`
  }
  return new Kubernetes(registry, options)
}

const bare = (zone: string): string => zone.replace(/\.$/, "").toLowerCase()

/** A target with its ports: a Service's own address, or one endpoint. */
interface Target {
  /** What stands in front of the Service's name: empty for its own address. */
  readonly label: string
  readonly address: number
  readonly ports: readonly { name: string; protocol: string; port: number }[]
}

class Kubernetes implements DnsPlugin {
  readonly name = "kubernetes"
  readonly #registry: Registry
  readonly #options: Options

  constructor(registry: Registry, options: Options) {
    this.#registry = registry
    this.#options = options
  }

  async serve(proc: Process, request: DnsRequest, next: Next): Promise<DnsMessage> {
    const zone = this.#options.zones.find((candidate) => inZone(request.name, candidate))
    if (zone === undefined) return next(proc, request)
    const found = zone.endsWith(".arpa") ? this.#reverse(request) : await this.#forward(proc, request, zone, next)
    if (found !== undefined) return found
    const { fallthrough } = this.#options
    if (fallthrough?.some((candidate) => inZone(request.name, candidate)) === true) return next(proc, request)
    return negative(request, Rcode.NXDOMAIN, this.#soa(zone))
  }

  #soa(zone: string): DnsRecord {
    const { sim } = this.#registry
    const { ttl } = this.#options
    return {
      name: zone,
      type: DnsType.SOA,
      ttl,
      data: {
        mname: `ns.dns.${zone}`,
        rname: `hostmaster.${zone}`,
        serial: sim.epoch + Math.floor(sim.now / 1e9),
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: ttl,
      },
    }
  }

  #noData(request: DnsRequest, zone: string): DnsMessage {
    return negative(request, Rcode.NOERROR, this.#soa(zone))
  }

  // ── names to addresses ──────────────────────────────────────────────────────────────────────

  /** `undefined`: there is no such name. */
  async #forward(proc: Process, request: DnsRequest, zone: string, next: Next): Promise<DnsMessage | undefined> {
    if (request.name === zone) return this.#apex(request, zone)
    const labels = request.name.slice(0, -zone.length - 1).split(".")
    const kind = labels.pop()
    if (request.name === `ns.dns.${zone}`) return this.#addresses(request, zone, this.#dnsTargets(), request.name)
    if (kind === "dns-version" && labels.length === 0 && request.type === DnsType.TXT)
      return answer(request, [{ name: request.name, type: DnsType.TXT, ttl: 28800, data: { bytes: txt("1.1.0") } }])
    if (kind !== "svc" && kind !== "pod") return undefined
    const namespace = labels.pop()
    if (namespace === undefined) return this.#noData(request, zone)
    if (isStatus(this.#registry.get(this.#registry.resource("namespaces"), undefined, namespace))) return undefined
    if (labels.length === 0) return this.#noData(request, zone)
    return kind === "pod"
      ? this.#pod(request, zone, namespace, labels)
      : this.#service(proc, request, zone, namespace, labels, next)
  }

  #apex(request: DnsRequest, zone: string): DnsMessage {
    if (request.type === DnsType.SOA) return answer(request, [this.#soa(zone)])
    if (request.type !== DnsType.NS) return this.#noData(request, zone)
    const target = `ns.dns.${zone}`
    const glue = this.#dnsTargets().map(({ address }) => aRecord(target, this.#options.ttl, address))
    return answer(request, [{ name: zone, type: DnsType.NS, ttl: this.#options.ttl, data: { target } }], glue)
  }

  /** The address of the DNS Service itself. */
  #dnsTargets(): Target[] {
    const service = this.#registry.get(this.#registry.resource("services"), "kube-system", "kube-dns")
    return isStatus(service) ? [] : this.#targets(service as Service)
  }

  #pod(request: DnsRequest, zone: string, namespace: string, labels: readonly string[]): DnsMessage | undefined {
    const { pods, ttl } = this.#options
    const address = labels.length === 1 ? parseIpv4((labels[0] as string).replaceAll("-", ".")) : undefined
    if (pods === "disabled" || address === undefined) return undefined
    if (pods === "verified" && !this.#podHas(namespace, formatIpv4(address))) return undefined
    return request.type === DnsType.A
      ? answer(request, [aRecord(request.name, ttl, address)])
      : this.#noData(request, zone)
  }

  #podHas(namespace: string, ip: string): boolean {
    const pods = this.#registry.list(this.#registry.resource("pods"), { namespace }) as {
      status?: { podIP?: string }
    }[]
    return pods.some((pod) => pod.status?.podIP === ip)
  }

  async #service(
    proc: Process,
    request: DnsRequest,
    zone: string,
    namespace: string,
    labels: string[],
    next: Next,
  ): Promise<DnsMessage | undefined> {
    const name = labels.pop() as string
    const service = this.#registry.get(this.#registry.resource("services"), namespace, name) as Service
    if (isStatus(service)) return undefined
    if (service.spec.type === "ExternalName")
      return labels.length > 0 ? undefined : this.#alias(proc, request, service.spec.externalName ?? "", next)
    const host = `${name}.${namespace}.svc.${zone}`
    const all = this.#targets(service)
    if (labels.length === 0)
      return request.type === DnsType.SRV
        ? this.#srv(request, zone, all, host)
        : this.#addresses(request, zone, all, request.name)
    const [first = "", second = ""] = labels
    if (labels.length === 2 && first.startsWith("_") && second.startsWith("_")) {
      const [port, protocol] = [first.slice(1), second.slice(1)]
      const fit = all.map((target) => ({
        ...target,
        ports: target.ports.filter((p) => p.name === port && p.protocol.toLowerCase() === protocol),
      }))
      const found = fit.filter((target) => target.ports.length > 0)
      if (found.length === 0) return undefined
      return request.type === DnsType.SRV
        ? this.#srv(request, zone, found, host)
        : this.#addresses(request, zone, found, request.name)
    }
    const endpoints = labels.length === 1 ? this.#endpoints(service).filter((target) => target.label === first) : []
    return endpoints.length === 0 ? undefined : this.#addresses(request, zone, endpoints, request.name)
  }

  /** A name elsewhere, with what is found there. */
  async #alias(proc: Process, request: DnsRequest, external: string, next: Next): Promise<DnsMessage> {
    const target = bare(external)
    const alias = { name: request.name, type: DnsType.CNAME, ttl: this.#options.ttl, data: { target } }
    if (request.type !== DnsType.A && request.type !== DnsType.AAAA) return answer(request, [alias])
    const query = { ...request.query, questions: [{ name: target, type: request.type }] }
    const there = await this.serve(proc, { ...request, query, name: target }, next)
    return answer(request, [alias, ...there.answers])
  }

  #addresses(request: DnsRequest, zone: string, targets: readonly Target[], name: string): DnsMessage {
    if (request.type !== DnsType.A || targets.length === 0) return this.#noData(request, zone)
    const addresses = [...new Set(targets.map((target) => target.address))]
    return answer(
      request,
      addresses.map((address) => aRecord(name, this.#options.ttl, address)),
    )
  }

  #srv(request: DnsRequest, zone: string, targets: readonly Target[], host: string): DnsMessage {
    const { ttl } = this.#options
    const pairs = targets.flatMap((target) => target.ports.map((port) => ({ target, port: port.port })))
    if (pairs.length === 0) return this.#noData(request, zone)
    // Equal shares of a hundred, as the plugin reckons weights.
    const weight = Math.max(1, Math.floor(100 / pairs.length))
    const nameOf = ({ label }: Target): string => (label === "" ? host : `${label}.${host}`)
    const answers = pairs.map(({ target, port }) => ({
      name: request.name,
      type: DnsType.SRV,
      ttl,
      data: { priority: 0, weight, port, target: nameOf(target) },
    }))
    const glue = new Map(pairs.map(({ target }) => [nameOf(target), target.address]))
    return answer(
      request,
      answers,
      [...glue].map(([name, address]) => aRecord(name, ttl, address)),
    )
  }

  /** A Service's address; a headless one's endpoints. */
  #targets(service: Service): Target[] {
    const { clusterIP = "", ports = [] } = service.spec
    if (clusterIP === "None") return this.#endpoints(service)
    const address = parseIpv4(clusterIP)
    if (address === undefined) return []
    return [
      {
        label: "",
        address,
        ports: ports.map((p) => ({ name: p.name ?? "", protocol: p.protocol ?? "TCP", port: p.port })),
      },
    ]
  }

  #endpoints({ metadata }: Service): Target[] {
    const slices = this.#registry.list(this.#registry.resource("endpointslices"), {
      namespace: metadata.namespace,
    }) as EndpointSlice[]
    return slices
      .filter((slice) => slice.metadata.labels?.[SERVICE_NAME] === metadata.name)
      .flatMap(({ endpoints = [], ports = [] }) =>
        endpoints
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses, hostname }) =>
            addresses.flatMap((text) => {
              const address = parseIpv4(text)
              if (address === undefined) return []
              const list = ports.map((p) => ({ name: p.name ?? "", protocol: p.protocol ?? "TCP", port: p.port ?? 0 }))
              return [{ label: hostname ?? text.replaceAll(".", "-"), address, ports: list }]
            }),
          ),
      )
  }

  // ── addresses to names ──────────────────────────────────────────────────────────────────────

  #reverse(request: DnsRequest): DnsMessage | undefined {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(request.name)
    if (match === null || request.type !== DnsType.PTR) return undefined
    const ip = `${match[4]}.${match[3]}.${match[2]}.${match[1]}`
    const names = this.#namesOf(ip, this.#options.zones.find((zone) => !zone.endsWith(".arpa")) ?? "cluster.local")
    if (names.length === 0) return undefined
    const record = (target: string): DnsRecord => ({
      name: request.name,
      type: DnsType.PTR,
      ttl: this.#options.ttl,
      data: { target },
    })
    return answer(request, names.map(record))
  }

  #namesOf(ip: string, zone: string): string[] {
    const services = this.#registry.list(this.#registry.resource("services")) as Service[]
    const host = ({ metadata }: Service): string => `${metadata.name}.${metadata.namespace}.svc.${zone}`
    const found = services.find(({ spec }) => spec.clusterIP === ip)
    if (found !== undefined) return [host(found)]
    const address = parseIpv4(ip)
    return services.flatMap((service) =>
      this.#endpoints(service)
        .filter((target) => target.address === address)
        .map((target) => `${target.label}.${host(service)}`),
    )
  }
}

/** Character strings as a TXT record holds them. */
function txt(text: string): Uint8Array {
  return Uint8Array.from([text.length, ...new TextEncoder().encode(text)])
}
