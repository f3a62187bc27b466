/** ss(8) of iproute2 6.1: TCP and UDP sockets. Models misc/ss.c. */
import { TcpState } from "../linux/inet/tcp-state.ts"
import type { NetNamespace } from "../linux/netns.ts"
import type { Tool } from "../linux/task/tool.ts"
import { getopt } from "../shell/getopt.ts"
import { defineTool } from "../shell/tool.ts"
import { formatIpv4 } from "../wire/address.ts"
import { portName } from "../wire/services.ts"
import { helpOf } from "./help/index.ts"

const TABLE = {
  ...{ h: false, V: false, n: false, a: false, l: false, t: false, u: false, 4: false, 6: false, H: false, O: false },
  ...{ help: false, version: false, numeric: false, all: false, listening: false, tcp: false, udp: false },
  ...{ ipv4: false, ipv6: false, "no-header": false, oneline: false, A: true, query: true, socket: true },
}
/** Real options that are not here. */
const REFUSED = {
  ...Object.fromEntries([..."roempTisEbZzNMSdwx0K"].map((letter) => [letter, false])),
  ...{ D: true, F: true, f: true, resolve: false, options: false, extended: false, memory: false, processes: false },
  ...{ threads: false, info: false, summary: false, events: false, context: false, contexts: false, net: true },
  ...{ packet: false, mptcp: false, sctp: false, dccp: false, raw: false, unix: false, vsock: false, xdp: false },
  ...{ family: true, kill: false, diag: true, filter: true, tos: false, cgroup: false, bpf: false, tipc: false },
}

interface Row {
  netid: "udp" | "tcp"
  state: string
  received: number
  sent: number
  local: readonly [number, number]
  peer: readonly [number, number]
}

type Filter = (row: Row) => boolean

interface Settings {
  udp: boolean
  tcp: boolean
  listening: boolean
  all: boolean
  numeric: boolean
  header: boolean
  filters: readonly Filter[]
}

export const ss: Tool = defineTool("ss", async (proc) => {
  const parsed = getopt(proc.argv, { ...TABLE, ...REFUSED })
  if ("kind" in parsed) {
    const said =
      parsed.kind === "unknown" ? `invalid option -- '${parsed.name}'` : `unrecognized option '${parsed.name}'`
    await proc.err(`ss: ${said}\n${(await helpOf(proc, "ss")).help}`)
    return 255
  }
  const refused = parsed.options.find(({ name }) => name in REFUSED)?.name
  const has = (...names: string[]): boolean => parsed.options.some(({ name }) => names.includes(name))
  const queries = parsed.options
    .filter(({ name }) => ["A", "query", "socket"].includes(name))
    .flatMap(({ value }) => value.split(","))
  const unknown = queries.find((query) => !["tcp", "udp", "inet"].includes(query))
  const filters = readFilter(parsed.operands)
  const asked = (name: string): boolean => queries.includes(name) || queries.includes("inet")
  const [tcp, udp] = [has("t", "tcp") || asked("tcp"), has("u", "udp") || asked("udp")]
  if (has("h", "help")) {
    await proc.out((await helpOf(proc, "ss")).help)
    return 0
  }
  const complaint =
    refused !== undefined
      ? `option '${refused.length === 1 ? "-" : "--"}${refused}'`
      : unknown !== undefined
        ? `the sockets '${unknown}'`
        : typeof filters === "string"
          ? `the filter '${filters}'`
          : !tcp && !udp && !has("V", "version")
            ? "sockets other than those of TCP and UDP: say -t or -u"
            : undefined
  if (complaint !== undefined) {
    await proc.err(`ss: podwire does not support ${complaint}\n`)
    return 1
  }
  if (has("V", "version", "h", "help")) {
    await proc.out(has("V", "version") ? "ss utility, iproute2-6.1.0\n" : (await helpOf(proc, "ss")).help)
    return 0
  }
  const settings: Settings = {
    udp,
    tcp,
    listening: has("l", "listening"),
    all: has("a", "all"),
    numeric: has("n", "numeric"),
    header: !has("H", "no-header"),
    filters: filters as Filter[],
  }
  // There is no IPv6.
  await proc.out(render(has("6", "ipv6") && !has("4", "ipv4") ? [] : rowsOf(proc.net, settings), settings))
  return 0
})

/** `sport = :80`, `state listening`; the words that are not understood. */
function readFilter(operands: readonly string[]): Filter[] | string {
  const text = operands.join(" ").trim()
  if (text === "") return []
  const port = /^(?:\( )?(sport|dport) (?:= |eq )?:(\d+)(?: \))?$/.exec(text)
  if (port !== null) {
    const side = port[1] === "sport" ? "local" : "peer"
    return [(row) => row[side][1] === Number(port[2])]
  }
  const state = /^state (established|listening|time-wait|syn-sent|close-wait)$/.exec(text)?.[1]
  if (state === undefined) return text
  const wanted = { established: "ESTAB", listening: "LISTEN" }[state] ?? state.toUpperCase()
  return [(row) => row.state === wanted]
}

// ── sockets ───────────────────────────────────────────────────────────────────────────────────

/** States that are shown when neither -a nor -l is given. */
const isConnected = (state: string): boolean =>
  !["LISTEN", TcpState.CLOSE, TcpState.SYN_RECV, TcpState.TIME_WAIT].includes(state)

function rowsOf(net: NetNamespace, settings: Settings): Row[] {
  const { all, listening, filters } = settings
  const shown = ({ state }: Row): boolean =>
    all || (filters.length > 0 && !listening)
      ? true
      : listening
        ? state === "LISTEN" || state === TcpState.CLOSE
        : isConnected(state)
  return [...(settings.udp ? udpRows(net) : []), ...(settings.tcp ? tcpRows(net) : [])].filter(
    (row) => shown(row) && filters.every((fits) => fits(row)),
  )
}

function udpRows(net: NetNamespace): Row[] {
  const sockets = net.udp.endpoints().map((endpoint): Row => {
    const { localAddress, localPort, remoteAddress, remotePort } = endpoint
    const state = remotePort === 0 ? TcpState.CLOSE : TcpState.ESTABLISHED
    return {
      netid: "udp",
      state,
      received: 0,
      sent: 0,
      local: [localAddress, localPort],
      peer: [remoteAddress, remotePort],
    }
  })
  // A vxlan's socket belongs to nobody.
  const kernel = net.udp.kernelPorts().map((port): Row => {
    return { netid: "udp", state: TcpState.CLOSE, received: 0, sent: 0, local: [0, port], peer: [0, 0] }
  })
  return [...sockets, ...kernel]
}

function tcpRows(net: NetNamespace): Row[] {
  const listeners = net.tcp.listeners.map((listener): Row => {
    const { address, port } = listener
    const { backlog, queued } = listener as { backlog?: number; queued?: number }
    return {
      netid: "tcp",
      state: "LISTEN",
      received: queued ?? 0,
      sent: backlog ?? 0,
      local: [address, port],
      peer: [0, 0],
    }
  })
  const connections = net.tcp.sockets.map((sock): Row => {
    const { state, localAddress, localPort, remoteAddress, remotePort } = sock
    const quiet = state === TcpState.TIME_WAIT
    return {
      netid: "tcp",
      state,
      received: quiet ? 0 : sock.receiveQueueSize,
      sent: quiet ? 0 : sock.sendQueueSize,
      local: [localAddress, localPort],
      peer: [remoteAddress, remotePort],
    }
  })
  return [...listeners, ...connections]
}

// ── printing ──────────────────────────────────────────────────────────────────────────────────

interface Column {
  heading: string
  /** What stands between it and the column before. */
  before: string
  right?: true
  text: (row: Row) => string
}

function columnsOf({ udp, tcp, numeric }: Settings): Column[] {
  const port = ({ netid }: Row, [, number]: readonly [number, number]): string =>
    number === 0 ? "*" : numeric ? String(number) : portName(netid, number)
  const netid: Column = { heading: "Netid", before: "", text: (row) => row.netid }
  return [
    ...(udp && tcp ? [netid] : []),
    { heading: "State", before: udp && tcp ? " " : "", text: (row) => row.state },
    { heading: "Recv-Q", before: " ", text: (row) => String(row.received).padEnd(6) },
    { heading: "Send-Q", before: " ", text: (row) => String(row.sent).padEnd(6) },
    { heading: "Local Address", before: " ", right: true, text: (row) => formatIpv4(row.local[0]) },
    { heading: "Port", before: ":", text: (row) => port(row, row.local) },
    { heading: "Peer Address", before: " ", right: true, text: (row) => formatIpv4(row.peer[0]) },
    { heading: "Port", before: ":", text: (row) => port(row, row.peer) },
    { heading: "Process", before: "", text: () => "" },
  ]
}

function render(rows: readonly Row[], settings: Settings): string {
  const columns = columnsOf(settings)
  const lines = [
    ...(settings.header ? [columns.map(({ heading }) => heading)] : []),
    ...rows.map((row) => columns.map(({ text }) => text(row))),
  ]
  const widths = columns.map((_, i) => Math.max(0, ...lines.map((cells) => (cells[i] as string).length)))
  return lines.map((cells) => `${lineOf(columns, cells, widths)}\n`).join("")
}

function lineOf(columns: readonly Column[], cells: readonly string[], widths: readonly number[]): string {
  const padded = columns.map(({ before, right }, i) => {
    const [cell, width] = [cells[i] as string, widths[i] as number]
    return before + (right === true ? cell.padStart(width) : cell.padEnd(width))
  })
  return padded.join("")
}
