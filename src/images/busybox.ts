/** busybox:1.28: one binary, many names. There is no curl in it. */

import type { Vfs } from "../linux/task/vfs.ts"
import { shTool } from "../shell/programs.ts"
import { BUSYBOX_TOOLS } from "../tools/coreutils/index.ts"
import { busyboxNslookup, busyboxPing, busyboxWget, ip } from "../tools/index.ts"
import type { Image } from "./image.ts"

export function installBusybox(fs: Vfs): void {
  for (const tool of [...BUSYBOX_TOOLS, shTool, busyboxNslookup, busyboxPing, busyboxWget, ip])
    fs.install(`/bin/${tool.name}`, tool)
  fs.writeFile("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
  fs.writeFile("/etc/group", "root:x:0:\nnobody:x:65534:\n")
}

export const busybox: Image = {
  name: "busybox",
  entrypoint: [],
  cmd: ["sh"],
  env: {},
  workingDir: "/",
  pullTime: 1_500_000_000,
  build: installBusybox,
}
