/** tcpdump 4.99.3 with libpcap 1.10.3. */
import type { Tool } from "../../linux/task/tool.ts"
import { defineTool } from "../../shell/tool.ts"
import { listDevices } from "./devices.ts"
import { TcpdumpError } from "./error.ts"
import { live } from "./live.ts"
import { replay } from "./replay.ts"
import { readSettings } from "./settings.ts"
import { USAGE, VERSION } from "./usage.ts"

export const tcpdump: Tool = defineTool("tcpdump", async (proc) => {
  try {
    const settings = readSettings(proc)
    if (settings.say === "usage" || settings.say === "version" || settings.say === "devices") {
      const text = { usage: USAGE, version: VERSION, devices: "" }[settings.say]
      await proc.out(settings.say === "devices" ? listDevices(proc) : text)
      return 0
    }
    if (settings.read !== undefined) return await replay(proc, settings, settings.read)
    return await live(proc, settings)
  } catch (thrown) {
    if (!(thrown instanceof TcpdumpError)) throw thrown
    await proc.err(thrown.text)
    return 1
  }
})
