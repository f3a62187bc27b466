/** Every figure beside its committed picture (a change shows as a picture's difference; `vitest -u` accepts), and what holds for any data. */

import { readFileSync } from "node:fs"
import fc from "fast-check"
import { parseHTML } from "linkedom"
import { describe, expect, test } from "vitest"
import { isCaptureError, readPcap } from "../../src/capture/pcap.ts"
import { figure } from "../../src/view/figure.ts"
import { headers, headersRows } from "../../src/view/headers.ts"
import { matrix, matrixRows } from "../../src/view/matrix.ts"
import { path, pathRows } from "../../src/view/path.ts"
import { sequence, sequenceRows } from "../../src/view/sequence.ts"
import { table } from "../../src/view/table.ts"
import { topology, topologyRows } from "../../src/view/topology.ts"
import { dissect } from "../../src/wire/dissect.ts"
import { CELLS, EXAMPLES, FETCH, HOPS, NODES, STOPS } from "./examples.ts"

const recorded = readPcap(readFileSync("test/golden/captures/http-wire.pcap"))
if (isCaptureError(recorded)) throw new Error(recorded.message)
const request = recorded.frames
  .map((frame) => dissect(frame.bytes))
  .find((layers) => layers.some((layer) => layer.protocol === "data"))
if (request === undefined) throw new Error("no frame with data in the recording")

const ALL: Readonly<Record<string, () => string>> = {
  ...EXAMPLES,
  "headers-get.svg": () => headers({ label: "The GET request: outer and inner headers", layers: request }),
}

describe("committed pictures", () => {
  test.each(Object.keys(ALL))("%s", async (name) => {
    await expect(`${(ALL[name] as () => string)()}\n`).toMatchFileSnapshot(`../golden/view/${name}`)
  })
})

describe("every picture", () => {
  test.each(Object.keys(ALL))("%s has a name, a description, no script and no address to fetch from", (name) => {
    const { document } = parseHTML(`<body>${(ALL[name] as () => string)()}</body>`)
    const svg = document.querySelector("svg")
    expect(svg?.getAttribute("role")).toBe("img")
    expect(svg?.querySelector("title")?.textContent).toBe(svg?.getAttribute("aria-label"))
    expect(svg?.querySelector("desc")?.textContent?.length).toBeGreaterThan(20)
    expect(svg?.querySelector("script,foreignObject,image,a")).toBeNull()
    expect(svg?.outerHTML).not.toMatch(/NaN|undefined|Infinity|url\(|href=/)
  })

  test("takes any text as text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
        const hostile = `</svg><script>${text}</script>&"'`
        const pictures = [
          topology({
            label: hostile,
            nodes: [
              {
                name: hostile,
                ip: hostile,
                uplink: hostile,
                devices: [hostile],
                pods: [{ name: hostile, ip: hostile }],
              },
            ],
          }),
          path({ label: hostile, hops: [{ node: hostile, device: hostile, action: "sent", detail: hostile }] }),
          matrix({ label: hostile, cells: [{ from: hostile, to: "b", verdict: "allow", reason: hostile }] }),
          sequence({ label: hostile, frames: [{ time: 0, from: hostile, to: "b", label: hostile, verdict: hostile }] }),
          figure(table([{ [hostile]: hostile }], { caption: hostile }), { label: hostile, caption: hostile }),
        ]
        for (const picture of pictures) expect(picture).not.toMatch(/<script/i)
      }),
      { seed: 1, numRuns: 60 },
    )
  })
})

describe("the same as rows, for who cannot see", () => {
  test("topology: a row for each machine and pod", () => {
    expect(topologyRows({ label: "x", nodes: NODES, highlight: STOPS }).length).toBeGreaterThanOrEqual(NODES.length)
  })
  test("path: a row a hop", () => expect(pathRows({ label: "x", hops: HOPS })).toHaveLength(HOPS.length))
  test("matrix: a row a pair", () => {
    const rows = matrixRows({ label: "x", cells: CELLS })
    expect(rows).toHaveLength(CELLS.length)
    expect(rows[1]).toEqual({
      from: "frontend",
      to: "backend",
      verdict: "judged by request",
      before: "allowed",
      reason: "l7-policy-example, ingress[0]",
    })
  })
  test("sequence: a row a frame", () => expect(sequenceRows({ label: "x", frames: FETCH })).toHaveLength(FETCH.length))
  test("headers: every field of every layer", () => {
    const fields = request.reduce((sum, layer) => sum + layer.fields.length, 0)
    expect(headersRows({ label: "x", layers: request }).length).toBeGreaterThanOrEqual(Math.min(fields, 20))
  })
})
