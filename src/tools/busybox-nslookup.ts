/** nslookup as busybox 1.28 has it: getaddrinfo and getnameinfo, no questions of its own. Models networking/nslookup.c. */
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { defineTool } from "../shell/tool.ts"
import { formatIpv4 } from "../wire/address.ts"
import { busyboxUsage } from "./help/index.ts"
import { type ResolvConf, readResolvConf, resolveAll, reverseName } from "./resolve.ts"

/** Where the resolver asks when /etc/resolv.conf names nobody. */
const LOOPBACK = 0x7f000001

export const busyboxNslookup: Tool = defineTool("nslookup", async (proc) => {
  const [host, server, ...more] = proc.argv.slice(1)
  if (host === undefined || host.startsWith("-") || more.length > 0) {
    await proc.err(await busyboxUsage(proc, "nslookup"))
    return proc.argv.length === 2 && host === "--help" ? 0 : 1
  }
  let config = readResolvConf(proc)
  if (config.servers.length === 0) config = { ...config, servers: [LOOPBACK] }
  if (server !== undefined) {
    const addresses = await resolveAll(proc, server, config)
    if (typeof addresses === "string") {
      await proc.err(`nslookup: bad address '${server}'\n`)
      return 1
    }
    config = { ...config, servers: [addresses[0] as number] }
  }
  await printHost(proc, formatIpv4(config.servers[0] as number), "Server:", config)
  await proc.out("\n")
  return (await printHost(proc, host, "Name:", config)) ? 0 : 1
})

/** A name with its addresses, each with the name it has. */
async function printHost(proc: Process, host: string, header: string, config: ResolvConf): Promise<boolean> {
  const addresses = await resolveAll(proc, host, config)
  if (typeof addresses === "string") {
    await proc.err(`nslookup: can't resolve '${host}'\n`)
    return false
  }
  await proc.out(`${header.padEnd(10)} ${host}\n`)
  for (const [i, address] of addresses.entries()) {
    const name = await reverseName(proc, address, config)
    await proc.out(`Address ${i + 1}: ${formatIpv4(address)}${name === undefined ? "" : ` ${name}`}\n`)
  }
  return true
}
