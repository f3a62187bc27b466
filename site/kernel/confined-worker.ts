import { confinement } from "./confinement.ts"

/** A worker under the kernel's policy. What is said to its port before it hears waits there, in order. */
export class ConfinedWorker {
  readonly port: MessagePort
  #worker: Worker | undefined
  #ended = false

  constructor(failed: (why: string) => void) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.#start(port2, failed).catch((error: Error) => failed(error.message))
  }

  async #start(port: MessagePort, failed: (why: string) => void): Promise<void> {
    const start = await confinement()
    if (this.#ended) return
    const worker = start()
    this.#worker = worker
    worker.addEventListener("message", () => worker.postMessage(undefined, [port]), { once: true })
    worker.addEventListener("error", ({ message }) => failed(message))
  }

  terminate(): void {
    this.#ended = true
    this.#worker?.terminate()
    this.port.close()
  }
}
