/** Hex dumps as tcpdump's -x, -X and -A print them. Models print-ascii.c. Each line begins with its line break. */

const visible = (byte: number): string => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : ".")
const hex2 = (byte: number): string => byte.toString(16).padStart(2, "0")

/** -x, and with `ascii` -X. `indent` stands in front of each line's offset. */
export function hexLines(bytes: Uint8Array, ascii: boolean, indent = "\n\t"): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    let hex = ""
    for (let i = 0; i < row.length; i += 2)
      hex += ` ${row
        .slice(i, i + 2)
        .map(hex2)
        .join("")}`
    text += `${indent}0x${at.toString(16).padStart(4, "0")}: ${ascii ? `${hex.padEnd(40)}  ${row.map(visible).join("")}` : hex}`
  }
  return text
}

/** -A: a carriage return in front of a line feed is left out, elsewhere it is a dot like all that is not text. */
export function asciiLines(bytes: Uint8Array): string {
  let text = "\n"
  for (const [i, byte] of bytes.entries()) {
    if (byte === 13) text += i + 2 < bytes.length && bytes[i + 1] !== 10 ? "." : ""
    else text += byte === 9 || byte === 10 || byte === 32 ? String.fromCharCode(byte) : visible(byte)
  }
  return text
}
