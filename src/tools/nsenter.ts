/** nsenter (util-linux 2.38): a program in the network, file tree or host name of another process. */
import { strerror } from "../linux/errno.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { Process, SpawnOptions } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { type Options, program, unsupported } from "./coreutils/program.ts"

/** Where `ip netns` and the container runtime name namespaces. */
const NAMED = /^(?:\/var)?\/run\/netns\/([^/]+)$/

class NsenterError extends Error {}

export const nsenter: Tool = program("nsenter", {
  options: {
    ...{ t: true, n: false, m: false, u: false, target: true, net: false, mount: false, uts: false, "net-file": true },
  },
  letters: { h: false, V: false },
  posix: true,
  // --net's file is an optional argument, which stands in the same word.
  rewrite: (argv) => argv.map((word) => word.replace(/^--net=/, "--net-file=")),
  run: async (proc, options) => {
    const [command, ...args] = options.operands
    if (command === undefined) return unsupported(proc, "nsenter", "a call without a program")
    try {
      const child = proc.spawn([command, ...args], spawnOptions(proc, options))
      if (typeof child !== "string") return (await proc.wait(child)).code
      await proc.err(`nsenter: failed to execute ${command}: ${strerror(child)}\n`)
      return child === "ENOENT" ? 127 : 126
    } catch (error) {
      if (!(error instanceof NsenterError)) throw error
      await proc.err(`nsenter: ${error.message}\n`)
      return 1
    }
  },
})("gnu")

function spawnOptions(proc: Process, options: Options): SpawnOptions {
  const file = options.value("net-file")
  const wanted = { net: options.has("n", "net"), mnt: options.has("m", "mount"), uts: options.has("u", "uts") }
  const [kind] = Object.entries(wanted).find(([, asked]) => asked) ?? []
  if (kind === undefined) return file === undefined ? {} : { net: named(proc, file) }
  const pid = options.value("t", "target")
  if (pid === undefined) throw new NsenterError(`neither filename nor target pid supplied for ns/${kind}`)
  if (!/^\d+$/.test(pid)) throw new NsenterError(`failed to parse pid: '${pid}'`)
  const target = proc.kernel.processes.get(Number(pid))
  if (target === undefined) throw new NsenterError(`cannot open /proc/${pid}/ns/${kind}: ${strerror("ENOENT")}`)
  mayEnter(proc, `/proc/${pid}/ns/${kind}`)
  return {
    ...(wanted.net ? { net: target.net } : {}),
    ...(file === undefined ? {} : { net: named(proc, file) }),
    ...(wanted.mnt ? { fs: target.fs, cwd: "/" } : {}),
    ...(wanted.uts ? { hostname: target.hostname } : {}),
  }
}

function named(proc: Process, file: string): NetNamespace {
  const name = NAMED.exec(file)?.[1]
  const net = proc.kernel.namespaces.find((one) => one.name !== "" && one.name === name)
  if (net === undefined) throw new NsenterError(`cannot open ${file}: ${strerror("ENOENT")}`)
  mayEnter(proc, file)
  return net
}

function mayEnter(proc: Process, file: string): void {
  if (proc.uid !== 0) throw new NsenterError(`cannot open ${file}: ${strerror("EACCES")}`)
}
