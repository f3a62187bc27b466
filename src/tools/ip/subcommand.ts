/** What the objects of ip(8) share: a table of subcommands, `show` being the one that need not be said. */
import { fail, type IpOptions, pick, Words } from "../iproute.ts"

export type Handler = (words: Words, options: IpOptions) => string
export type Subcommands = readonly (readonly [string, Handler])[]

export function runSubcommand(object: string, table: Subcommands, args: readonly string[], options: IpOptions): string {
  const words = new Words(args)
  const command = words.take() ?? "show"
  const handler = pick(command, table)
  return handler === undefined
    ? fail(`Command "${command}" is unknown, try "ip ${object} help".`, 255)
    : handler(words, options)
}

/** Real subcommands that are not here yet. */
export const refused = (object: string, names: readonly string[]): Subcommands =>
  names.map((name) => [name, () => fail(`ip: podwire does not support '${object} ${name}'`, 255)])
