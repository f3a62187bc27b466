/** What a sequence diagram is drawn from. */
import type { FigureText } from "./svg.ts"

/** A column of the diagram. */
export interface Participant {
  readonly name: string
  /** Below the name: an address. */
  readonly detail?: string
}
/** An arrow of the diagram. */
export interface SequenceFrame {
  /** Nanoseconds of any clock; shown relative to the first frame's. */
  readonly time: number
  /** Names of participants. */
  readonly from: string
  readonly to: string
  /** Above the arrow: `SYN`. */
  readonly label: string
  /** Below it: `seq 3184997199, mss 1410`. */
  readonly detail?: string
  /** "dropped" (or anything that begins with it: "dropped: policy") ends in a cross on the way. */
  readonly verdict?: string
}
/** What {@link sequence} draws. */
export interface SequenceOptions extends FigureText {
  readonly frames: readonly SequenceFrame[]
  /** Left to right (those of the frames, as they appear). */
  readonly participants?: readonly (string | Participant)[]
}
