/** -m physdev: the bridge's ports a packet passes. Models net/netfilter/xt_physdev.c. */
import { NfHook } from "../../hook.ts"
import { misuse } from "../error.ts"
import { type MatchExtension, not } from "../extension.ts"
import { deviceFits } from "../rule.ts"

/** As iptables writes them. */
const OPTIONS = [
  "--physdev-is-in",
  "--physdev-in",
  "--physdev-is-out",
  "--physdev-out",
  "--physdev-is-bridged",
] as const
const BRIDGED_HOOKS = (1 << NfHook.FORWARD) | (1 << NfHook.POST_ROUTING)

export const physdev: MatchExtension = {
  name: "physdev",
  options: OPTIONS.map((name) => ({ name, invert: true, args: name.includes("-is-") ? 0 : 1 })),
  build(given) {
    if (given.names.length === 0) misuse("PHYSDEV: no physdev option specified")
    const text = OPTIONS.filter((name) => given.has(name))
      .map((name) => `${not(given.inverted(name))}${name}${given.value(name) === "" ? "" : ` ${given.value(name)}`}`)
      .join(" ")
    const tests = OPTIONS.filter((name) => given.has(name)).map((name) => ({
      name,
      value: given.value(name) ?? "",
      inverted: given.inverted(name),
    }))
    const wantsOutput = tests.some(({ name }) => name === "--physdev-out" || name === "--physdev-is-out")
    return {
      name: "physdev",
      save: ` ${text}`,
      list: () => `PHYSDEV match ${text}`,
      ...(wantsOutput ? { hooks: BRIDGED_HOOKS } : {}),
      matches: ({ skb: { physIn, physOut } }) =>
        tests.every(({ name, value, inverted }) => {
          if (name === "--physdev-is-in") return (physIn !== undefined) !== inverted
          if (name === "--physdev-in") return deviceFits(physIn, value) !== inverted
          if (name === "--physdev-is-bridged") return (physOut !== undefined) !== inverted
          return (name === "--physdev-is-out" ? physOut !== undefined : deviceFits(physOut, value)) !== inverted
        }),
    }
  },
}
