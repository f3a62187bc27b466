/**
 * Records what the real iptables makes of kube-proxy's rules: `node test/record/kube-proxy.ts` (Node 24, root), a few seconds. Each case of
 * test/support/proxy-cases.ts is restored into a network namespace of its own and saved again.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { PROXY_CASES } from "../support/proxy-cases.ts"
import { proxyText } from "../support/proxy-text.ts"

const NS = "pwk-proxy"
const run = (args: string[], input = ""): string =>
  execFileSync("ip", ["netns", "exec", NS, ...args], { input, encoding: "utf8" })

const blocks: string[] = []
for (const proxyCase of PROXY_CASES) {
  execFileSync("ip", ["netns", "add", NS])
  try {
    run(["iptables-restore", "--noflush"], proxyText(proxyCase))
    const saved = run(["iptables-save"]).replace(/^# .*\n/gm, "")
    blocks.push(`=== node $ ${proxyCase.name} [0]\n${saved}`)
  } finally {
    execFileSync("ip", ["netns", "del", NS])
  }
}
const version = execFileSync("iptables", ["--version"], { encoding: "utf8" }).trim()
const kernel = execFileSync("uname", ["-r"], { encoding: "utf8" }).trim()
writeFileSync(
  "test/golden/kube-proxy.txt",
  `# recorded: ${version} on Linux ${kernel} (test/record/kube-proxy.ts)\n${blocks.join("")}=== end\n`,
)
process.stderr.write(`${blocks.length} cases\n`)
