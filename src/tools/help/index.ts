/** What programs print of themselves: `--help`, `--version`, busybox's usage. Long texts, loaded when one of them is first asked for. */
import type { Process } from "../../linux/task/process.ts"
import { VERSIONS } from "../../versions.ts"

interface Help {
  readonly help: string
  readonly version?: string
}
/** By the program's name. */
export type Helps = Readonly<Record<string, Help>>

type File = () => Promise<{ readonly HELPS: Helps }>
const coreutils: File = () => import("./coreutils.ts")
const debian: File = () => import("./debian.ts")
const network: File = () => import("./network.ts")
const kubectl: File = () => import("./kubectl.ts")
const busybox: File = () => import("./busybox.ts")

const FILES: readonly (readonly [File, readonly string[]])[] = [
  [
    debian,
    "awk clear column diff find grep gunzip gzip hostname kill ps rev sed sysctl tar uptime xargs zcat".split(" "),
  ],
  [
    network,
    "conntrack curl iptables iptables-restore nsenter ss sudo systemctl tc tc-qdisc tc-class tc-filter".split(" "),
  ],
]

/** The texts of a program of Debian 12. */
export async function helpOf(proc: Process, name: string): Promise<Help> {
  const file = FILES.find(([, names]) => names.includes(name))?.[0] ?? coreutils
  const help = (await proc.task.load(file)).HELPS[name]
  if (help === undefined) throw new Error(`no help text of ${name}`)
  return help
}

/** Of a command of kubectl 1.31; undefined where podwire's has none. */
export async function kubectlHelp(proc: Process, command: string): Promise<string | undefined> {
  return (await proc.task.load(kubectl)).HELPS[command]?.help
}

/** What busybox says to whoever asks for an applet's help, or uses it wrongly. */
export async function busyboxUsage(proc: Process, name: string): Promise<string> {
  const help = (await proc.task.load(busybox)).HELPS[name]
  return `BusyBox v${VERSIONS.busybox} (2018-05-22 17:00:17 UTC) multi-call binary.\n\n${help?.help ?? `No help available\n`}`
}

/** Whether a help text lists an option: `-Z` or `--context`, in the column where options stand. */
export function lists(help: string, option: string): boolean {
  return help.split("\n").some((line) => {
    const column = /^\s+(-.*?)(?:\s{2,}|\t|$)/.exec(line)?.[1] ?? ""
    return column.split(/[\s,=[]+/).includes(option)
  })
}
