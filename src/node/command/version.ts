/** `podwire version`: podwire's own, and the releases it imitates. */
import { readFileSync } from "node:fs"
import { VERSIONS } from "../../index.ts"
import { type Command, noMoreWords, readArguments } from "./arguments.ts"

/** podwire's own version. */
export function ownVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8")
  return String((JSON.parse(text) as { version: unknown }).version)
}

export const version: Command = {
  summary: "podwire's version and the releases it imitates",
  usage: `usage: podwire version [--json]

Prints podwire's version and the releases of Kubernetes, Flannel, the kernel and the tools that it imitates.
`,
  async run(args) {
    const { values, positionals } = readArguments("version", args, { json: { type: "boolean" } })
    noMoreWords("version", positionals)
    const all = { podwire: ownVersion(), ...VERSIONS }
    const lines = Object.entries(all).map(([name, text]) => `${name.padEnd(18)}${text}\n`)
    process.stdout.write(values.json === true ? `${JSON.stringify(all, null, 2)}\n` : lines.join(""))
    return 0
  },
}
