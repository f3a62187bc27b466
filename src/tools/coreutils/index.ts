/** The programs every machine has, in GNU's voice and in busybox's. A file's code is loaded when one of its programs is first run. */
import type { Tool } from "../../linux/task/tool.ts"
import { lazyTool } from "../../shell/lazy-tool.ts"
import type { Program } from "./program.ts"

/** Programs of one file, which exports them by their names. */
function from<Name extends string>(
  names: readonly Name[],
  file: () => Promise<NoInfer<Readonly<Record<Name, Program>>>>,
): Program[] {
  return names.map((name) => (style) => lazyTool(name, async () => (await file())[name](style)))
}

const COMMON: readonly Program[] = [
  from(["awk"], () => import("./awk/index.ts")),
  from(["cat", "nl", "rev", "tac", "tee"], () => import("./cat.ts")),
  from(["cut", "fold", "paste", "tr"], () => import("./cut.ts")),
  from(["date"], () => import("./date.ts")),
  from(["diff"], () => import("./diff.ts")),
  from(["base64", "sha256sum"], () => import("./digest.ts")),
  from(["cp", "ln", "mkdir", "mktemp", "mv", "rm", "rmdir", "touch"], () => import("./files.ts")),
  from(["find"], () => import("./find.ts")),
  from(["egrep", "fgrep", "grep"], () => import("./grep.ts")),
  from(["head", "tail"], () => import("./head.ts")),
  from(["ls"], () => import("./ls.ts")),
  from(["expr", "seq"], () => import("./number.ts")),
  from(["basename", "dirname", "readlink", "realpath", "which"], () => import("./path.ts")),
  from(["ps"], () => import("./ps.ts")),
  from(["env", "kill", "timeout", "xargs", "yes"], () => import("./process.ts")),
  from(["sleep"], () => import("./sleep.ts")),
  from(["sed"], () => import("./sed/index.ts")),
  from(["sort", "uniq"], () => import("./sort.ts")),
  from(["chmod", "chown", "stat"], () => import("./stat.ts")),
  from(["clear", "echo", "false", "printenv", "printf", "true"], () => import("./echo.ts")),
  from(["arch", "hostname", "nproc", "pwd", "tty", "uname", "uptime"], () => import("./system.ts")),
  from(["groups", "id", "whoami"], () => import("./users.ts")),
  from(["sysctl"], () => import("./sysctl.ts")),
  from(["test", "["], () => import("./test.ts").then(({ test, bracket }) => ({ test, "[": bracket }))),
  from(["wc"], () => import("./wc.ts")),
].flat()
const COLUMN = from(["column"], () => import("./cut.ts"))

/** What a node has. */
export const GNU_TOOLS: readonly Tool[] = [...COMMON, ...COLUMN].map((program) => program("gnu"))
/** The same names of busybox's one binary. */
export const BUSYBOX_TOOLS: readonly Tool[] = COMMON.map((program) => program("busybox"))

export const sudo: Tool = lazyTool("sudo", () => import("./process.ts").then((module) => module.sudo))
