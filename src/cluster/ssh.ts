/**
 * ssh (OpenSSH 9.2) from one of the cluster's machines to another: how one shell does what has to be done on every worker. Keys are in order
 * everywhere, and no packets pass: the connection is podwire's own, as a management network beside the simulated one would be.
 */
import type { Kernel } from "../linux/kernel.ts"
import type { OpenFile } from "../linux/task/file.ts"
import type { Process } from "../linux/task/process.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt } from "../shell/getopt.ts"
import { bashTool } from "../shell/programs.ts"
import { defineTool } from "../shell/tool.ts"

/** A machine that can be logged in to. */
export interface SshHost {
  readonly kernel: Kernel
  readonly ip: string
}

const TABLE = { 4: false, T: false, n: false, q: false, t: false, l: true, o: true, v: false }
const USAGE = `usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]
           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]
           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]
           [-i identity_file] [-J [user@]host[:port]] [-L address]
           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]
           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]
           [-w local_tun[:remote_tun]] destination [command [argument ...]]
`
/** What ssh itself ends with when there is no session. */
const FAILED = 255

/** @param hosts the cluster's machines by name @param env what a login finds in its environment */
export function sshTool(hosts: ReadonlyMap<string, SshHost>, env: ReadonlyMap<string, string>): Tool {
  return defineTool("ssh", async (proc) => {
    const parsed = getopt(proc.argv, TABLE, true)
    if ("kind" in parsed) {
      await proc.err(`ssh: podwire does not support option '-${parsed.name}'\n`)
      return FAILED
    }
    const [destination, ...words] = parsed.operands
    if (destination === undefined) {
      await proc.err(USAGE)
      return FAILED
    }
    const given = (letter: string): string | undefined => parsed.options.findLast(({ name }) => name === letter)?.value
    const [name = "", user] = destination.split("@").reverse()
    const host = [...hosts].find(([known, { ip }]) => known === name || ip === name)
    if (host === undefined) {
      await proc.err(`ssh: Could not resolve hostname ${name}: Name or service not known\n`)
      return FAILED
    }
    const login = user ?? given("l") ?? "root"
    if (login !== "root" && login !== "vagrant") {
      await proc.err(`${login}@${name}: Permission denied (publickey).\n`)
      return FAILED
    }
    return session(proc, host[1].kernel, name, { login, words, env, input: given("n") === undefined })
  })
}

interface Login {
  login: string
  words: readonly string[]
  env: ReadonlyMap<string, string>
  /** Standard input goes along (no -n). */
  input: boolean
}

async function session(
  proc: Process,
  kernel: Kernel,
  name: string,
  { login, words, env, input }: Login,
): Promise<number> {
  const root = login === "root"
  const home = root ? "/root" : `/home/${login}`
  if (!root) kernel.root.mkdir(home, { recursive: true })
  const fds = new Map<number, OpenFile>()
  for (const fd of input ? [0, 1, 2] : [1, 2]) {
    const file = proc.fds.get(fd)
    if (file !== undefined) fds.set(fd, file)
  }
  const shell = kernel.processes.run(words.length === 0 ? ["bash"] : ["bash", "-c", words.join(" ")], {
    tool: bashTool,
    env: new Map([...env, ["HOME", home], ["USER", login]]),
    cwd: home,
    uid: root ? 0 : 1000,
    fds,
  })
  if (typeof shell === "string") return FAILED
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) proc.on(signal, () => shell.kill(signal))
  while (shell.status === undefined) await proc.task.wait(shell.exited)
  if (words.length === 0 && proc.fds.get(0)?.isTty === true) await proc.err(`Connection to ${name} closed.\n`)
  return shell.status.code
}
