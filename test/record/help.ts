/**
 * Writes src/tools/help/*.ts: what the real programs say when asked for their help and their version. `node test/record/help.ts BUSYBOX`
 * (Debian 12; programs that are not installed are looked for in the folders of TOOLS), with the path of a busybox 1.28.4 built from its sources (defconfig). A program that is asked wrongly answers with its help too,
 * so this is all that busybox has to say.
 */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { BUSYBOX_TOOLS } from "../../src/tools/coreutils/index.ts"
import { COMMANDS, GROUPS } from "../../src/tools/kubectl/commands.ts"
import { findKubectl } from "../support/real-kubectl.ts"

const FOLDER = "src/tools/help"
/** Which of Debian's packages brings what. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  coreutils: (
    "[ arch base64 basename cat chmod chown cp cut date dirname echo env expr false fold groups head id ln ls mkdir mktemp mv nl nproc paste " +
    "printenv printf pwd readlink realpath rm rmdir seq sha256sum sleep sort stat tac tail tee timeout touch tr true tty uname uniq wc whoami yes"
  ).split(" "),
  debian: "awk clear column diff find grep gunzip gzip hostname kill ps rev sed sysctl tar uptime xargs zcat".split(
    " ",
  ),
  network: "conntrack curl iptables iptables-restore nsenter ss sudo systemctl tc tc-qdisc tc-class tc-filter".split(
    " ",
  ),
}
const BUSYBOX_NETWORK = ["ip", "nslookup", "ping", "sh", "wget"]
const ENV = {
  PATH: `/usr/sbin:/usr/bin:${process.env["TOOLS"] ?? ""}`,
  LC_ALL: "C",
  TZ: "UTC",
  HOME: "/root",
  COLUMNS: "80",
}

interface Said {
  text: string
  code: number
}

function ask(argv0: string, path: string, args: readonly string[]): Said {
  const { stdout, stderr, status } = spawnSync(path, args, { argv0, env: ENV, encoding: "utf8", input: "" })
  return { text: stdout + stderr, code: status ?? -1 }
}

const literal = (text: string): string =>
  `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``

const entry = (name: string, help: string, version?: string): string =>
  `  ${JSON.stringify(name)}: {\n    help: ${literal(help)},\n${version === undefined ? "" : `    version: ${literal(version)},\n`}  },\n`

function write(file: string, from: string, name: string, entries: readonly string[]): void {
  const head = `/** Recorded by test/record/help.ts: ${from}. */\nimport type { Helps } from "./index.ts"\n\n`
  writeFileSync(`${FOLDER}/${file}.ts`, `${head}export const ${name}: Helps = {\n${entries.join("")}}\n`)
}

for (const [name, programs] of Object.entries(PACKAGES)) {
  const entries = programs.map((program) => {
    // mawk knows neither word, and says what it takes to whoever gives it nothing.
    const [name = "", object] = program.startsWith("tc") ? program.split("-") : [program]
    const help = ask(
      name,
      name,
      name === "awk" ? [] : name !== "tc" ? ["--help"] : [...(object === undefined ? [] : [object]), "help"],
    )
    const version = ask(name, name, [name === "clear" || name === "tc" ? "-V" : "--version"])
    return entry(program, help.text, version.code === 0 || program === "false" ? version.text : undefined)
  })
  write(name, "what Debian 12's programs print of themselves", "HELPS", entries)
}

const kubectl = findKubectl()
if (kubectl !== undefined) {
  const names = [...Object.keys(COMMANDS), ...Object.keys(GROUPS), "top node", "top pod", "options"]
  const entries = [...new Set(names)].sort().map((name) => {
    const words = name.split(" ")
    return entry(name, ask("kubectl", kubectl.path, name === "options" ? words : [...words, "--help"]).text)
  })
  write("kubectl", `what kubectl ${kubectl.version} says of the commands that podwire's has`, "HELPS", entries)
}

const [busybox] = process.argv.slice(2)
if (busybox !== undefined) {
  const names = [...new Set([...BUSYBOX_TOOLS.map((tool) => tool.name), ...BUSYBOX_NETWORK])].sort()
  const entries = names.flatMap((name) => {
    const { text } = ask("busybox", busybox, [name, "--help"])
    // The banner is the same everywhere; it names the day of the build.
    const usage = /^BusyBox [^\n]*\n\n([\s\S]*)$/.exec(text)?.[1]
    return usage === undefined ? [] : [entry(name, usage)]
  })
  write("busybox", "busybox 1.28.4's usage texts, without the banner", "HELPS", entries)
}
