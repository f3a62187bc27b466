/** systemctl (systemd 252), on the services that a machine runs. */
import type { Process } from "../linux/task/process.ts"
import type { SystemService } from "../linux/task/services.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt, getoptMessage } from "../shell/getopt.ts"
import { strftime } from "../shell/time.ts"
import { defineTool } from "../shell/tool.ts"
import { SECOND } from "../sim/simulation.ts"
import { helpOf, lists } from "./help/index.ts"

const TABLE = { q: false, l: false, quiet: false, full: false, now: false, "no-pager": false, "no-ask-password": false }

/** systemctl's exit codes (LSB). */
const EXIT = { FAILURE: 1, NOT_RUNNING: 3, UNKNOWN: 4, NO_PERMISSION: 4, NOT_INSTALLED: 5 } as const

type Verb = (run: Run, unit: string, service: SystemService | undefined) => Promise<number>

interface Run {
  proc: Process
  quiet: boolean
  now: boolean
}

export const systemctl: Tool = defineTool("systemctl", async (proc) => {
  const parsed = getopt(proc.argv, { ...TABLE, h: false, help: false, version: false })
  const given = ("kind" in parsed ? parsed.before : parsed.options) ?? []
  const asked = given.find(({ name }) => ["h", "help", "version"].includes(name))?.name
  const { help, version = "" } = await helpOf(proc, "systemctl")
  if (asked !== undefined) {
    await proc.out(asked === "version" ? version : help)
    return 0
  }
  if ("kind" in parsed) {
    const option = parsed.kind === "unknown" ? `-${parsed.name}` : parsed.name
    const known = lists(help, option)
    await proc.err(
      known ? `systemctl: podwire does not support option '${option}'\n` : getoptMessage("systemctl", parsed),
    )
    return EXIT.FAILURE
  }
  const has = (...names: string[]): boolean => parsed.options.some(({ name }) => names.includes(name))
  const run: Run = { proc, quiet: has("q", "quiet"), now: has("now") }
  const [name = "list-units", ...units] = parsed.operands
  if (name === "daemon-reload") return 0
  const verb = VERBS[name]
  if (verb === undefined) {
    await proc.err(
      REFUSED.has(name)
        ? `systemctl: podwire does not support the command '${name}'\n`
        : `Unknown command verb ${name}.\n`,
    )
    return EXIT.FAILURE
  }
  if (units.length === 0) {
    await proc.err("Too few arguments.\n")
    return EXIT.FAILURE
  }
  return each(run, units, verb)
})

/** Every unit in turn; the first failure's code is the program's, as far as it is known. */
async function each(run: Run, units: readonly string[], verb: Verb): Promise<number> {
  let code = 0
  for (const word of units) {
    const unit = word.includes(".") ? word : `${word}.service`
    const result = await verb(run, unit, run.proc.kernel.services.get(unit.replace(/\.service$/, "")))
    code ||= result
  }
  return code
}

/** A job for the manager: only root may ask for one. */
const job =
  (doing: string, act: (service: SystemService) => void): Verb =>
  async ({ proc }, unit, service) => {
    if (proc.uid !== 0) {
      await proc.err(
        `Failed to ${doing} ${unit}: Interactive authentication required.\nSee system logs and 'systemctl status ${unit}' for details.\n`,
      )
      return EXIT.NO_PERMISSION
    }
    if (service === undefined) {
      await proc.err(`Failed to ${doing} ${unit}: Unit ${unit} not ${doing === "stop" ? "loaded" : "found"}.\n`)
      return EXIT.NOT_INSTALLED
    }
    act(service)
    return 0
  }

const isActive: Verb = async ({ proc, quiet }, _unit, service) => {
  const active = service?.active === true
  if (!quiet) await proc.out(active ? "active\n" : "inactive\n")
  return active ? 0 : EXIT.NOT_RUNNING
}

const isEnabled: Verb = async ({ proc, quiet }, unit, service) => {
  if (service === undefined) {
    await proc.err(`Failed to get unit file state for ${unit}: No such file or directory\n`)
    return EXIT.FAILURE
  }
  if (!quiet) await proc.out("enabled\n")
  return 0
}

const status: Verb = async ({ proc }, unit, service) => {
  if (service === undefined) {
    await proc.err(`Unit ${unit} could not be found.\n`)
    return EXIT.UNKNOWN
  }
  const { sim } = proc.kernel
  const at = strftime("%a %Y-%m-%d %H:%M:%S UTC", sim.epoch + Math.floor(service.since / SECOND))
  const since = `since ${at}; ${ago(Math.floor((sim.now - service.since) / SECOND))} ago`
  const lines = [
    `${service.active ? "●" : "○"} ${unit} - ${service.description}`,
    `     Loaded: loaded (${service.unitFile}; enabled; preset: enabled)`,
    `     Active: ${service.active ? "active (running)" : "inactive (dead)"} ${since}`,
    ...(service.active ? [`   Main PID: ${service.pid} (${service.name})`] : []),
  ]
  await proc.out(lines.map((line) => `${line}\n`).join(""))
  return service.active ? 0 : EXIT.NOT_RUNNING
}

/** Models format_timespan as `status` uses it. */
function ago(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}min${seconds % 60 === 0 ? "" : ` ${seconds % 60}s`}`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours}h ${minutes % 60}min`
  return `${Math.floor(hours / 24)} days`
}

const VERBS: Readonly<Record<string, Verb>> = {
  start: job("start", (service) => service.start()),
  stop: job("stop", (service) => service.stop()),
  restart: job("restart", (service) => service.restart()),
  "try-restart": job("try-restart", (service) => {
    if (service.active) service.restart()
  }),
  status,
  "is-active": isActive,
  "is-enabled": isEnabled,
}

/** Real commands that are not here. */
const REFUSED: ReadonlySet<string> = new Set(
  "list-units list-unit-files list-sockets list-timers list-jobs list-dependencies is-failed show cat help reset-failed kill freeze thaw reload reload-or-restart enable disable reenable preset mask unmask link revert edit get-default set-default isolate default rescue emergency halt poweroff reboot suspend daemon-reexec show-environment set-environment".split(
    " ",
  ),
)
