/** podwire doctor and Jupyter's kernelspecs: written as tslab itself does, found as Jupyter does, and tried by starting what they say. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { findProgram, needs } from "../support/needs.ts"
import { podwire } from "./process.ts"

const folder = mkdtempSync(join(tmpdir(), "podwire-doctor-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const home = join(folder, "home")
mkdirSync(home)

interface Finding {
  name: string
  found?: string
  file?: string
  reason?: string
}

/** What it says of a kernelspec; Jupyter looks into these folders first, and this user has none of his own. */
async function doctor(args: readonly string[], paths: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await podwire(["doctor", "--json", ...args], {
    env: { HOME: home, XDG_DATA_HOME: "", JUPYTER_DATA_DIR: "", JUPYTER_PATH: paths.join(":"), ...env },
  })
  const findings = JSON.parse(stdout) as Finding[]
  return { code, stderr, of: (name: string) => findings.find((finding) => finding.name === `kernelspec ${name}`) }
}

const specOf = (data: string, name: string): string => join(data, "kernels", name, "kernel.json")

/** A folder of Jupyter's data with one kernelspec. */
function data(name: string, text: string): string {
  const place = join(folder, name)
  mkdirSync(join(place, "kernels/tslab"), { recursive: true })
  writeFileSync(specOf(place, "tslab"), text)
  return place
}

describe("--install-kernelspec", () => {
  const prefix = join(folder, "prefix")
  const share = join(prefix, "share/jupyter")

  test("--prefix: both kernelspecs, absolute, and they answer", async () => {
    mkdirSync(join(share, "kernels/tslab"), { recursive: true })
    writeFileSync(join(share, "kernels/tslab/old.txt"), "of another version")
    const { code, stderr, of } = await doctor(["--install-kernelspec", "--prefix", prefix], [])
    expect(stderr).toBe(
      `written: ${specOf(share, "tslab")}\nwritten: ${specOf(share, "jslab")}\nJupyter does not look there by itself: JUPYTER_PATH=${share}\n`,
    )
    for (const name of ["tslab", "jslab"])
      expect(of(name)).toMatchObject({ found: "answers", file: specOf(share, name) })
    expect(code).toBe(0)
    // As Jupyter's own installer: what was there is replaced.
    expect(readdirSync(join(share, "kernels/tslab"))).toEqual(["kernel.json"])
    const tslab = resolve(dirname(createRequire(import.meta.url).resolve("tslab/package.json")), "bin/tslab")
    const argv = [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"]
    expect(JSON.parse(readFileSync(specOf(share, "tslab"), "utf8")).argv).toEqual(argv)
    expect(JSON.parse(readFileSync(specOf(share, "jslab"), "utf8")).argv).toEqual([...argv, "--js"])
  })

  test("--user: in the user's own folder, where it is found without being told", async () => {
    const { code, stderr, of } = await doctor(["--install-kernelspec", "--user"], [])
    const own = process.platform === "darwin" ? "Library/Jupyter" : ".local/share/jupyter"
    expect(stderr).toBe(["tslab", "jslab"].map((name) => `written: ${specOf(join(home, own), name)}\n`).join(""))
    expect(of("tslab")).toMatchObject({ found: "answers", file: specOf(join(home, own), "tslab") })
    expect(code).toBe(0)
    rmSync(join(home, own), { recursive: true })
  })

  test.each([
    [["--prefix", "x"], "doctor: --prefix is for --install-kernelspec"],
    [["--user"], "doctor: --user is for --install-kernelspec"],
    [["--install-kernelspec", "--user", "--prefix", "x"], "doctor: --prefix and --user: choose one"],
    [["--install-kernelspec", "--sys-prefix"], "doctor: Unknown option '--sys-prefix'"],
  ])("%j is refused", async (args, message) => {
    expect(await podwire(["doctor", ...args])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `podwire: ${message} (podwire doctor --help says more)\n`,
    })
  })

  const PYTHON = findProgram("python3")
  needs({ python3: PYTHON !== undefined })("beside tslab's own installer", () => {
    test.each(["tslab", "jslab"])("%s: the same specification but for the program", (name) => {
      const installer = resolve(dirname(createRequire(import.meta.url).resolve("tslab/package.json")), "python")
      // Jupyter's modules are for putting the file in its place, which is not asked here.
      const script = `
import json, sys
from unittest.mock import MagicMock
for name in ("jupyter_client", "jupyter_client.kernelspec", "IPython", "IPython.utils", "IPython.utils.tempdir"): sys.modules[name] = MagicMock()
sys.path.insert(0, sys.argv[1])
import install
print(json.dumps(install.create_kernel_json(sys.argv[2] == "jslab", "PROGRAM")))`
      const { stdout, stderr } = spawnSync(PYTHON as string, ["-c", script, installer, name], { encoding: "utf8" })
      expect(stderr).toBe("")
      const own = JSON.parse(readFileSync(specOf(share, name), "utf8")) as { argv: string[] }
      expect({ ...own, argv: ["PROGRAM", ...own.argv.slice(2)] }).toEqual(JSON.parse(stdout))
    })
  })
})

describe("a kernelspec that is there", () => {
  test("the first folder wins; a broken one is told, with the file and the reason", async () => {
    const good = join(folder, "prefix/share/jupyter")
    const broken = data("gone", '{ "argv": ["/nowhere/tslab", "kernel", "--config-path", "{connection_file}"] }')
    const { code, of } = await doctor([], [broken, good])
    expect(of("tslab")).toEqual({
      name: "kernelspec tslab",
      for: "notebooks in Jupyter",
      file: specOf(broken, "tslab"),
      reason: "/nowhere/tslab: no such program",
    })
    expect(of("jslab")).toMatchObject({ found: "answers", file: specOf(good, "jslab") })
    expect(code).toBe(1)
  })

  test.each([
    ["text", "not JSON at all", /^not JSON: /],
    ["no argv", '{ "display_name": "x" }', /^"argv" is not a list of words$/],
    ["no connection", '{ "argv": ["node"] }', /^"argv" has no \{connection_file\}: the kernel would not learn where/],
    [
      "ends",
      JSON.stringify({ argv: [process.execPath, "-e", 'throw new RangeError("no luck")', "{connection_file}"] }),
      /^tslab ended while starting: RangeError: no luck$/,
    ],
  ])("%s: what is wrong with it", async (name, text, reason) => {
    const { code, of } = await doctor([], [data(name, text)])
    expect(of("tslab")?.found).toBeUndefined()
    expect(of("tslab")?.reason).toMatch(reason)
    expect(code).toBe(1)
  })

  test("what npx puts into PATH does not count: Jupyter does not have it", async () => {
    const place = data("relative", '{ "argv": ["tslab", "kernel", "--config-path", "{connection_file}"] }')
    const path = `${resolve("node_modules/.bin")}:/usr/bin:/bin`
    const { of } = await doctor([], [place], { PATH: path })
    expect(of("tslab")?.reason).toBe("tslab: no such program")
  })

  const everybodys = ["/usr/local/share/jupyter", "/usr/share/jupyter"].map((place) => specOf(place, "tslab"))
  test.skipIf(everybodys.some((file) => existsSync(file)))("none: how to get one, and no failure", async () => {
    const { code, of } = await doctor([], [])
    expect(of("tslab")).toMatchObject({ reason: "podwire doctor --install-kernelspec writes it" })
    expect(of("tslab")?.found).toBeUndefined()
    expect(code).toBe(0)
  })
})
