/**
 * Runs every script of test/record/shell/*.txt through the real bash (ash.txt: through busybox's sh) and writes what it printed to
 * test/golden/shell/. Needs Debian's bash, busybox, coreutils, grep, sed, mawk, findutils, procps, bsdextrautils, diffutils. Not root's
 * business except that recordings are made as root, as a node's shell is.
 *
 *   node test/record/shell.ts [topic…]
 */
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { constants } from "node:os"

const WORK = "/tmp/podwire-shell"
const RESULTS = "/tmp/podwire-shell-results"
const SOURCES = "test/record/shell"
const GOLDENS = "test/golden/shell"
const ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  USER: "root",
  TZ: "UTC",
  LC_ALL: "C",
}

interface Script {
  name: string
  text: string
}

function scriptsOf(topic: string): Script[] {
  return readFileSync(`${SOURCES}/${topic}.txt`, "utf8")
    .split(/^### /m)
    .slice(1)
    .map((block) => {
      const end = block.indexOf("\n")
      // The line break before the next heading is no part of the script.
      return { name: block.slice(0, end), text: block.slice(end + 1).replace(/\n$/, "") }
    })
}

/** `%` stands for "no line break here". */
const closed = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n%\n`)

function record(topic: string, { name, text }: Script): string {
  rmSync(WORK, { recursive: true, force: true })
  mkdirSync(WORK, { mode: 0o755 })
  chmodSync(WORK, 0o755)
  const shell = topic === "ash" ? "exec -a busybox /usr/bin/busybox sh" : "exec -a bash /bin/bash"
  // Named pipes: a pseudo file like /dev/stdout can be opened again only where it is no socket.
  const driver = `mkfifo ${RESULTS}/1 ${RESULTS}/2; cat ${RESULTS}/1 > ${RESULTS}/stdout & cat ${RESULTS}/2 > ${RESULTS}/stderr &
    (${shell} -c "$1") < /dev/null > ${RESULTS}/1 2> ${RESULTS}/2; code=$?; wait; exit $code`
  rmSync(RESULTS, { recursive: true, force: true })
  mkdirSync(RESULTS)
  const result = spawnSync("/bin/bash", ["-c", driver, "driver", text], {
    cwd: WORK,
    env: topic === "ash" ? { ...ENV, PATH: "/tmp/podwire-busybox" } : ENV,
    timeout: 20_000,
    encoding: "utf8",
  })
  if (result.error !== undefined) throw new Error(`${topic}: ${name}: ${result.error.message}`)
  const code = result.status ?? 128 + (constants.signals[result.signal as NodeJS.Signals] ?? 0)
  const [stdout, stderr] = ["stdout", "stderr"].map((file) => readFileSync(`${RESULTS}/${file}`, "utf8")) as [
    string,
    string,
  ]
  return `=== ${name}\n${text}\n--- stdout\n${closed(stdout)}--- stderr\n${closed(stderr)}--- code ${code}\n`
}

function firstLine(command: string, ...args: string[]): string {
  return (spawnSync(command, args, { encoding: "utf8" }).stdout.split("\n")[0] ?? "").trim()
}

function versions(topic: string): string {
  if (topic === "ash") return firstLine("/usr/bin/busybox").replace(" multi-call binary.", "")
  const dpkg = (name: string): string => `${name} ${firstLine("dpkg-query", "-W", "-f", `$\{Version}`, name)}`
  return ["bash", "coreutils", "grep", "sed", "mawk", "findutils", "procps"].map(dpkg).join(", ")
}

/** busybox under every one of its names, so that its shell finds its own programs only. */
function linkApplets(): void {
  rmSync("/tmp/podwire-busybox", { recursive: true, force: true })
  mkdirSync("/tmp/podwire-busybox")
  spawnSync("/usr/bin/busybox", ["--install", "-s", "/tmp/podwire-busybox"])
}

mkdirSync(GOLDENS, { recursive: true })
linkApplets()
const wanted = process.argv.slice(2)
for (const file of readdirSync(SOURCES).sort()) {
  const topic = file.replace(".txt", "")
  if (wanted.length > 0 && !wanted.includes(topic)) continue
  const blocks = scriptsOf(topic).map((script) => record(topic, script))
  const head = `# recorded: ${versions(topic)}, by test/record/shell.ts as uid ${process.getuid?.() ?? "?"}\n`
  writeFileSync(`${GOLDENS}/${topic}.txt`, head + blocks.join(""))
  process.stdout.write(`${topic}: ${blocks.length}\n`)
}
rmSync(WORK, { recursive: true, force: true })
