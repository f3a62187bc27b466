/** Round-trip time and the retransmission timeout (RFC 6298 with Linux's bounds). Models net/ipv4/tcp_input.c tcp_rtt_estimator. */
import { MILLISECOND, SECOND } from "../../sim/simulation.ts"

export const RTO_MIN: number = 200 * MILLISECOND
export const RTO_MAX: number = 120 * SECOND
/** Before anything was measured (TCP_TIMEOUT_INIT). */
export const RTO_INITIAL: number = SECOND

export class RttEstimator {
  /** Smoothed, in nanoseconds; 0 before the first sample. */
  srtt = 0
  #mdev = 0
  #rttvar = 0
  rto: number = RTO_INITIAL

  sample(rtt: number): void {
    if (this.srtt === 0) {
      this.srtt = rtt
      this.#mdev = rtt / 2
      this.#rttvar = Math.max(this.#mdev, RTO_MIN)
    } else {
      const error = rtt - this.srtt
      this.srtt += error / 8
      this.#mdev += (Math.abs(error) - this.#mdev) / 4
      this.#rttvar = Math.max(this.#mdev, RTO_MIN, this.#rttvar - (this.#rttvar - this.#mdev) / 4)
    }
    this.rto = Math.min(RTO_MAX, this.srtt + this.#rttvar)
  }

  /** Doubles the timeout after it fired. */
  backoff(): void {
    this.rto = Math.min(RTO_MAX, this.rto * 2)
  }
}
