/** The command line, as it is installed. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { VERSIONS } from "../../src/index.ts"
import { oldNode } from "../../src/node/old-node.ts"
import { findProgram, needs } from "../support/needs.ts"
import { PATIENCE } from "../support/patience.ts"
import { built, finished, podwire } from "./process.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "podwire-cli-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A file in a folder of its own. */
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const COMMANDS = ["sh", "run", "verify", "serve", "doctor", "version"]

test.each([
  ["20.20.2", "needs Node.js 22.12 or later; this is 20.20.2"],
  ["22.11.0", "needs Node.js 22.12 or later; this is 22.11.0"],
  ["22.12.0", undefined],
  ["24.0.1", undefined],
])("Node %s", (version, message) => {
  expect(oldNode(version)).toBe(message)
})

describe("usage", () => {
  test("without a command: the usage on standard error, 2", async () => {
    const { code, stdout, stderr } = await podwire([])
    expect([code, stdout]).toEqual([2, ""])
    for (const name of COMMANDS) expect(stderr).toContain(`\n  ${name} `)
  })

  test.each([["help"], ["--help"], ["-h"]])("%s: the usage on standard output, 0", async (word) => {
    const { code, stdout, stderr } = await podwire([word])
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).toMatch(/^usage: podwire <command>/)
  })

  test.each(COMMANDS)("%s has its own --help, wherever it stands", async (name) => {
    const { code, stdout, stderr } = await podwire([name, "--help"])
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout.startsWith(`usage: podwire ${name} `)).toBe(true)
    expect((await podwire(["help", name])).stdout).toBe(stdout)
    if (name === "sh") expect((await podwire(["sh", "--seed", "2", "-h"])).stdout).toBe(stdout)
  })

  test.each([
    [["nosuch"], 'unknown command "nosuch"; there are: sh, run, verify, serve, doctor, version'],
    [["verify", "x"], "verify: x: no such file"],
    [["toString"], 'unknown command "toString"; there are: sh, run, verify, serve, doctor, version'],
    [["help", "nosuch"], 'unknown command "nosuch"; there are: sh, run, verify, serve, doctor, version'],
    [["sh", "--bogus"], "sh: Unknown option '--bogus' (podwire sh --help says more)"],
    [["doctor", "--bogus"], "doctor: Unknown option '--bogus' (podwire doctor --help says more)"],
    [["version", "now"], 'version: unexpected argument "now" (podwire version --help says more)'],
    [["sh", "--nodes", "many"], "--nodes many: expected a whole number (podwire sh --help says more)"],
    [["sh", "--nodes", "0", "-c", "true"], "nodes 0: expected 1 to 150 (podwire sh --help says more)"],
    [
      ["sh", "--cni", "calico", "-c", "true"],
      "--cni calico: podwire has flannel, cilium and none (podwire sh --help says more)",
    ],
    [
      ["sh", "nosuch.sh"],
      "nosuch.sh: ENOENT: no such file or directory, open 'nosuch.sh' (podwire sh --help says more)",
    ],
    [["run"], "run: which file? (podwire run --help says more)"],
    [["run", "nosuch.ts"], "run: nosuch.ts: no such file (podwire run --help says more)"],
    [["run", "README.md"], "run: README.md: expected a .ipynb, .ts, .js or .sh file (podwire run --help says more)"],
  ])("%j: one line and 2", async (args, message) => {
    expect(await podwire(args)).toMatchObject({ code: 2, stdout: "", stderr: `podwire: ${message}\n` })
  })
})

describe("sh", () => {
  test("-c: what the shell prints, on its own streams, and its code", async () => {
    const { code, stdout, stderr } = await podwire(["sh", "-c", "hostname; echo bad >&2; nosuch; exit 7"])
    expect([code, stdout]).toEqual([7, "k8s-master\n"])
    expect(stderr).toBe("bad\nbash: line 1: nosuch: command not found\n")
  })

  test("-c with arguments, a file with arguments", async () => {
    expect((await podwire(["sh", "-c", "echo $0 $1 $#", "name", "one", "two"])).stdout).toBe("name one 2\n")
    const script = file("count.sh", "echo $# $2\nexit 3\n")
    expect(await podwire(["sh", script, "a", "b"])).toMatchObject({ code: 3, stdout: "2 b\n" })
  })

  test("a script on standard input", async () => {
    const { code, stdout } = await podwire(["sh"], { stdin: "x=1\nfor i in 1 2; do echo $x$i; done\nexit 4\n" })
    expect([code, stdout]).toEqual([4, "11\n12\n"])
  })

  test("a command reads standard input when it asks, and only then", async () => {
    expect((await podwire(["sh", "-c", "read a; echo got $a; wc -l"], { stdin: "one\ntwo\nthree\n" })).stdout).toBe(
      "got one\n2\n",
    )
    // Here the input stays open: a command that does not read ends all the same.
    expect((await podwire(["sh", "-c", "echo done"])).stdout).toBe("done\n")
  })

  test("--on: machines, pods, pods of a namespace", async () => {
    expect((await podwire(["sh", "--on", "k8s-worker-2", "-c", "hostname"])).stdout).toBe("k8s-worker-2\n")
    const lab = file("pods.yaml", LAB)
    expect(
      (await podwire(["sh", "--lab", lab, "--on", "web", "-c", "hostname; ip -4 -o addr show eth0 | wc -l"])).stdout,
    ).toBe("web\n1\n")
    expect((await podwire(["sh", "--lab", lab, "--on", "shop/db", "-c", "hostname"])).stdout).toBe("db\n")
  })

  test("--on with a name that is neither: machines and pods are listed", async () => {
    const lab = file("pods.yaml", LAB)
    const { code, stderr } = await podwire(["sh", "--lab", lab, "--on", "nosuch", "-c", "true"])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^podwire: --on: no node or pod "nosuch"; nodes: control, worker; pods: web, kube-flannel\/kube-flannel-ds-\w+, kube-flannel\/kube-flannel-ds-\w+, shop\/db, and \d+ in kube-system /,
    )
  })

  test("--nodes, --cni, --seed", async () => {
    const nodes = "kubectl get nodes --no-headers -o custom-columns=N:.metadata.name 2>/dev/null || kubectl get nodes"
    const { stdout } = await podwire(["sh", "--nodes", "3", "--cni", "none", "-c", nodes])
    expect(stdout).toMatch(/control-plane/)
    expect(stdout).toMatch(/worker-2/)
    const mac = async (seed: string): Promise<string> =>
      (
        await podwire([
          "sh",
          "--nodes",
          "1",
          "--seed",
          seed,
          "-c",
          "cat /sys/class/net/eth0/address || ip link show eth0",
        ])
      ).stdout
    expect(await mac("1")).not.toBe(await mac("2"))
    expect(await mac("1")).toBe(await mac("1"))
  })

  test("output comes as it is printed, from pods too", async () => {
    const lab = file("pods.yaml", LAB)
    for (const on of ["control", "web"]) {
      const parts: string[] = []
      // The script waits for us: it can only go on when its first line has arrived here.
      const { code, stdout } = await podwire(
        ["sh", "--lab", lab, "--on", on, "-c", "echo first; read x; echo second $x"],
        {
          onOutput(child, printed) {
            parts.push(printed)
            if (printed === "first\n") child.stdin?.end("go\n")
          },
        },
      )
      expect([code, stdout, parts[0]], on).toEqual([0, "first\nsecond go\n", "first\n"])
    }
  })

  test("much output arrives whole", async () => {
    const { stdout } = await podwire(["sh", "-c", "seq 1 300000"])
    expect(stdout.length).toBe(1_988_895)
    expect(stdout.endsWith("\n300000\n")).toBe(true)
  })

  test("a reader that leaves ends it quietly", async () => {
    const child = spawn("sh", ["-c", '"$0" "$1" sh -c yes | head -1', process.execPath, built("node/cli.js")])
    expect(await finished(child)).toMatchObject({ code: 0, stdout: "y\n", stderr: "" })
  })

  test("Ctrl-C is the simulated program's: ping sums up", async () => {
    let pressed = false
    const { code, stdout } = await podwire(["sh", "-c", "ping 10.244.0.0"], {
      onOutput(child) {
        if (!pressed) child.kill("SIGINT")
        pressed = true
      },
    })
    // A program that handles the signal ends as it likes, and the shell with it.
    expect(code).toBe(0)
    expect(stdout).toMatch(/--- 10.244.0.0 ping statistics ---\n\d+ packets transmitted, \d+ received, 0% packet loss/)
  })

  test("what never happens is said, not waited for", async () => {
    const { code, stderr } = await podwire(["sh", "-c", "tcpdump -i enp0s8 tcp port 1 >/dev/null 2>&1"])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^podwire: (nothing was printed for a year of virtual time|the simulation came to rest): .*\n$/,
    )
  })
})

const LAB = `
nodes: [control, worker]
cni: { flannel: { backend: host-gw } }
seed: 7
manifests:
  - apiVersion: v1
    kind: Namespace
    metadata: { name: shop }
  - apiVersion: v1
    kind: Pod
    metadata: { name: web }
    spec: { containers: [{ name: c, image: "busybox:1.28", command: [sleep, "3600"] }] }
  - apiVersion: v1
    kind: Pod
    metadata: { name: db, namespace: shop }
    spec: { containers: [{ name: c, image: "busybox:1.28", command: [sleep, "3600"] }] }
`

describe("a lab file", () => {
  test.each([
    [
      "nodes: 2\nnodess: 3\n",
      ':2:1: unknown key "nodess"; there are: preset, nodes, podCIDR, cni, seed, epoch, manifests',
    ],
    [
      "nodes:\n  - name: a\n    ipp: 1.2.3.4\n",
      ':3:5: unknown key "nodes[0].ipp"; in nodes[0] there are: name, ip, macs',
    ],
    ["cni: calico\n", ":1:6: cni: expected flannel, cilium or none"],
    ["cni: { flannel: { vnii: 1 } }\n", ':1:19: unknown key "cni.flannel.vnii"; in cni.flannel there are: network'],
    ["seed: one\n", ":1:7: seed: expected a whole number"],
    ["nodes:\n", ":1:7: nodes: expected a whole number"],
    ["manifests: [text]\n", ":1:13: manifests[0]: expected a Kubernetes object"],
    ["- a\n", ":1:1: a lab file: expected a mapping"],
    ["nodes: [a\n", ":2:1: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["nodes: 2\nnodes: 3\n", ":2:1: Map keys must be unique"],
    ["preset: article\nnodes: 2\n", ': preset "article" has its own nodes: leave out "nodes"'],
    [
      "manifests:\n  - { apiVersion: v1, kind: Nosuch, metadata: { name: x } }\n",
      ': error: resource mapping not found for name: "x"',
    ],
  ])("%j is refused with its place", async (text, message) => {
    const lab = file("bad.yaml", text)
    const { code, stderr } = await podwire(["sh", "--lab", lab, "-c", "true"])
    expect(code).toBe(2)
    expect(stderr.startsWith(`podwire: ${lab}${message}`), stderr).toBe(true)
  })

  test("goes with neither --nodes nor --cni; a file that is not there is named", async () => {
    const lab = file("good.yaml", "nodes: 1\n")
    expect((await podwire(["sh", "--lab", lab, "--nodes", "2"])).stderr).toContain("--nodes and --lab")
    expect((await podwire(["sh", "--lab", lab, "--cni", "none"])).stderr).toContain("--cni and --lab")
    expect((await podwire(["sh", "--lab", "nosuch.yaml", "-c", "true"])).stderr).toContain("--lab nosuch.yaml: ENOENT")
  })

  test("an empty one is createCluster's default", async () => {
    expect((await podwire(["sh", "--lab", file("empty.yaml", "# nothing\n"), "-c", "hostname"])).stdout).toBe(
      "control-plane\n",
    )
  })
})

describe("run", () => {
  test("a shell script, on a machine or in a pod, with its code", async () => {
    const script = file("run.sh", "hostname\nexit 5\n")
    expect(await podwire(["run", script, "--on", "k8s-worker-1"])).toMatchObject({ code: 5, stdout: "k8s-worker-1\n" })
  })

  test('a TypeScript program outside of any package imports "podwire"; its arguments and code are its own', async () => {
    const program = file(
      "lab.ts",
      `import { createCluster, type Cluster } from "podwire"
import { save } from "podwire/node"
const cluster: Cluster = await createCluster({ nodes: 1 })
console.log(String(await cluster.exec("control-plane", "hostname")), process.argv.slice(2).join(), typeof save)
process.exitCode = 6
`,
    )
    expect(await podwire(["run", program, "--help", "x"])).toMatchObject({
      code: 6,
      stdout: "control-plane --help,x function\n",
      stderr: "",
    })
  })

  test("options that a kind of file has no use for are refused", async () => {
    expect((await podwire(["run", file("a.sh", ""), "--check"])).stderr).toContain(
      "a shell script has no use for --check",
    )
    expect((await podwire(["run", file("a.ipynb", "{}"), "--on", "x"])).stderr).toContain(
      "a notebook has no use for --on",
    )
  })
})

describe("version", () => {
  test("prints podwire's own and the imitated releases, as text and as data", async () => {
    const text = (await podwire(["version"])).stdout
    expect(text).toMatch(/^podwire {11}\d+\.\d+\.\d+\n/)
    expect(text).toContain(`kubernetes        ${VERSIONS.kubernetes}\n`)
    expect(JSON.parse((await podwire(["version", "--json"])).stdout)).toMatchObject(VERSIONS)
    expect((await podwire(["--version"])).stdout).toBe(text)
  })
})

describe("doctor", () => {
  test("asks a real tslab, and says so as text and as data", async () => {
    const { code, stdout } = await podwire(["doctor", "--json"])
    const findings = JSON.parse(stdout) as { name: string; found?: string; for: string }[]
    expect(findings.map(({ name }) => name)).toEqual([
      "node",
      "tslab",
      "kernelspec tslab",
      "kernelspec jslab",
      "jupyter",
      "kubectl",
      "tshark",
      "tcpdump",
      "chromium",
      "root",
    ])
    expect(findings[0]?.found).toBe(process.version)
    expect(findings[1]?.found).toMatch(/^\d+\.\d+\.\d+, answers$/)
    expect(code).toBe(0)
  })
})

const PYTHON = findProgram("python3")

needs({ python3: PYTHON !== undefined })("sh on a terminal", () => {
  /** Types `keys` at a pseudo-terminal, each when the screen shows what is expected, and returns the screen without control sequences. */
  async function atTerminal(
    args: readonly string[],
    steps: readonly (readonly [string, string])[],
  ): Promise<[string, number | null]> {
    const script = file("terminal.py", TERMINAL)
    const child = spawn(PYTHON as string, [
      script,
      JSON.stringify(steps),
      process.execPath,
      built("node/cli.js"),
      ...args,
    ])
    const { code, stdout, stderr } = await finished(child)
    expect(stderr).toBe("")
    return [stdout, code]
  }
  const P = "root@k8s-master:~# "

  test("keeps state, completes, recalls, breaks off, and ends with the shell's code", async () => {
    const [screen, code] = await atTerminal(
      ["sh"],
      [
        [P, "x=5\r"],
        [P, "echo $x$x\r"],
        [`55\n${P}`, "kubec\t"],
        ["kubectl", " version --client\r"],
        [`Client Version[^]*${P}`, "ping 10.244.0.0\r"],
        ["icmp_seq=2", "\u0003"],
        [`statistics[^]*${P}`, "cat\r"],
        ["cat", "hello\r"],
        ["hello\nhello\n", "\u0004"],
        [P, "dropped\u0003"],
        [`C\n${P}`, "\u001b[A\u001b[A\u001b[A\u001b[A\r"],
        [`Client Version[^]*${P}`, "exit 3\r"],
      ],
    )
    expect(code, screen).toBe(3)
    expect(screen).toContain("\n55\n")
    expect(screen).toMatch(/\d packets transmitted, \d received, 0% packet loss/)
    expect(screen.trimEnd().endsWith("exit")).toBe(true)
  })

  test("Ctrl-D at the prompt ends the shell", async () => {
    const [screen, code] = await atTerminal(
      ["sh", "--nodes", "1"],
      [
        ["root@control-plane:~# ", "false\r"],
        ["false", "\u0004"],
      ],
    )
    expect([screen.trimEnd().split("\n").at(-1), code]).toEqual(["root@control-plane:~# exit", 1])
  })
})

/** Drives a program at a pseudo-terminal: types a step's keys once the screen since the last step matches; exits with the program's code. */
const TERMINAL = `
import json, os, pty, re, select, sys, time
steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
def plain(text):
    # readline rewrites its line: back to the first column, clear, write again.
    text = re.sub(r"[^\\n]*\\x1b\\[1G\\x1b\\[0J", "", text.replace("\\r", ""))
    return re.sub(r"\\x1b\\[[0-9;?]*[A-Za-z]", "", text)
screen, seen, deadline = b"", 0, time.monotonic() + ${PATIENCE / 1000}
while time.monotonic() < deadline:
    ready, _, _ = select.select([fd], [], [], 0.05)
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        screen += data
        continue
    text = plain(screen[seen:].decode("utf8", "replace"))
    if steps and re.search(steps[0][0].replace("[^]", "[\\\\s\\\\S]"), text):
        seen = len(screen)
        os.write(fd, steps.pop(0)[1].encode())
sys.stdout.write(plain(screen.decode("utf8", "replace")))
sys.stdout.flush()
if time.monotonic() >= deadline:
    os.kill(pid, 9)
    sys.exit("no end in time; waiting for: " + json.dumps(steps))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`
