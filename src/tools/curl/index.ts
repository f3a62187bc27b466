/** curl 7.88.1: HTTP. */
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { helpOf } from "../help/index.ts"
import { Session } from "./session.ts"
import { readSettings } from "./settings.ts"
import { transferAll } from "./transfer.ts"

export const curl: Tool = defineTool("curl", async (proc) => {
  const read = readSettings(proc.argv)
  if ("text" in read) {
    if (read.help === true) await proc.out((await helpOf(proc, "curl")).help)
    if (read.out !== undefined) await proc.out(read.out)
    await proc.err(read.text)
    return read.code
  }
  const session = new Session(proc, read.settings)
  let code = 0
  for (const [i, url] of read.urls.entries()) code = await transferAll(session, url, i)
  await session.close()
  return code
})
