/** What tcpdump 4.99.3 says of itself, and the options it has. */
export const VERSION: string =
  "tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\nOpenSSL 3.0.19 27 Jan 2026\n"
export const USAGE: string = `${VERSION}Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]
\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]
\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]
\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]
\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]
\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]
\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]
`

/** Long options that are a letter's other name. */
export const LONG_NAMES: Readonly<Record<string, string>> = {
  "buffer-size": "B",
  "list-interfaces": "D",
  help: "h",
  interface: "i",
  "monitor-mode": "I",
  "time-stamp-type": "j",
  "list-time-stamp-types": "J",
  "dont-verify-checksums": "K",
  "list-data-link-types": "L",
  "no-optimize": "O",
  "no-promiscuous-mode": "p",
  direction: "Q",
  "snapshot-length": "s",
  "absolute-tcp-sequence-numbers": "S",
  "packet-buffered": "U",
  linktype: "y",
  "relinquish-privileges": "Z",
  number: "#",
}

/** Options with an argument, by letter or long name. */
const WITH_ARGUMENT = "BcCEFGijmMQrsTVwWyzZ"
const LETTERS = "aAbBcCdDeEfFGhHiIjJKlLmMnNOpqQrsStTuUvVwWxXyzZ#"

/** For getopt: every option of the real program, so that each is known, and refused by name where podwire lacks it. */
export const TABLE: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries([...LETTERS].map((letter) => [letter, WITH_ARGUMENT.includes(letter)])),
  ...Object.fromEntries(Object.entries(LONG_NAMES).map(([name, letter]) => [name, WITH_ARGUMENT.includes(letter)])),
  micro: false,
  nano: false,
  "time-stamp-precision": true,
  "immediate-mode": false,
  version: false,
  count: false,
  print: false,
  "fp-type": false,
}

/** What podwire's tcpdump does not do. */
export const REFUSED: ReadonlySet<string> = new Set([..."bdfHIjJmuCGWzEMV", "fp-type"])
