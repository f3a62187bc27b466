/** Checks a page's cells, away from the page: TypeScript and its library are loaded here, and only here. */
import type { FromTypes, ToTypes } from "./protocol.ts"
import type { CellTypes } from "./service.ts"

const tell = (message: FromTypes): void => postMessage(message)
let service: Promise<CellTypes | undefined> = Promise.resolve(undefined)

async function start(library: string): Promise<CellTypes | undefined> {
  try {
    const [{ CellTypes }, answer] = await Promise.all([import("./service.ts"), fetch(library)])
    if (!answer.ok) throw new Error(`${library}: ${answer.status}`)
    return new CellTypes(await answer.json())
  } catch (error) {
    tell({ kind: "failed", why: (error as Error).message })
    return undefined
  }
}

addEventListener("message", ({ data }: MessageEvent<ToTypes>) => {
  if (data.kind === "start") service = start(data.library)
  else void service.then((types) => types && answer(types, data))
})

function answer(types: CellTypes, { n, what, args, cells }: Extract<ToTypes, { kind: "ask" }>): void {
  let value: unknown
  try {
    if (cells !== undefined) types.cells = cells
    value = (types[what] as (...args: readonly unknown[]) => unknown).apply(types, [...args])
  } catch (error) {
    // Half-written code can be too much for TypeScript. The next question is another one.
    console.error(error)
  }
  tell({ kind: "answer", n, value })
}
