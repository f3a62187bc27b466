/** The network's configuration in /etc/cni/net.d: ours written, all others put out of the way. Models daemon/cmd/cni/config.go. */
import type { Vfs } from "../../../linux/task/vfs.ts"
import type { Log } from "./log.ts"
import type { AgentOptions } from "./options.ts"

const MODULE = "agent.infra.cni-config"
const LEGACY = "05-cilium.conf"

export class CniConf {
  readonly #fs: Vfs
  readonly #log: Log
  readonly #options: AgentOptions
  readonly #path: string
  readonly #folder: string
  readonly #file: string
  #stop: (() => void) | undefined
  #busy = false
  status = "CNI configuration management disabled"
  disabled = true

  constructor(fs: Vfs, log: Log, options: AgentOptions) {
    this.#fs = fs
    this.#log = log
    this.#options = options
    this.#path = options.cniConf ?? ""
    const slash = this.#path.lastIndexOf("/")
    this.#folder = this.#path.slice(0, slash)
    this.#file = this.#path.slice(slash + 1)
  }

  /** Writes the file and, when it is to be the only one, keeps it so. */
  start(): void {
    if (this.#path === "") return
    this.disabled = false
    this.#fs.mkdir(this.#folder, { recursive: true })
    this.#setUp()
    if (!this.#options.cniExclusive) return
    const stop = this.#fs.watch(this.#folder, () => this.#activity())
    if (typeof stop !== "string") this.#stop = stop
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #activity(): void {
    // What we do ourselves is heard too.
    if (this.#busy || this.#settled()) return
    this.#log("info", `Activity in ${this.#folder}, re-generating CNI configuration`, MODULE)
    this.#setUp()
  }

  /** Our file is there and no other. */
  #settled(): boolean {
    const file = this.#fs.readText(this.#path)
    return "text" in file && file.text === this.#text() && this.#others().length === 0
  }

  #text(): string {
    const { debug, cniLogFile } = this.#options
    return `\n{\n  "cniVersion": "0.3.1",\n  "name": "cilium",\n  "plugins": [\n    {\n       "type": "cilium-cni",\n       "enable-debug": ${debug},\n       "log-file": ${JSON.stringify(cniLogFile)}\n    }\n  ]\n}`
  }

  #others(): string[] {
    const names = this.#fs.readdir(this.#folder)
    if (typeof names === "string") return []
    return names.filter((name) => name !== this.#file && /\.(conf|conflist|json)$/.test(name))
  }

  #setUp(): void {
    this.#busy = true
    this.#log("info", "Generating CNI configuration file", MODULE, { mode: "none" })
    const old = this.#fs.readText(this.#path)
    if (!("text" in old) || old.text !== this.#text()) {
      const errno = this.#fs.writeFile(this.#path, this.#text(), 0o600)
      if (errno !== undefined) {
        this.status = `failed to write CNI configuration file ${this.#path}: ${errno}`
        this.#busy = false
        return
      }
      this.#log("info", "Wrote CNI configuration file", MODULE, { path: this.#path })
    }
    this.status = `successfully wrote CNI configuration file to ${this.#path}`
    const away = this.#options.cniExclusive ? this.#others() : this.#others().filter((name) => name === LEGACY)
    for (const name of away) {
      this.#log("info", "Renaming non-Cilium CNI configuration file", MODULE, { from: name, to: `${name}.cilium_bak` })
      this.#fs.rename(`${this.#folder}/${name}`, `${this.#folder}/${name}.cilium_bak`)
    }
    this.#busy = false
  }
}
