/** An iptables command: words in, what is to be done out. Models iptables/xshared.c do_parse of iptables 1.8.9. */
import { misuse } from "./error.ts"
import { parseAddresses, parseProtocol } from "./names.ts"
import { ALLOWED, type CommandLetter, MAX_CHAIN } from "./options.ts"
import { CommandReader } from "./reader.ts"
import type { RuleHeader, XtMatch, XtTarget } from "./rule.ts"

/** A rule as said on the command line: `jump` is resolved by who knows the chains. */
export interface RuleSpec {
  readonly headers: readonly RuleHeader[]
  readonly matches: readonly XtMatch[]
  readonly jump: string
  readonly goto: boolean
  readonly target: XtTarget | undefined
  readonly packets: number
  readonly bytes: number
}

export interface XtCommand {
  readonly command: CommandLetter
  readonly table: string
  /** "" for all chains. */
  readonly chain: string
  /** A rule's number, from 1; 0 when none was said. */
  readonly number: number
  readonly newName: string
  readonly policy: string
  readonly rule: RuleSpec
  readonly verbose: number
  readonly numeric: boolean
  readonly exact: boolean
  readonly lineNumbers: boolean
}

/** Reads a command. In iptables-restore the table stands above and `-t` is refused. */
export function parseCommand(words: readonly string[], restoreTable?: string): XtCommand {
  const reader = new CommandReader(words, restoreTable !== undefined)
  if (restoreTable !== undefined) {
    reader.table = restoreTable
    reader.tableSaid = true
  }
  reader.read()
  checkNat(reader)
  const headers = headersOf(reader)
  const [header] = headers as [RuleHeader]
  const matches = reader.matches.map(({ extension, given }) => {
    given.check()
    return extension.build(given, header)
  })
  let target: XtTarget | undefined
  if (reader.target !== undefined) {
    reader.target.given.check()
    target = reader.target.extension.build(reader.target.given, header)
  }
  if (reader.command === "") misuse("no command specified")
  checkOptions(reader)
  checkChain(reader)
  const { flags, packets, bytes } = reader
  const jump = flags.get("j") ?? flags.get("g") ?? ""
  return {
    command: reader.command as CommandLetter,
    table: reader.table,
    chain: reader.chain,
    number: reader.number,
    newName: reader.newName,
    policy: reader.policy,
    rule: { headers, matches, jump, goto: flags.has("g"), target, packets, bytes },
    verbose: reader.verbose,
    numeric: flags.has("n"),
    exact: flags.has("x"),
    lineNumbers: flags.has("0"),
  }
}

function checkNat({ table, policy, flags }: CommandReader): void {
  if (table === "nat" && (policy === "DROP" || flags.get("j") === "DROP"))
    misuse('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n')
}

function checkOptions({ command, flags }: CommandReader): void {
  for (const letter of flags.keys())
    if (ALLOWED[letter] !== undefined && !ALLOWED[letter].includes(command))
      misuse(`Illegal option \`-${letter}' with this command`)
}

function checkChain({ chain, command, flags }: CommandReader): void {
  if (chain.length >= MAX_CHAIN) misuse(`chain name \`${chain}' too long (must be under ${MAX_CHAIN} chars)`)
  if (!"ACDRI".includes(command)) return
  if ((chain === "PREROUTING" || chain === "INPUT") && flags.has("o")) misuse(`Can't use -o with ${chain}\n`)
  if ((chain === "POSTROUTING" || chain === "OUTPUT") && flags.has("i")) misuse(`Can't use -i with ${chain}\n`)
}

/** One header for each pair of source and destination. */
function headersOf({ flags, inverted }: CommandReader): RuleHeader[] {
  const any = [{ address: 0, mask: 0 }]
  const sources = flags.has("s") ? parseAddresses(flags.get("s") as string) : any
  const destinations = flags.has("d") ? parseAddresses(flags.get("d") as string) : any
  const several = (inverted.has("s") && sources.length > 1) || (inverted.has("d") && destinations.length > 1)
  if (several) misuse("! not allowed with multiple source or destination IP addresses")
  const protocol = flags.get("p")
  return sources.flatMap((source) =>
    destinations.map((destination) => ({
      source: source.address,
      sourceMask: source.mask,
      sourceInverted: inverted.has("s"),
      destination: destination.address,
      destinationMask: destination.mask,
      destinationInverted: inverted.has("d"),
      input: deviceOf(flags.get("i"), inverted.has("i")),
      inputInverted: inverted.has("i"),
      output: deviceOf(flags.get("o"), inverted.has("o")),
      outputInverted: inverted.has("o"),
      protocol: protocol === undefined ? 0 : parseProtocol(protocol),
      protocolInverted: inverted.has("p"),
      fragment: flags.has("f") ? (inverted.has("f") ? ("! -f" as const) : ("-f" as const)) : undefined,
    })),
  )
}

/** `+` alone fits any device and says nothing, unless it is inverted. */
const deviceOf = (name: string | undefined, inverted: boolean): string =>
  name === undefined || (name === "+" && !inverted) ? "" : name
