/** Texts as tslab 1.0.22 on Node 24 wrote them (recorded from the kernel), and the error outputs they become. */
import { describe, expect, test } from "vitest"
import { type Frame, failureOf } from "../../src/notebook/failure.ts"

const seen: Frame[] = []
/** A frame of the cell is where it says; the wrapper's, below line 9, is none. */
function locate(frame: Frame): string | undefined {
  seen.push(frame)
  return frame.line > 9 ? undefined : `cell a ${frame.line}:${frame.column}`
}

const KERNEL = `    at sigintHandlersWrap (node:vm:280:12)
    at Script.runInThisContext (node:vm:135:14)
    at Object.execute (/lab/node_modules/tslab/dist/executor.js:160:38)
    at async JupyterHandlerImpl.handleExecute (/lab/node_modules/tslab/dist/jupyter.js:208:21)`

describe("exceptions", () => {
  test("the excerpt of generated code and the kernel's frames go, the cell's frames stay", () => {
    const text = `evalmachine.<anonymous>:8
        throw new RangeError("bad " + x);
        ^

RangeError: bad 3
    at Proxy.f (evalmachine.<anonymous>:8:15)
    at evalmachine.<anonymous>:3:30
    at evalmachine.<anonymous>:10:3
${KERNEL}
`
    expect(failureOf([text], "a", locate)).toEqual({
      taken: 1,
      error: {
        output_type: "error",
        ename: "RangeError",
        evalue: "bad 3",
        traceback: ["RangeError: bad 3", "    at f (cell a 8:15)", "    at cell a 3:30"],
      },
    })
    expect(seen).toContainEqual({ script: "evalmachine.<anonymous>", name: "Proxy.f", line: 8, column: 15 })
  })

  test("an error's properties and cause stay, with their brackets", () => {
    const text = `MyError: multi
line
    at evalmachine.<anonymous>:8:7
    ... 7 lines matching cause stack trace ...
    at async ZmqServer.handleExecute (/lab/node_modules/tslab/dist/jupyter.js:406:25) {
  code: 7,
  [cause]: Error: inner
      at evalmachine.<anonymous>:2:40
      at Script.runInThisContext (node:vm:135:14)
}
`
    expect(failureOf([text], "a", locate)?.error).toEqual({
      output_type: "error",
      ename: "MyError",
      evalue: "multi\nline",
      traceback: [
        "MyError: multi",
        "line",
        "    at cell a 8:7 {",
        "  code: 7,",
        "  [cause]: Error: inner",
        "      at cell a 2:40",
        "}",
      ],
    })
  })

  test.each([
    ["Error [ERR_X]: no\n    at x (node:vm:1:1)\n", "Error", "no"],
    ["Error\n    at x (node:vm:1:1)\n", "Error", ""],
    [
      "<anonymous_script>:1\n{\n\nSyntaxError: Expected property name\n    at JSON.parse (<anonymous>)\n",
      "SyntaxError",
      "Expected property name",
    ],
    ["text\n", "Uncaught", "text"],
    ["{ a: 1 }\n", "Uncaught", "{ a: 1 }"],
    ["note: this is no error\n", "Uncaught", "note: this is no error"],
  ])("%j is %s: %s", (text, ename, evalue) => {
    expect(failureOf([text], "a", locate)?.error).toMatchObject({ ename, evalue })
  })

  test("what was printed before is left alone", () => {
    expect(failureOf(["careful\n", "Error: x\n    at a (node:vm:1:1)\n"], "a", locate)?.taken).toBe(1)
    expect(failureOf([], "a", locate)).toBeUndefined()
  })
})

test("compiler messages: each with its cell, line and column", () => {
  const texts = [
    "warned\n",
    "1:5 - Type 'number' is not assignable to type 'string'.\n",
    "2:3 - Property 'foo' does not exist on type 'string'.\n",
  ]
  const first = "cell a 1:5 - Type 'number' is not assignable to type 'string'."
  expect(failureOf(texts, "a", locate)).toEqual({
    taken: 2,
    error: {
      output_type: "error",
      ename: "TypeScriptError",
      evalue: first,
      traceback: [first, "cell a 2:3 - Property 'foo' does not exist on type 'string'."],
    },
  })
})
