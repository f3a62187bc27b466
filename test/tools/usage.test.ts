/** What busybox 1.28 says of itself; test/golden/shell/usage.txt has the same of Debian's programs. */
import { expect, test } from "vitest"
import { HELPS as hubble } from "../../src/cni/cilium/hubble/help.ts"
import { cilium, createCluster } from "../../src/index.ts"
import { BUSYBOX_TOOLS, GNU_TOOLS } from "../../src/tools/coreutils/index.ts"
import { HELPS as BUSYBOX } from "../../src/tools/help/busybox.ts"
import { HELPS as COREUTILS } from "../../src/tools/help/coreutils.ts"
import { HELPS as DEBIAN } from "../../src/tools/help/debian.ts"
import { lists } from "../../src/tools/help/index.ts"
import { HELPS as KUBECTL } from "../../src/tools/help/kubectl.ts"
import { HELPS as network } from "../../src/tools/help/network.ts"
import { runShell } from "../support/shell-golden.ts"

const BANNER = "BusyBox v1.28.4 (2018-05-22 17:00:17 UTC) multi-call binary.\n\n"

const cluster = await createCluster({ preset: "article", cni: cilium() })

/** These have no `--help`. */
const SILENT = ["test", "which", "egrep", "fgrep"]

test("every program has its help", () => {
  const without = GNU_TOOLS.map(({ name }) => name).filter(
    (name) => !SILENT.includes(name) && COREUTILS[name] === undefined && DEBIAN[name] === undefined,
  )
  expect(without).toEqual([])
})

test.each(
  BUSYBOX_TOOLS.map(({ name }) => name).filter(
    (name) => BUSYBOX[name] !== undefined && !/^(test|\[|kill|pwd|echo|printf|true|false)$/.test(name),
  ),
)("busybox %s --help", async (name) => {
  const { stdout, stderr, code } = await runShell(`${name} --help`, { ash: true })
  expect({ stdout, stderr, code }).toEqual({ stdout: "", stderr: BANNER + BUSYBOX[name]?.help, code: 0 })
})

test.each([
  ["ls --zzyzx", "ls: unrecognized option '--zzyzx'\n", "ls", 1],
  ["grep -~ x", "grep: invalid option -- '~'\n", "grep", 2],
  ["tty --zzyzx", "tty: unrecognized option '--zzyzx'\n", "tty", 2],
  ["mkdir", "", "mkdir", 1],
  ["whoami x", "", "whoami", 1],
  ["which", "", "which", 1],
  ["dirname a b", "", "dirname", 1],
])("busybox: %s", async (script, complaint, name, code) => {
  const run = await runShell(script, { ash: true })
  expect(run.stderr).toBe(complaint + BANNER + BUSYBOX[name]?.help)
  expect(run.code).toBe(code)
})

test.each([
  ["arch --zzyzx", "x86_64\n"],
  ["arch a b", "x86_64\n"],
  ["basename --version", "--version\n"],
  ["nproc -h", "2\n"],
])("busybox takes everything: %s", async (script, stdout) => {
  expect(await runShell(script, { ash: true })).toMatchObject({ stdout, stderr: "", code: 0 })
})

test("what the real program has is refused by name, what it has not is none of its options", async () => {
  const { stderr } = await runShell("ls --context; ls -Z; ls -@; cp --sparse=always a b")
  expect(stderr).toBe(
    "ls: podwire does not support option '--context'\nls: podwire does not support option '-Z'\n" +
      "ls: invalid option -- '@'\nTry 'ls --help' for more information.\n" +
      "cp: podwire does not support option '--sparse'\n",
  )
})

test("options are found where a help lists them", () => {
  const help = "Usage: x [-q]\n  -a, --all   as -b does\n      --colour[=WHEN]\n\t-T SEC\tNetwork\n"
  const options = ["-a", "--all", "--colour", "-T", "-b", "-q", "--al"]
  expect(options.filter((option) => lists(help, option))).toEqual(["-a", "--all", "--colour", "-T"])
})

test.each([
  ["curl --help", network["curl"]?.help, "", 0],
  ["curl --help all", "", "curl: podwire does not support '--help all' (only --help)\n", 2],
  ["conntrack", network["conntrack"]?.help, "", 0],
  ["iptables --help", network["iptables"]?.help, "", 0],
  ["iptables-restore -h", "", network["iptables-restore"]?.help, 0],
  ["ss --help", network["ss"]?.help, "", 0],
  ["ss --nope", "", `ss: unrecognized option '--nope'\n${network["ss"]?.help}`, 255],
  ["systemctl --help", network["systemctl"]?.help, "", 0],
  ["systemctl -@", "", "systemctl: invalid option -- '@'\n", 1],
  ["systemctl --failed", "", "systemctl: podwire does not support option '--failed'\n", 1],
  ["sudo --help", network["sudo"]?.help, "", 0],
  ["sudo -i whoami", "root\n", "", 0],
  ["tc help", "", network["tc"]?.help, 0],
  ["tc qdisc help", "", network["tc-qdisc"]?.help, 0],
  ["tc --help", "", 'Option "--help" is unknown, try "tc -help".\n', 255],
  ["tar --help", DEBIAN["tar"]?.help, "", 0],
  ["kubectl get --help", KUBECTL["get"]?.help, "", 0],
  ["kubectl help create ns", KUBECTL["create namespace"]?.help, "", 0],
  ["kubectl rollout", KUBECTL["rollout"]?.help, "", 1],
  ["kubectl rollout -h", KUBECTL["rollout"]?.help, "", 0],
  ["kubectl top", KUBECTL["top"]?.help, "", 1],
  ["kubectl options", KUBECTL["options"]?.help, "", 0],
  ["kubectl expose -h", "", `error: podwire's kubectl does not support the command "expose"\n`, 1],
  ["hubble --help", hubble[""], "", 0],
  ["hubble observe --help", hubble["observe"], "", 0],
  ["hubble help status", hubble["status"], "", 0],
  ["hubble list", hubble["list"], "", 0],
  ["hubble config -h", "", `podwire's hubble has no command "config"\n`, 1],
])("%s", async (command, stdout, stderr, code) => {
  expect(await cluster.node("k8s-master").exec(command)).toMatchObject({ stdout, stderr, code })
})

test("what hubble's help lists is taken or refused by name", async () => {
  const flags = [...(hubble["observe"] ?? "").matchAll(/^ {2}(?: {4}|-\S, )--(\S+)/gm)].map(([, flag]) => flag)
  expect(flags.length).toBeGreaterThan(80)
  const node = cluster.node("k8s-master")
  const answers = new Map<string | undefined, string>()
  for (const flag of flags) answers.set(flag, (await node.exec(`hubble observe --${flag}=1`)).stderr)
  const odd = [...answers].filter(
    ([flag, said]) =>
      said !== `podwire's hubble does not support the flag --${flag}\n` &&
      said !== `podwire does not support the flag --${flag}\n` &&
      !/connection refused|invalid argument "1"/.test(said),
  )
  expect(odd).toEqual([])
})
