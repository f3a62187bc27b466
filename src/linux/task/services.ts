/** What systemd runs on a machine: daemons that are no simulated processes, and can be stopped and started. */

export interface SystemService {
  /** Without `.service`. */
  readonly name: string
  readonly description: string
  /** `/lib/systemd/system/kubelet.service`. */
  readonly unitFile: string
  readonly active: boolean
  /** Virtual time of the last start or stop. */
  readonly since: number
  /** The main process while it is active. */
  readonly pid: number
  start(): void
  stop(): void
  restart(): void
}

/** What a daemon does when it starts and stops. */
export interface ServiceHooks {
  start?(): void
  stop?(): void
}

/** A service that runs from boot. */
export class Daemon implements SystemService {
  readonly name: string
  readonly description: string
  readonly unitFile: string
  readonly #clock: { readonly now: number }
  readonly #hooks: ServiceHooks
  #active = true
  #since: number
  #pid: number

  constructor(
    clock: { readonly now: number },
    spec: { name: string; description: string; unitFile: string; pid: number },
    hooks: ServiceHooks = {},
  ) {
    this.name = spec.name
    this.description = spec.description
    this.unitFile = spec.unitFile
    this.#pid = spec.pid
    this.#clock = clock
    this.#since = clock.now
    this.#hooks = hooks
  }

  get active(): boolean {
    return this.#active
  }
  get since(): number {
    return this.#since
  }
  get pid(): number {
    return this.#pid
  }

  start(): void {
    if (this.#active) return
    this.#active = true
    this.#since = this.#clock.now
    this.#pid++
    this.#hooks.start?.()
  }

  stop(): void {
    if (!this.#active) return
    this.#active = false
    this.#since = this.#clock.now
    this.#hooks.stop?.()
  }

  restart(): void {
    this.stop()
    this.start()
  }
}
