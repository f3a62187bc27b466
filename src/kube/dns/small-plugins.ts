/** hosts, log and loadbalance. Models coredns/plugin/hosts, log and loadbalance. */
import type { Process } from "../../linux/task/process.ts"
import { parseIpv4 } from "../../wire/address.ts"
import { type DnsMessage, type DnsRecord, DnsType, dnsAnswer, emitDns, Rcode } from "../../wire/dns.ts"
import type { Directive } from "./corefile.ts"
import { answer, aRecord, type DnsPlugin, rcodeName, typeName } from "./plugin.ts"

/** Names written in the Corefile itself, or in a file of the form of /etc/hosts. */
export function hostsPlugin(proc: Process, { args, block }: Directive): DnsPlugin | string {
  const path = args.find((arg) => arg.startsWith("/")) ?? (block.length === 0 ? "/etc/hosts" : "")
  const file = path === "" ? { text: "" } : proc.fs.readText(path)
  const lines = "text" in file ? file.text.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/)) : []
  let [ttl, through] = [3600, false]
  for (const words of block) {
    if (words[0] === "ttl") ttl = Number(words[1])
    else if (words[0] === "fallthrough") through = true
    else if (parseIpv4(words[0] ?? "") !== undefined) lines.push([...words])
    else return `plugin/hosts: podwire does not support the property '${words[0]}'`
  }
  const find = (name: string): number[] =>
    lines.flatMap(([address = "", ...names]) =>
      names.some((known) => known.toLowerCase() === name) ? (parseIpv4(address) ?? []) : [],
    )
  return {
    name: "hosts",
    async serve(caller, request, next) {
      const found = find(request.name)
      if (found.length === 0)
        return through ? next(caller, request) : dnsAnswer(request.query, { rcode: Rcode.NXDOMAIN })
      if (request.type !== DnsType.A) return answer(request, [])
      return answer(
        request,
        found.map((address) => aRecord(request.name, ttl, address)),
      )
    },
  }
}

/** `[INFO] 10.244.1.2:41234 - 4711 "A IN web.default.svc.cluster.local. udp 48 false 512" NOERROR qr,aa,rd 94 0.000112s`. */
export const logPlugin: DnsPlugin = {
  name: "log",
  async serve(proc, request, next) {
    const began = proc.kernel.sim.now
    const reply = await next(proc, request)
    const { query, name, type, protocol, size, client } = request
    const question = `"${typeName(type)} IN ${name}. ${protocol} ${size} false 512"`
    const took = `${((proc.kernel.sim.now - began) / 1e9).toFixed(9)}s`
    await proc.out(
      `[INFO] ${client} - ${query.id} ${question} ${rcodeName(reply.rcode)} ${flags(reply)} ${emitDns(reply).length} ${took}\n`,
    )
    return reply
  },
}

const flags = (message: DnsMessage): string =>
  [
    message.response ? "qr" : "",
    message.authoritative ? "aa" : "",
    message.truncated ? "tc" : "",
    message.recursionDesired ? "rd" : "",
    message.recursionAvailable ? "ra" : "",
  ]
    .filter((flag) => flag !== "")
    .join(",")

/** Addresses in another order each time; aliases stay in front. */
export const loadbalancePlugin: DnsPlugin = {
  name: "loadbalance",
  async serve(proc, request, next) {
    const reply = await next(proc, request)
    const aliases = reply.answers.filter((record) => record.type === DnsType.CNAME)
    const others = reply.answers.filter((record) => record.type !== DnsType.CNAME)
    return others.length < 2 ? reply : { ...reply, answers: [...aliases, ...shuffled(proc, others)] }
  },
}

function shuffled(proc: Process, records: readonly DnsRecord[]): DnsRecord[] {
  const rest = [...records]
  const mixed: DnsRecord[] = []
  while (rest.length > 0) mixed.push(...rest.splice(proc.net.prng.below(rest.length), 1))
  return mixed
}
