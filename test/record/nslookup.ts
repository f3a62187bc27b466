/**
 * Records busybox 1.28's nslookup: `node test/record/nslookup.ts BUSYBOX` (Node 24, root), with the path of a busybox 1.28.4 that was built
 * from its sources (allnoconfig, NSLOOKUP and FEATURE_IPV6). It asks test/support/dns-zone.ts in a network namespace of its own.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { NAMESERVER, NSLOOKUPS, RESOLV_CONF } from "../support/dns-zone.ts"

const [busybox = ""] = process.argv.slice(2)
const NS = "pwk-dns"
const SERVER = `
import { createSocket } from "node:dgram"
const { answerZone } = await import(${JSON.stringify(`${process.cwd()}/test/support/dns-zone.ts`)})
const { emitDns, parseDns } = await import(${JSON.stringify(`${process.cwd()}/src/wire/dns.ts`)})
const socket = createSocket("udp4")
socket.on("message", (data, from) => socket.send(emitDns(answerZone(parseDns(data))), from.port, from.address))
socket.bind(53, ${JSON.stringify(NAMESERVER)}, () => console.log("ready"))
`
execFileSync("ip", ["netns", "add", NS])
mkdirSync(`/etc/netns/${NS}`, { recursive: true })
writeFileSync(`/etc/netns/${NS}/resolv.conf`, RESOLV_CONF)
writeFileSync(`/etc/netns/${NS}/hosts`, "127.0.0.1\tlocalhost\n")
const inside = (args: string[]): string[] => ["netns", "exec", NS, ...args]
try {
  execFileSync("ip", inside(["ip", "link", "set", "lo", "up"]))
  execFileSync("ip", inside(["ip", "addr", "add", `${NAMESERVER}/32`, "dev", "lo"]))
  const server = spawn("ip", inside([process.execPath, "--input-type=module", "-e", SERVER]), {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await new Promise((resolve) => server.stdout.once("data", resolve))
  const blocks = NSLOOKUPS.map((command) => {
    const [name = "", ...args] = command.split(" ")
    const { stdout, stderr, status } = spawnSync("ip", inside([busybox, name, ...args]), {
      encoding: "utf8",
      timeout: 60_000,
    })
    process.stderr.write(`${command}: ${status}\n`)
    return `=== pod $ ${command} [${status}]\n${stdout}${stderr.replace(/\(\d{4}-.* [A-Z]+\)/, "(DATE)")}`
  })
  server.kill()
  const version = /BusyBox v[\d.]+/.exec(readFileSync(busybox, "latin1"))?.[0]
  writeFileSync(
    "test/golden/nslookup.txt",
    `# recorded: ${version} against test/support/dns-zone.ts (test/record/nslookup.ts)\n${blocks.join("")}=== end\n`,
  )
} finally {
  execFileSync("ip", ["netns", "del", NS])
  rmSync(`/etc/netns/${NS}`, { recursive: true })
}
