/** What a cell printed and showed, as much of it as a page can hold: an endless loop that prints is to be stopped, not to fill the memory until then. */
import { canonicalOutputs, cut, STREAM_MAX } from "../canonical.ts"
import type { Output, StreamOutput } from "../ipynb.ts"

/** Characters of a cell's streams: many times what is shown before somebody asks for all. */
export const PRINTED_MAX: number = 16 * STREAM_MAX
/** Outputs of a cell, streams and figures. */
export const OUTPUTS_MAX = 1000

interface Stream extends StreamOutput {
  /** Characters that came when there was no more room. */
  lost: number
}

export class OutputLog {
  readonly #outputs: (Stream | Exclude<Output, StreamOutput>)[] = []
  #printed = 0
  /** Outputs that came when there was no more room. */
  #lost = 0

  add(output: Output): void {
    const last = this.#outputs.at(-1)
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
      this.#print(last, output.text)
    } else if (output.output_type !== "error" && this.#outputs.length >= OUTPUTS_MAX) {
      this.#lost++
    } else if (output.output_type === "stream") {
      const stream = { ...output, text: "", lost: 0 }
      this.#outputs.push(stream)
      this.#print(stream, output.text)
    } else {
      this.#outputs.push(output)
    }
  }

  #print(stream: Stream, text: string): void {
    const kept = text.slice(0, Math.max(PRINTED_MAX - this.#printed, 0))
    this.#printed += kept.length
    stream.text += kept
    stream.lost += text.length - kept.length
  }

  /** As outputs are compared and published. */
  canonical(): Output[] {
    const outputs = this.#outputs.flatMap((output) =>
      output.output_type === "stream"
        ? [{ ...streamOf(output), text: cut(output.text, STREAM_MAX, output.lost) }]
        : canonicalOutputs([output], {}),
    )
    if (this.#lost > 0)
      outputs.push({ output_type: "stream", name: "stderr", text: `… ${this.#lost} more outputs were not kept\n` })
    return outputs
  }

  /** What was kept of those that {@link canonical} cuts, at their places there. */
  whole(): ReadonlyMap<number, string> {
    const whole = new Map<number, string>()
    for (const [i, output] of this.#outputs.entries())
      if (output.output_type === "stream" && output.text.length > STREAM_MAX)
        whole.set(i, cut(output.text, PRINTED_MAX, output.lost))
    return whole
  }
}

const streamOf = ({ output_type, name, text }: Stream): StreamOutput => ({ output_type, name, text })
