/** What every capture file has, and what can be wrong with one. */
import type { Frame } from "../frame.ts"

/** tcpdump's default snapshot length, and the most a sane packet has. */
export const SNAPLEN = 262144

export interface CaptureHeader {
  linkType: number
  snaplen: number
  nanoseconds: boolean
}

/** libpcap's words for what is wrong with a file, and the byte where reading stopped. */
export interface CaptureFault {
  message: string
  offset: number
}

/** Reads one file: give it bytes, take frames. */
export interface CaptureReader {
  /** Known once the file's header has been read. */
  readonly header: CaptureHeader | undefined
  readonly fault: CaptureFault | undefined
  /** Reads up to the first packet; true once the header is known, or something is wrong. */
  open(): boolean
  /** The next frame; `undefined` at the end, at a fault, or while more bytes are needed. */
  next(): Frame | undefined
}

/** A snapshot length that makes no sense stands for the largest. Models savefile.c pcap_adjust_snapshot. */
export const adjustSnaplen = (snaplen: number): number => (snaplen === 0 || snaplen > 0x7fffffff ? SNAPLEN : snaplen)
