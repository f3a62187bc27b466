/** Every recorded command of tcpdump on files, given to podwire's on the same files: the same output, errors and exit codes. */
import { beforeAll, describe, expect, test } from "vitest"
import { craftedFiles } from "../support/crafted.ts"
import { readGolden, readText } from "../support/golden.ts"
import { withoutDamagePlace } from "../support/normalise.ts"
import { type Topology, Twin } from "../support/twin.ts"

const topology = JSON.parse(readText("test/golden/topology.json")) as Topology
const WHERE = "k8s-worker-1"

/** As `cat -v` shows what is no text. */
const visible = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f]/g, (c) => `^${String.fromCharCode(c.charCodeAt(0) + 64)}`)

describe("tcpdump on files", () => {
  let twin: Twin
  beforeAll(async () => {
    twin = await Twin.create({ topology, html: {} })
    const { root } = twin.kernelOf(WHERE)
    root.mkdir("/tmp/files")
    for (const [name, bytes] of Object.entries(craftedFiles())) root.writeFile(`/tmp/files/${name}`, bytes)
    root.writeFile("/tmp/files/filter", "arp # only these\n")
  })

  test.each(readGolden("test/golden/tcpdump-files.txt"))("$command", async ({ command, code, output }) => {
    const result = await twin.exec(WHERE, `cd /tmp/files; ${command}`)
    const errors = withoutDamagePlace(result.stderr).replace(/^(?=.)/gm, "! ")
    expect(visible(result.stdout) + errors).toBe(output)
    expect(result.code).toBe(code)
  })

  test.each([
    ["cut-60", 40],
    ["cut-500", 436],
    ["cut-3", 0],
    ["text", 0],
    ["ng-cut-100", 56],
    ["ng-trailer", 48],
    ["length-huge", 280],
  ])("%s is damaged at byte %i", async (name, offset) => {
    const { stderr } = await twin.exec(WHERE, `tcpdump -n -r /tmp/files/${name}`)
    expect(stderr).toContain(`tcpdump: (podwire) /tmp/files/${name} is cut off or damaged at byte ${offset}\n`)
  })
})
