/** kubectl's command lines. */
import { FlagError, type FlagSpecs, type Flags, readFlags as readPflags } from "../../shell/pflag.ts"
import { Stop } from "./failure.ts"

/** What these mean without a value. */
const BARE: Readonly<Record<string, string>> = { "dry-run": "unchanged", validate: "strict", cascade: "background" }

/** Takes a command's words apart. `command` is what errors call it: `kubectl get`. */
export function readFlags(command: string, specs: FlagSpecs, args: readonly string[]): Flags {
  try {
    return readPflags(specs, args, BARE)
  } catch (thrown) {
    if (!(thrown instanceof FlagError)) throw thrown
    throw new Stop({
      message:
        thrown.refused === undefined
          ? `${thrown.message}\nSee '${command} --help' for usage.`
          : `podwire's kubectl does not support the flag --${thrown.refused}`,
    })
  }
}
