/**
 * The notebooks in Debian's Jupyter: `jupyter nbconvert --execute` starts tslab by the kernelspec that `podwire doctor` writes, and gives the
 * committed outputs. Jupyter's own schema has no objection to the files.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { CellLines } from "../../src/node/cell-lines.ts"
import { asError, type Ran } from "../../src/node/cell-result.ts"
import { canonicalize } from "../../src/notebook/canonical.ts"
import { diffNotebooks } from "../../src/notebook/diff.ts"
import { hasTag, type Notebook, parseNotebook } from "../../src/notebook/ipynb.ts"
import { findProgram, needs } from "../support/needs.ts"
import { PATIENCE } from "../support/patience.ts"
import { type Finished, finished, podwire } from "./process.ts"

const NBCONVERT = findProgram("jupyter-nbconvert")
/** Debian's: another Python on PATH need not have Jupyter. */
const PYTHON = findProgram("python3", "/usr/bin/python3")
const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"))

/**
 * tslab drops what arrives within 200 ms after a failing cell, and an exercise is one: nbconvert succeeds, and the cell below has no outputs. What was
 * dropped is asked for again. What a cell printed is waited for, too, however busy the machine is.
 */
const CONFIG = `
import time
from nbconvert.preprocessors import ExecutePreprocessor
c.ExecutePreprocessor.iopub_timeout = ${PATIENCE / 1000}
status, once = {}, ExecutePreprocessor.preprocess_cell
def said(cell, cell_index, execute_reply):
    status[cell_index] = execute_reply["content"]["status"]
def until_it_ran(self, cell, resources, index):
    while True:
        ran = once(self, cell, resources, index)
        if status.get(index) != "abort":
            return ran
        time.sleep(0.1)
c.ExecutePreprocessor.on_cell_executed = said
ExecutePreprocessor.preprocess_cell = until_it_ran
`
const VALIDATE = `
import json, sys, nbformat
for file in sys.argv[1:]:
    nbformat.validate(json.load(open(file)))
print(len(sys.argv) - 1, "valid")
`

needs({ "jupyter-nbconvert (apt-get install jupyter-nbconvert)": NBCONVERT !== undefined })("in Jupyter", () => {
  const folder = mkdtempSync(join(tmpdir(), "podwire-jupyter-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const env = {
    ...process.env,
    HOME: folder,
    JUPYTER_PATH: join(folder, "share/jupyter"),
    NO_COLOR: "1",
    // Otherwise a debugger that nobody asked for warns about frozen modules.
    PYDEVD_DISABLE_FILE_VALIDATION: "1",
  }
  const run = (program: string, ...args: string[]): Promise<Finished> => finished(spawn(program, args, { env }))

  beforeAll(async () => {
    writeFileSync(join(folder, "config.py"), CONFIG)
    const { code, stderr } = await podwire(["doctor", "--install-kernelspec", "--prefix", folder], {
      env: { HOME: folder },
    })
    expect(stderr).toContain(`JUPYTER_PATH=${env.JUPYTER_PATH}`)
    expect(code).toBe(0)
  })

  test("nbformat has no objection to the committed files", async () => {
    const files = names.map((name) => resolve("notebooks", name))
    expect(await run(PYTHON as string, "-c", VALIDATE, ...files)).toMatchObject({
      stdout: `${names.length} valid\n`,
      stderr: "",
    })
  })

  test.each(names)("%s: nbconvert's outputs are the committed ones", async (name) => {
    const { code, stderr } = await run(
      NBCONVERT as string,
      ...["--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name=tslab"],
      ...["--config", join(folder, "config.py"), "--output-dir", folder, "--output", name, `notebooks/${name}`],
    )
    expect(code, stderr).toBe(0)
    const committed = overwritten(parseNotebook(readFileSync(`notebooks/${name}`, "utf8")))
    const executed = comparable(parseNotebook(readFileSync(join(folder, name), "utf8")))
    expect(diffNotebooks(committed, executed)).toBe("")
    expect(executed.cells.map(({ id, outputs }) => ({ id, outputs }))).toEqual(
      committed.cells.map(({ id, outputs }) => ({ id, outputs })),
    )
    expect((await run(PYTHON as string, "-c", VALIDATE, join(folder, name))).stdout).toBe("1 valid\n")
  })
})

/** nbconvert keeps of a line what a terminal would show at its end: not what a carriage return overwrote (curl's progress). */
function overwritten(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    outputs: cell.outputs.map((output) =>
      output.output_type === "stream" ? { ...output, text: output.text.replace(/[^\n]*\r(?=[^\n])/g, "") } : output,
    ),
  }))
  return { ...notebook, cells }
}

/** What Jupyter stored, in podwire's form: a failure, which tslab only writes to standard error, as an error. */
function comparable(notebook: Notebook): Notebook {
  // Jupyter starts a kernel in the notebook's folder.
  const cwd = resolve("notebooks")
  const ran = notebook.cells
    .filter((cell) => cell.cell_type === "code")
    .map((cell): Ran => {
      const failed = hasTag(cell, "raises-exception")
      const { id, source, outputs } = cell
      return { id, source, cell, outputs, ok: !failed, status: failed ? "error" : "ok", late: false }
    })
  const lines = new CellLines(cwd, ran)
  for (const one of ran) if (!one.ok) asError(one, 0, (frame) => lines.place(one.id, frame))
  lines.close()
  return canonicalize(notebook, { scrub: [cwd, resolve(".")] })
}
