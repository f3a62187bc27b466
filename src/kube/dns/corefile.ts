/** CoreDNS's configuration file. Models the Caddyfile syntax that coredns/caddy reads. */

export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly block: readonly (readonly string[])[]
  readonly line: number
}

export interface ServerBlock {
  /** `.:53`, `example.org`. */
  readonly zones: readonly string[]
  readonly plugins: readonly Directive[]
}

/** Plugins that are built in, in the order in which they see a query (plugin.cfg). */
export const PLUGINS: readonly string[] = [
  "reload",
  "health",
  "ready",
  "prometheus",
  "errors",
  "log",
  "loadbalance",
  "cache",
  "hosts",
  "kubernetes",
  "loop",
  "forward",
]

interface Line {
  readonly words: readonly string[]
  readonly number: number
}

function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .map((line, i) => ({
      words: line
        .replace(/(^|\s)#.*$/, "")
        .split(/\s+/)
        .filter((word) => word !== ""),
      number: i + 1,
    }))
    .filter(({ words }) => words.length > 0)
}

/** Server blocks, or the text of a parse error. */
export function parseCorefile(text: string, path: string): ServerBlock[] | string {
  const lines = linesOf(text)
  const blocks: ServerBlock[] = []
  for (let at = 0; at < lines.length; ) {
    const { words, number } = lines[at++] as Line
    if (words.at(-1) !== "{")
      return `${path}:${number} - Error during parsing: Unexpected token '${words[0]}', expecting '{'`
    const plugins: Directive[] = []
    for (;;) {
      const line = lines[at++]
      if (line === undefined) return `${path}:${lines.at(-1)?.number ?? 0} - Error during parsing: Unexpected EOF`
      const [name = "", ...args] = line.words
      if (name === "}") break
      if (!PLUGINS.includes(name)) return `${path}:${line.number} - Error during parsing: Unknown directive '${name}'`
      const block: string[][] = []
      if (args.at(-1) === "{") {
        args.pop()
        for (;;) {
          const inner = lines[at++]
          if (inner === undefined) return `${path}:${line.number} - Error during parsing: Unexpected EOF`
          if (inner.words[0] === "}") break
          block.push([...inner.words])
        }
      }
      plugins.push({ name, args, block, line: line.number })
    }
    blocks.push({ zones: words.slice(0, -1).map((zone) => zone.replace(/,$/, "")), plugins })
  }
  return blocks
}

/** A server block's zone without its port, and the port: `["", 53]` for `.:53`. */
export function zoneAndPort(zone: string): [zone: string, port: number] {
  const match = /^(?:dns:\/\/)?(.*?)(?::(\d+))?$/.exec(zone)
  return [(match?.[1] ?? "").replace(/\.$/, "").toLowerCase(), Number(match?.[2] ?? 53)]
}
