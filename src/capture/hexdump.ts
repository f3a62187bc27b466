/** Hex dumps as tcpdump's -x, -xx, -X, -XX and -A print them. */

const visible = (byte: number): string => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : ".")

/** `link` is the length of the link-layer header, which the single-letter forms leave out. */
export function hexDump(bytes: Uint8Array, mode: "x" | "xx" | "X" | "XX" | "A", link: number): string {
  const shown = mode === "xx" || mode === "XX" ? bytes : bytes.subarray(link)
  if (mode === "A")
    return `${[...shown].map((byte) => (byte === 9 || byte === 10 || (byte >= 32 && byte < 127) ? String.fromCharCode(byte) : byte === 13 ? "" : ".")).join("")}\n`
  let text = ""
  for (let at = 0; at < shown.length; at += 16) {
    const row = [...shown.subarray(at, at + 16)]
    let hex = ""
    for (let i = 0; i < row.length; i += 2)
      hex += ` ${row
        .slice(i, i + 2)
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("")}`
    const ascii = mode === "X" || mode === "XX" ? `${"".padEnd(41 - hex.length)} ${row.map(visible).join("")}` : ""
    text += `\t0x${at.toString(16).padStart(4, "0")}: ${hex}${ascii}\n`
  }
  return text
}
