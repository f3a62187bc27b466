/** Congestion control: NewReno (RFC 5681, RFC 6582) with Linux's initial window. Counts in segments, as tcp_sock does. */
const INITIAL_WINDOW = 10

export class Reno {
  /** snd_cwnd. */
  window: number = INITIAL_WINDOW
  ssthresh: number = Number.POSITIVE_INFINITY
  duplicates = 0
  /** The highest sequence number sent when recovery began; `undefined` outside recovery. */
  recover: number | undefined = undefined
  #count = 0

  /** New data was acknowledged: `segments` of it. */
  acked(segments: number): void {
    this.duplicates = 0
    for (let i = 0; i < segments; i++) {
      if (this.window < this.ssthresh) this.window++
      else if (++this.#count >= this.window) {
        this.#count = 0
        this.window++
      }
    }
  }

  /** Three duplicates: halves and remembers where recovery ends. */
  enterRecovery(inFlight: number, sendNext: number): void {
    this.ssthresh = Math.max(2, Math.floor(inFlight / 2))
    this.window = this.ssthresh + 3
    this.recover = sendNext
  }

  leaveRecovery(): void {
    this.window = Math.max(2, this.ssthresh)
    this.recover = undefined
    this.duplicates = 0
  }

  /** The retransmission timer fired. */
  timeout(inFlight: number): void {
    this.ssthresh = Math.max(2, Math.floor(inFlight / 2))
    this.window = 1
    this.recover = undefined
    this.duplicates = 0
    this.#count = 0
  }
}
