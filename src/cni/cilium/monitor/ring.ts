/** Where a node's events go. Models the perf ring between the programs and the agent, and Hubble's ring buffer behind it. */
import type { MonitorEvent } from "./event.ts"

export type MonitorListener = (event: MonitorEvent) => void

/** Hubble keeps this many flows a node (hubble-event-buffer-capacity). */
const CAPACITY = 4095

export class MonitorRing {
  readonly #events: MonitorEvent[] = []
  readonly #listeners: MonitorListener[] = []
  #next = 0
  /** Events ever written. */
  seen = 0

  write(event: MonitorEvent): void {
    this.seen++
    this.#events[this.#next] = event
    this.#next = (this.#next + 1) % CAPACITY
    for (const listener of this.#listeners) listener(event)
  }

  /** The events still held, oldest first. */
  events(): readonly MonitorEvent[] {
    return this.#events.length < CAPACITY
      ? this.#events
      : [...this.#events.slice(this.#next), ...this.#events.slice(0, this.#next)]
  }

  /** Calls `listener` for every event from now on; returns how to stop. */
  follow(listener: MonitorListener): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }
}
