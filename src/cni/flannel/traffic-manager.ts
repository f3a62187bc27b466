/** flanneld's packet filter rules: masquerading, and forwarding for pods. Models pkg/trafficmngr/iptables/iptables.go. */
import { iptablesRestore, iptablesSave } from "../../linux/netfilter/xtables/restore.ts"
import type { NetNamespace } from "../../linux/netns.ts"
import { SECOND } from "../../sim/simulation.ts"
import { Timer } from "../../sim/timer.ts"

type Log = (level: "I" | "W" | "E", place: string, text: string) => Promise<void>

/** Networks as text: all pods', this node's pods'. */
export interface MasqueradeNets {
  network: string
  subnet: string
}

/** Rules that belong together, as iptables-save writes them. */
interface RuleSet {
  readonly table: "nat" | "filter"
  readonly chain: string
  readonly rules: readonly string[]
}

const MASQUERADED = '-m comment --comment "flanneld masq"'
const FORWARDED = '-m comment --comment "flanneld forward"'
/** What kube-proxy puts on packets that it wants masqueraded. */
const KUBE_PROXY_MARK = "0x4000/0x4000"

/** Who keeps its address: what is marked for kube-proxy, what goes from pod to pod, and who comes from outside for a pod of this node. */
function masqueradeRules({ network, subnet }: MasqueradeNets, randomly: boolean): RuleSet {
  const chain = "FLANNEL-POSTRTG"
  const rule = (match: string, target: string): string => `-A ${chain} ${match} ${MASQUERADED} -j ${target}`
  const masquerade = randomly ? "MASQUERADE --random-fully" : "MASQUERADE"
  const rules = [
    `-A POSTROUTING ${MASQUERADED} -j ${chain}`,
    rule(`-m mark --mark ${KUBE_PROXY_MARK}`, "RETURN"),
    rule(`-s ${subnet} -d ${network}`, "RETURN"),
    rule(`-s ${network} -d ${subnet}`, "RETURN"),
    rule(`! -s ${network} -d ${subnet}`, "RETURN"),
    rule(`-s ${network} ! -d 224.0.0.0/4`, masquerade),
    rule(`! -s ${network} -d ${network}`, masquerade),
  ]
  return { table: "nat", chain, rules }
}

function forwardRules(network: string): RuleSet {
  const chain = "FLANNEL-FWD"
  const accept = ["-s", "-d"].map((side) => `-A ${chain} ${side} ${network} ${FORWARDED} -j ACCEPT`)
  return { table: "filter", chain, rules: [`-A FORWARD ${FORWARDED} -j ${chain}`, ...accept] }
}

export interface TrafficManagerOptions {
  net: NetNamespace
  log: Log
  /** --iptables-resync, in seconds. */
  resync: number
  /** The daemon looks at {@link TrafficManager.due}. */
  wake: () => void
}

export class TrafficManager {
  readonly #options: TrafficManagerOptions
  readonly #sets: RuleSet[] = []
  readonly #timer: Timer
  readonly #listener: (net: NetNamespace, event: string) => void
  readonly #started: number
  /** A look is due that will find something. */
  due = false

  constructor(options: TrafficManagerOptions) {
    const { net, wake } = options
    const { kernel } = net
    this.#options = options
    this.#started = kernel.sim.now
    this.#timer = new Timer(kernel.sim, () => {
      this.due = true
      wake()
    })
    // Looks are due every few seconds; only after a change can one find anything.
    this.#listener = (changed, event) => {
      if (changed === net && event === "nftables" && !this.#timer.armed && !this.due && this.#missing().length > 0)
        this.#arm()
    }
    kernel.netlinkListeners.push(this.#listener)
  }

  #arm(): void {
    const { net, resync } = this.#options
    const period = resync * SECOND
    this.#timer.arm(period - ((net.kernel.sim.now - this.#started) % period))
  }

  async masquerade(nets: MasqueradeNets, previous: MasqueradeNets | undefined, randomly: boolean): Promise<void> {
    const { log } = this.#options
    if (previous?.network !== nets.network || previous.subnet !== nets.subnet) {
      const old = previous ?? { network: "0.0.0.0/0", subnet: "0.0.0.0/0" }
      await log(
        "I",
        "iptables.go:101",
        `Current network or subnet (${nets.network}, ${nets.subnet}) is not equal to previous one (${old.network}, ${old.subnet}), trying to recycle old iptables rules`,
      )
      this.#remove(masqueradeRules(old, randomly))
    }
    await log("I", "iptables.go:111", "Setting up masking rules")
    this.#sets.push(masqueradeRules(nets, randomly))
  }

  async forward(network: string): Promise<void> {
    // It does not: it adds rules that accept.
    await this.#options.log("I", "iptables.go:212", "Changing default FORWARD chain policy to ACCEPT")
    this.#sets.push(forwardRules(network))
  }

  /** Puts the rules in; the real one does it beside the daemon's other work. */
  async bootstrap(): Promise<void> {
    for (const set of this.#sets) await this.#put(set, true)
  }

  /** The look that was due. */
  async resync(): Promise<void> {
    this.due = false
    for (const set of this.#missing()) {
      await this.#options.log("I", "iptables.go:490", "Some iptables rules are missing; deleting and recreating rules")
      await this.#put(set, false)
    }
  }

  /** Rules stay behind: nobody takes them away when flanneld ends. */
  stop(): void {
    this.#timer.cancel()
    const { netlinkListeners } = this.#options.net.kernel
    netlinkListeners.splice(netlinkListeners.indexOf(this.#listener), 1)
  }

  #present(table: string): ReadonlySet<string> {
    return new Set(iptablesSave(this.#options.net, { table }).split("\n"))
  }

  #missing(): RuleSet[] {
    return this.#sets.filter(({ table, rules }) => {
      const present = this.#present(table)
      return rules.some((rule) => !present.has(rule))
    })
  }

  /** In one transaction: what is there is taken out, and all of it appended in order. */
  async #put({ table, chain, rules }: RuleSet, clear: boolean): Promise<void> {
    const { net, log } = this.#options
    const present = this.#present(table)
    const known = [...present].some((line) => line.startsWith(`:${chain} `))
    const old = rules.filter((rule) => present.has(rule) && !(clear && rule.startsWith(`-A ${chain} `)))
    const lines = [
      `*${table}`,
      ...(known && !clear ? [] : [`:${chain} - [0:0]`]),
      ...old.map((rule) => rule.replace("-A", "-D")),
      ...rules,
      "COMMIT",
      "",
    ]
    const { code, error } = iptablesRestore(net, lines.join("\n"), { noflush: true, origin: "flanneld" })
    if (code === 0) return log("I", "iptables.go:358", "bootstrap done")
    const [place, what] = clear
      ? (["iptables.go:380", "Failed to bootstrap IPTables"] as const)
      : (["iptables.go:392", "Failed to ensure iptables rules: error setting up rules"] as const)
    return log("E", place, `${what}: failed to apply partial iptables-restore ${error.trimEnd()}`)
  }

  #remove({ table, rules }: RuleSet): void {
    const present = this.#present(table)
    const old = rules.filter((rule) => present.has(rule)).map((rule) => rule.replace("-A", "-D"))
    if (old.length === 0) return
    iptablesRestore(this.#options.net, [`*${table}`, ...old, "COMMIT", ""].join("\n"), { noflush: true })
  }
}
