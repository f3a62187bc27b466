/** Programs about users: id whoami groups. */
import type { Process } from "../../linux/task/process.ts"
import { misuse, type Options, type Program, program } from "./program.ts"
import { groupName, userId, userName } from "./stat.ts"

export const whoami: Program = program("whoami", {
  plainInBusybox: true,
  options: {},
  run: async (proc, options) => {
    if (options.operands.length > 0) return misuse(proc, options, `extra operand '${options.operands[0]}'`)
    await proc.out(`${userName(proc, proc.uid)}\n`)
    return 0
  },
})

/** Each user's id, those that do not exist being complained about; without operands the caller's. */
async function* users(proc: Process, options: Options, failed: () => void): AsyncGenerator<number> {
  if (options.operands.length === 0) yield proc.uid
  for (const name of options.operands) {
    const uid = userId(proc, name)
    if (uid !== undefined) yield uid
    else {
      failed()
      await proc.err(
        options.style === "gnu"
          ? `${options.program}: '${name}': no such user\n`
          : `${options.program}: unknown user ${name}\n`,
      )
    }
  }
}

export const groups: Program = program("groups", {
  options: {},
  run: async (proc, options) => {
    let code = 0
    const named = options.style === "gnu" && options.operands.length > 0
    for await (const uid of users(proc, options, () => {
      code = 1
    }))
      await proc.out(`${named ? `${userName(proc, uid)} : ` : ""}${groupName(proc, uid)}\n`)
    return code
  },
})

const CHOICES: readonly (readonly [letter: string, name: string])[] = [
  ["u", "user"],
  ["g", "group"],
  ["G", "groups"],
]

/** A user's group has the user's number, and there are no others. */
export const id: Program = program("id", {
  options: {
    ...{ u: false, g: false, G: false, n: false, r: false, z: false },
    ...{ user: false, group: false, groups: false, name: false, real: false, zero: false },
  },
  run: async (proc, options) => {
    const choices = CHOICES.filter((names) => options.has(...names))
    const name = options.has("n", "name")
    const problem =
      choices.length > 1
        ? 'cannot print "only" of more than one choice'
        : choices.length === 0 && (name || options.has("r", "real"))
          ? "cannot print only names or real IDs in default format"
          : choices.length === 0 && options.has("z", "zero")
            ? "option --zero not permitted in default format"
            : undefined
    if (problem !== undefined) {
      await proc.err(`id: ${problem}\n`)
      return 1
    }
    let code = 0
    for await (const uid of users(proc, options, () => {
      code = 1
    }))
      await proc.out(identity(proc, uid, choices[0]?.[0], name) + (options.has("z", "zero") ? "\0" : "\n"))
    return code
  },
})

function identity(proc: Process, uid: number, choice: string | undefined, named: boolean): string {
  const [user, group] = [userName(proc, uid), groupName(proc, uid)]
  if (choice === undefined) return `uid=${uid}(${user}) gid=${uid}(${group}) groups=${uid}(${group})`
  if (!named) return String(uid)
  return choice === "u" ? user : group
}
