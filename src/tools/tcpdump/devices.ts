/** Devices to capture on. Models libpcap's pcap_findalldevs and its order. */
import type { NetDevice } from "../../linux/netdev.ts"
import type { Process } from "../../linux/task/process.ts"
import { fail } from "./error.ts"

/** What Debian's libpcap offers besides network devices. */
const SPECIAL: readonly (readonly [string, string])[] = [
  ["bluetooth-monitor", "(Bluetooth Linux Monitor) [Wireless]"],
  ["nflog", "(Linux netfilter log (NFLOG) interface) [none]"],
  ["nfqueue", "(Linux netfilter queue (NFQUEUE) interface) [none]"],
  ["dbus-system", "(D-Bus system bus) [none]"],
  ["dbus-session", "(D-Bus session bus) [none]"],
]

/** What is up comes first, the loopback behind it; within that the kernel's own order. Models get_figure_of_merit. */
const merit = (proc: Process, dev: NetDevice): number => (dev.up ? 0 : 2) + (dev === proc.net.loopback ? 1 : 0)

/** Names in the order of -D. */
function ordered(proc: Process): (NetDevice | "any")[] {
  const devices = [...proc.net.devices].sort((a, b) => merit(proc, a) - merit(proc, b))
  const at = devices.findIndex((dev) => merit(proc, dev) >= 1)
  const rows: (NetDevice | "any")[] = [...devices]
  rows.splice(at < 0 ? rows.length : at, 0, "any")
  return rows
}

export function listDevices(proc: Process): string {
  const rows = ordered(proc).map((dev) => {
    if (dev === "any") return "any (Pseudo-device that captures on all interfaces) [Up, Running]"
    if (dev === proc.net.loopback) return `lo [${dev.up ? "Up, Running, " : ""}Loopback]`
    return `${dev.name} [${dev.up ? "Up, Running, Connected" : "none"}]`
  })
  const special = SPECIAL.map(([name, text]) => `${name} ${text}`)
  return [...rows, ...special].map((row, i) => `${i + 1}.${row}\n`).join("")
}

/** The device of -i, the first one without it; "any" for all. */
export function chooseDevice(proc: Process, wanted: string | undefined): NetDevice | "any" {
  const rows = ordered(proc)
  const first = rows[0]
  if (wanted === undefined) return first === undefined ? fail("no interfaces available for capture") : opened(first)
  if (wanted === "any") return "any"
  const device = proc.net.device(wanted)
  if (device !== undefined) return opened(device)
  if (SPECIAL.some(([name]) => name === wanted)) fail(`podwire does not capture on ${wanted}`)
  if (/^\d+$/.test(wanted) && Number(wanted) > 0) return numbered(rows, Number(wanted))
  return fail(`${wanted}: No such device exists\n(No such device exists)`)
}

function numbered(rows: readonly (NetDevice | "any")[], number: number): NetDevice | "any" {
  const row = rows[number - 1]
  if (row === undefined)
    return fail(
      number <= rows.length + SPECIAL.length
        ? `podwire does not capture on ${SPECIAL[number - rows.length - 1]?.[0]}`
        : "Invalid adapter index",
    )
  // By its number, and not its name, "any" gets the older cooked header.
  return row === "any" ? fail("podwire does not support link-type LINUX_SLL; say -i any") : opened(row)
}

const opened = (dev: NetDevice | "any"): NetDevice | "any" =>
  dev === "any" || dev.up ? dev : fail(`${dev.name}: That device is not up`)
