/** Frames that are being taken, wherever they pass. */
import { compileFilter, FilterError } from "../capture/filter.ts"
import type { Pod } from "../kube/api/types.ts"
import { type PacketFrame, PacketSocket } from "../linux/inet/packet-socket.ts"
import type { NetDevice } from "../linux/netdev.ts"
import type { NetNamespace } from "../linux/netns.ts"
import { SECOND, type Simulation } from "../sim/simulation.ts"
import { Capture, type CapturedFrame, type CaptureOptions } from "./capture.ts"
import { checkNames } from "./command.ts"
import { nameOf, type Place } from "./journey.ts"
import type { TableLog } from "./tables.ts"

const CAPTURE_OPTIONS = { filter: 0, on: 0, device: 0, tables: 0 } satisfies Record<keyof CaptureOptions, 0>

/** Frames that are being taken: what {@link Cluster.record} returns. */
export interface Recording {
  /** Ends it; what was taken until now. */
  stop(): Capture
}

/** Listens at places until it is stopped. */
export class Listener implements Recording {
  readonly #sim: Simulation
  readonly #options: CaptureOptions
  readonly #pass: ReturnType<typeof compileFilter>
  readonly #tables: TableLog | undefined
  readonly #taps: { readonly place: Place; readonly socket: PacketSocket }[] = []
  readonly #from: ReturnType<Simulation["trace"]["start"]>
  readonly #unfollow: (() => void)[] = []

  /** Listens at these places, and keeps their tables. */
  constructor(sim: Simulation, places: readonly Place[], options: CaptureOptions, tables?: TableLog) {
    checkNames("capture", options, CAPTURE_OPTIONS)
    this.#sim = sim
    this.#options = options
    this.#pass = compiled(options.filter ?? "")
    this.#tables = tables
    if (options.device !== undefined) for (const place of places) deviceOf(place, options.device)
    this.#from = sim.trace.start()
    for (const place of places) this.#add(place)
  }

  /** Listens at each new pod of a machine, too. */
  follow(node: string, created: Set<(pod: Pod, net: NetNamespace) => void>): void {
    const listener = ({ metadata }: Pod, net: NetNamespace): void => this.#add({ node, pod: metadata.name, net })
    created.add(listener)
    this.#unfollow.push(() => created.delete(listener))
  }

  #add(place: Place): void {
    const { net } = place
    const { device } = this.#options
    this.#tables?.add(net, this.#sim.now)
    // Unlike tcpdump in a pod, which shows what is still to be computed: a file of these opens without a bad checksum.
    const socket = new PacketSocket(net, {
      finishChecksums: true,
      filter: (bytes, offset, length) => {
        this.#tables?.look(net, this.#sim.now)
        return this.#pass(new DataView(bytes.buffer), offset, length)
      },
      ...(device === undefined ? {} : { device: deviceOf(place, device) }),
    })
    this.#taps.push({ place, socket })
  }

  stop(): Capture {
    for (const leave of this.#unfollow) leave()
    const events = this.#sim.trace.stop(this.#from)
    const tables = this.#tables
    for (const { place } of this.#taps) tables?.look(place.net, this.#sim.now)
    const all = this.#taps.flatMap(({ place, socket }) => {
      socket.close()
      return socket.frames.map((frame) => ({ frame, place }))
    })
    // Frames of one instant stay in the order in which the packet passed: each socket numbers what it sees.
    all.sort((a, b) => a.frame.time - b.frame.time || a.frame.serial - b.frame.serial)
    const from = new Map(all.map(({ frame, place }) => [captured(this.#sim.epoch, frame, place), place]))
    return new Capture([...from.keys()], {
      events,
      places: this.#taps.map(({ place }) => place),
      from,
      ...(tables === undefined ? {} : { tables }),
    })
  }
}

function compiled(expression: string): ReturnType<typeof compileFilter> {
  try {
    return compileFilter(expression)
  } catch (error) {
    if (error instanceof FilterError)
      throw new SyntaxError(`capture filter ${JSON.stringify(expression)}: ${error.message}`)
    throw error
  }
}

function deviceOf(place: Place, name: string): NetDevice {
  const device = place.net.device(name)
  if (device === undefined)
    throw new RangeError(
      `no device "${name}" on ${nameOf(place)}; there are: ${place.net.devices.map((dev) => dev.name).join(", ")}`,
    )
  return device
}

function captured(epoch: number, frame: PacketFrame, place: Place): CapturedFrame {
  const whole = Math.floor(frame.time / SECOND)
  return {
    seconds: epoch + whole,
    nanos: frame.time - whole * SECOND,
    bytes: frame.bytes,
    length: frame.length,
    where: nameOf(place),
    node: place.node,
    device: frame.device,
    ifindex: frame.ifindex,
    outgoing: frame.packetType === 4,
    packet: frame.packet,
    time: frame.time,
  }
}
