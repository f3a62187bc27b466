/** What a page and its worker say to each other. */
import { sha256 } from "../../src/linux/crypto/sha256.ts"
import type { Output } from "../../src/notebook/ipynb.ts"
import type { CompiledCell } from "../../src/notebook/kernel/kernel.ts"
import type { PacketAnswer, PacketQuestion } from "../packets/protocol.ts"

/** A cell to run: as it was compiled with the site, or the reader's text. */
export type CellCode = { readonly compiled: CompiledCell } | { readonly source: string }

export interface RunMessage {
  readonly id: string
  readonly code: CellCode
  /** Whether packets are kept for {@link AskMessage}. The same for all cells of a worker. */
  readonly record: boolean
  /** Of clusters that name none. The same for all cells of a worker. */
  readonly seed?: number
}

/** A question about a cell that has run. */
export interface AskMessage {
  readonly ask: number
  readonly question: PacketQuestion
}

/** A terminal for the cluster that cells made last. */
export interface ShellMessage {
  readonly shell: MessagePort
}

export type AnswerMessage = { readonly ask: number } & ({ readonly answer: PacketAnswer } | { readonly error: string })

/** A cell has ended. */
export interface DoneMessage {
  readonly id: string
  readonly ok: boolean
  readonly outputs: readonly Output[]
  /** What was kept of the outputs that are cut, by their places. */
  readonly whole: ReadonlyMap<number, string>
}

/** A notebook's code cells as a page gets them. */
export interface KernelCell {
  readonly id: string
  readonly source: string
  readonly compiled: CompiledCell
  /** Of the published outputs: see {@link outputsHash}. */
  readonly hash: string
  /** An exercise: it fails until the reader has mended it. */
  readonly fails: boolean
}

/** What tells whether two runs gave the same: of SHA-256 over the canonical outputs the first 128 bits. Every page's first run loads one a cell. */
export const outputsHash = (outputs: readonly Output[]): string =>
  sha256(new TextEncoder().encode(JSON.stringify(outputs))).slice(0, 32)
