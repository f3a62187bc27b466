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

/** Devices in the order of -D: what is up, all of them together, the loopback; what is down comes behind libpcap's own. */
function ordered(proc: Process): { up: (NetDevice | "any")[]; down: NetDevice[] } {
  const devices = [...proc.net.devices].sort((a, b) => merit(proc, a) - merit(proc, b))
  const others = devices.filter((dev) => dev.up && dev !== proc.net.loopback)
  const loopback = devices.filter((dev) => dev.up && dev === proc.net.loopback)
  return { up: [...others, "any", ...loopback], down: devices.filter((dev) => !dev.up) }
}

export function listDevices(proc: Process): string {
  const { up, down } = ordered(proc)
  const rows = [
    ...up.map((dev) => {
      if (dev === "any") return "any (Pseudo-device that captures on all interfaces) [Up, Running]"
      return `${dev.name} [Up, Running, ${dev === proc.net.loopback ? "Loopback" : "Connected"}]`
    }),
    ...SPECIAL.map(([name, text]) => `${name} ${text}`),
    ...down.map((dev) => `${dev.name} [${dev === proc.net.loopback ? "Loopback" : "none, Disconnected"}]`),
  ]
  return rows.map((row, i) => `${i + 1}.${row}\n`).join("")
}

/** The device of -i, the first one without it; "any" for all. */
export function chooseDevice(proc: Process, wanted: string | undefined): NetDevice | "any" {
  const { up, down } = ordered(proc)
  const first = up[0] as NetDevice | "any"
  const name = wanted ?? (first === "any" ? "any" : first.name)
  // Whether there is such a device is asked only of who may look.
  if (proc.uid !== 0)
    fail(`${name}: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)`)
  if (name === "any") return "any"
  const device = proc.net.device(name)
  if (device !== undefined) return device.up ? device : fail(`${name}: That device is not up`)
  if (SPECIAL.some(([known]) => known === name)) fail(`podwire does not capture on ${name}`)
  if (/^\d+$/.test(name) && Number(name) > 0)
    return numbered([...up, ...SPECIAL.map(([known]) => known), ...down], Number(name))
  return fail(`${name}: No such device exists\n(No such device exists)`)
}

function numbered(rows: readonly (NetDevice | string)[], number: number): NetDevice {
  const row = rows[number - 1]
  if (row === undefined) return fail("Invalid adapter index")
  // By its number, and not its name, "any" gets the older cooked header.
  if (row === "any") return fail("podwire does not support link-type LINUX_SLL; say -i any")
  if (typeof row === "string") return fail(`podwire does not capture on ${row}`)
  return row.up ? row : fail(`${row.name}: That device is not up`)
}
